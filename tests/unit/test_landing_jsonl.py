"""JSON lines: every number as it was written, nested objects as dotted columns, bad lines by their number."""

from __future__ import annotations

import gzip
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.errors import DataError
from tests.unit.landing_case import Case, new_case, rows

LINES: dict[str, Any] = {"file": "*.jsonl"}


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return new_case(tmp_path / "w", monkeypatch)


def land(case: Case, text: str, keep: list[str]) -> list[tuple[Any, ...]]:
    case.put("f.jsonl", text)
    batch = case.land(used=keep, **LINES).batches[-1]
    return [batch.columns, *rows(batch)]


def test_numbers_are_as_they_were_written(case: Case) -> None:
    numbers = ["1.10", "-0", "0.1000", "1e3", "-1.5E-10", "123456789012345678901234567890.123456789", "7"]
    found = land(case, "".join(f'{{"a": {number}}}\n' for number in numbers), ["a"])
    assert [row[1] for row in found[1:]] == numbers


def test_nested_objects_lists_and_what_is_missing(case: Case) -> None:
    found = land(
        case,
        '\n{"单号": "A", "买方": {"名称": "甲", "额度": 1.50}, "行": [{"价": 2.00, "量": 1}, "x\\"1.0"]}\r\n  \n'
        '{"买方": {"名称": ""}, "单号": null, "x": true}\n{"x": false, "空": {}}',
        ["单号", "买方.名称", "买方.额度", "行", "x", "空"],
    )
    assert found == [
        ("单号", "买方.名称", "买方.额度", "行", "x", "空"),
        (2, "A", "甲", "1.50", '[{"价":2.00,"量":1},"x\\"1.0"]', None, None),
        (4, None, "", None, None, "true", None),
        (5, None, None, None, None, "false", "{}"),
    ]


def test_a_value_that_is_an_object_only_sometimes_stays_json(case: Case) -> None:
    found = land(case, '{"a": {"b": 1.0}}\n{"a": 2.0}\n{"a": "text"}\n', ["a"])
    assert [row[1] for row in found[1:]] == ['{"b":1.0}', "2.0", "text"]


def test_texts_that_look_like_json_are_left_alone(case: Case) -> None:
    tricky = ['{"a": 1.10}', ": 1.10,", '\\"1.10', "\\", '\\\\": 5', "\x01abc:5", "1.10", "行\n2.0", "😀 1e5", "true"]
    text = "".join(json.dumps({"n": 1, "t": one, "m": 2}, ensure_ascii=False) + "\n" for one in tricky)
    found = land(case, text, ["n", "t", "m"])
    assert [row[1:] for row in found[1:]] == [("1", one, "2") for one in tricky]


def test_random_objects_against_pythons_reader(case: Case) -> None:
    random.seed(11)
    letters = ['"', "\\", "{", "}", "[", ":", ",", "1", ".", "e", "-", "甲", " ", "\n", "\t", "😀", "/"]

    def text() -> str:
        return "".join(random.choices(letters, k=random.randint(0, 12)))

    def number() -> str:
        return str(Decimal(random.randint(-(10**20), 10**20)).scaleb(-random.randint(0, 25)))

    written, wanted = [], []
    for _ in range(3000):
        one, two, three = text(), number(), text()
        if random.random() < 0.1:
            written.append("")
        written.append(
            f'{{"a": {json.dumps(one, ensure_ascii=random.random() < 0.5)},"b":{two} , '
            f'"c": {{"d": {json.dumps(three)}, "e": [{two},{json.dumps(one, ensure_ascii=False)}]}}}}'
        )
        wanted.append((len(written), one, two, three, [Decimal(two), one]))
    found = land(case, "\n".join(written), ["a", "b", "c.d", "c.e"])[1:]
    assert [(*row[:4], json.loads(row[4], parse_float=Decimal, parse_int=Decimal)) for row in found] == wanted


def test_gzip_and_other_encodings(case: Case) -> None:
    case.put("a.jsonl.gz", gzip.compress('{"a": "甲"}\n'.encode("gb18030")))
    batch = case.land(used="a", file="*.jsonl.gz", encoding="gb18030").batches[0]
    assert rows(batch) == [(1, "甲")]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{"a": 1}\n{"a": \n', 2, "line 2 of inbox/crm/f.jsonl is not one JSON object"),
        ('{"a": 1}\n\n[1]\n[2]\n', 3, r"it is a list \(2 such lines\)"),
        ('[\n{"a": 1}\n]\n', 1, "is not one JSON object"),
        ('{"a": 1} {"a": 2}\n', 1, "is not one JSON object"),
        ('{"a": "open}\n{"a": "1.0"}\n', 1, "line 1 "),
        ('{"a": 1, "a": 2}\n', 1, "names a key twice"),
        ('{"b": {"a": 1, "a": 2}}\n', 1, "names a key twice"),
        ('{"a": "\\ud800"}\n', 1, "line 1 "),
        ("\n \n", None, "holds no object"),
        ("", None, "holds no object"),
        ("{}\n", None, "holds no object"),
        ('{"a": 1, "A": 2}\n', 1, "same name"),
    ],
)
def test_what_is_refused(case: Case, text: str, line: int | None, message: str) -> None:
    case.put("f.jsonl", text)
    with pytest.raises(DataError, match=message) as caught:
        case.land(used="a", **LINES)
    assert caught.value.line == line


def test_a_bad_line_is_not_quoted(case: Case) -> None:
    case.put("f.jsonl", '{"a": 13800138000 secret}\n')
    with pytest.raises(DataError) as caught:
        case.land(used="a", **LINES)
    assert "secret" not in str(caught.value)
    assert "13800138000" not in str(caught.value)
