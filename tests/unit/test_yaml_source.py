"""What the YAML reader takes, what it refuses, and the line it names."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.yaml_source import InvalidDocumentError, Problem, load_yaml, parse_yaml, validate

FILE = Path("some.yml")


def test_scalars_keep_what_was_written() -> None:
    document = parse_yaml(
        "a: 12\nb: 1.50\nc: 0101\nd: 2026-01-31\ne: yes\nf: true\ng: ~\nh: '12'\n"
        "是: 2026-01-31T08:00\n1: x\n-3: -0.5\n",
        FILE,
    )
    assert document.data == {
        "a": 12,
        "b": Decimal("1.50"),
        "c": "0101",
        "d": date(2026, 1, 31),
        "e": "yes",
        "f": True,
        "g": None,
        "h": "12",
        "是": "2026-01-31T08:00",
        "1": "x",
        "-3": Decimal("-0.5"),
    }
    assert str(document.data["b"]) == "1.50"


def test_each_path_knows_its_line() -> None:
    document = parse_yaml("a:\n  b:\n    - x\n    - y: 1\n\nc: 2\n", FILE)
    assert document.line_of(("a",)) == 1
    assert document.line_of(("a", "b", 1, "y")) == 4
    assert document.line_of(("c",)) == 6
    # what is not in the file is where its nearest ancestor is
    assert document.line_of(("a", "b", 9, "z")) == 2
    assert document.line_of(("nowhere",)) == 1


def test_empty_file_is_an_empty_mapping() -> None:
    assert parse_yaml("# only a comment\n", FILE).data == {}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' occurs twice (first on line 1)"),
        ("a:\n  b: !!python/object/apply:os.system [ls]\n", 2, "tag '!!python/object/apply:os.system'"),
        ("a: !secret x\n", 1, "tag '!secret'"),
        ("a: 1\nb: {<<: {c: 1}}\n", 2, "merge keys"),
        ("a: &x [*x]\n", 1, "nested more than"),
        ("a:\n\tb: 1\n", 2, "cannot start any token"),
        ("a: 1\n---\nb: 1\n", 2, "another document"),
        ("- a\n", 1, "top level"),
        ("a: *csv\n", 1, "undefined alias"),
        ("a: *.csv\n", 1, "alphabetic or numeric"),
        ("x: 1\na: 2026-02-30\n", 2, "not a day of the calendar"),
        ("a: .nan\n", 1, "not a number that can be used"),
        ("? [a]\n: 1\n", 1, "key must be plain text"),
        ("? \n: 1\n", 1, "without a key"),
    ],
)
def test_refuses_with_the_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml(text, FILE)
    assert words in caught.value.message
    assert caught.value.line == line
    assert caught.value.file == "some.yml"


def test_refuses_an_alias_bomb() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ConfigurationError, match="aliases are expanded"):
        parse_yaml("\n".join(levels), FILE)


def test_a_plain_alias_is_fine() -> None:
    assert parse_yaml("a: &x [1]\nb: *x\n", FILE).data == {"a": [1], "b": [1]}


def test_deep_nesting_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(ConfigurationError, match="nested"):
        parse_yaml("[" * 5000, FILE)


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "gbk.yml"
    file.write_bytes("a: 1\nb: 公司\n".encode("gb18030"))
    with pytest.raises(ConfigurationError) as caught:
        load_yaml(file)
    assert caught.value.line == 2
    assert "UTF-8" in str(caught.value.hint)


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    file = tmp_path / "bom.yml"
    file.write_bytes("名称: 甲\n".encode("utf-8-sig"))
    assert load_yaml(file).data == {"名称": "甲"}


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read none\.yml"):
        load_yaml(tmp_path / "none.yml")


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = 0
    kind: Literal["big", "small"] = "big"


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    inner: dict[str, Inner | str] = {}
    items: list[Inner] = []


def test_problems_name_line_key_and_nearest() -> None:
    document = parse_yaml(
        "nme: x\ninner:\n  one:\n    cuont: 1\n  two: plain\nitems:\n  - kind: smal\n  - count: many\n", FILE
    )
    with pytest.raises(InvalidDocumentError) as caught:
        validate(Outer, document)
    told = {(problem.message, document.line_of(problem.path)): problem.hint for problem in caught.value.problems}
    assert told == {
        ("the file needs the key 'name'", 1): "add 'name: ...'",
        ("unknown key 'nme'", 1): "did you mean 'name'?",
        ("unknown key 'cuont' in inner.one", 4): "did you mean 'count'?",
        ("items[1].kind: 'smal' is not one of the allowed values", 7): "did you mean 'small'? (allowed: big, small)",
        ("items[2].count: must be a whole number, not 'many'", 8): "write a whole number",
    }
    assert "some.yml:8" in str(caught.value)


def test_one_problem_reads_like_any_other_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        validate(Outer, parse_yaml("name: x\nitem: []\n", FILE))
    assert str(caught.value) == "unknown key 'item'\n  at   some.yml:2\n  fix  did you mean 'items'?"


def test_a_part_of_a_document_can_be_validated() -> None:
    document = parse_yaml("a:\n  b:\n    count: x\n", FILE)
    with pytest.raises(ConfigurationError) as caught:
        validate(Inner, document, ("a", "b"))
    assert caught.value.message.startswith("a.b.count:")
    assert caught.value.line == 3


def test_own_problems_are_told_in_the_order_of_the_file() -> None:
    document = parse_yaml("a: 1\nb: 2\n", FILE)
    error = document.error([Problem(("b",), "second"), Problem(("a",), "first", "mend it")])
    assert [problem.message for problem in error.problems] == ["first", "second"]
    assert error.line == 1


def test_a_glob_without_quotes_is_told_to_be_quoted() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml("file: *.csv\n", FILE)
    assert caught.value.hint == "put values that start with '*' in quotes"
