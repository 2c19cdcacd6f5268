"""A mapping edited at random is read or refused with file and line; it is never a fault of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.lib.errors import ConfigurationError, ExitCode
from orchestration.lib.mapping import load_mappings
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import Workspace

GOOD = """\
source: erp
timezone: Asia/Shanghai
connection: {type: files, path: inbox}
defaults: {date: ["%Y-%m-%d"], thousands: ",", signs: [¥]}
references: {campaign: crm}
utm_rules:
  - {utm_source: baidu, channel_id: sem}
objects:
  payments:
    file: "pay*.csv"
    load: upsert
    key: [号]
    renamed: {单号: 号}
    personal: {电话: phone}
    keep: [备注]
    feeds:
      payment:
        drop: [{when: "状态 = '测试'", reason: test}]
        columns:
          payment_id: {from: 号, digits: 6, zero_pad: 6}
          paid_on: {from: 日, formats: ["%Y年%m月%d日"]}
          amount: {from: 额, multiply: 10000, round: half_up}
          currency: {value: CNY}
          method: {from: 法, values: {现金: cash}, otherwise: null}
"""
_SIGNS = ("", " ", "  ", "\n", "\t", ":", "- ", "[", "]", "{", "}", "'", '"', "#", "%", "~", "? ", "((", "---\n", "|\n")
_WORDS = (
    "&a ",
    "*a",
    "<<: *a",
    "!!x ",
    "null",
    "true",
    "expr: ",
    "from: ",
    "value: ",
    "select 1",
    "'; drop table x; --",
)
_VALUES = ("1e999", "0x1", "-1", "1.5", "2026-02-30", "9" * 40, "x" * 300, "\u0000", "\ufeff", "\u2028", "é", "号")
PIECES = st.sampled_from(_SIGNS + _WORDS + _VALUES)
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES)
LINES = st.tuples(st.floats(0, 1), st.sampled_from(["drop", "double", "swap", "indent"]))


def edited(edits: list[tuple[float, int, str]], moves: list[tuple[float, str]]) -> str:
    """The mapping with lines moved about, and stretches of it replaced."""
    lines = GOOD.splitlines(keepends=True)
    for place, how in moves:
        at = int(place * (len(lines) - 1))
        if how == "drop":
            del lines[at]
        elif how == "double":
            lines.insert(at, lines[at])
        elif how == "swap":
            lines[at], lines[-1] = lines[-1], lines[at]
        else:
            lines[at] = "  " + lines[at]
    text = "".join(lines)
    for place, length, piece in edits:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + length :]
    return text


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("w"))
    made.mappings_dir.mkdir()
    return made


def outcome(workspace: Workspace, content: bytes) -> ConfigurationError | None:
    """What is said of a mapping; any other exception is the failure of the test."""
    file = workspace.mappings_dir / "erp.yml"
    file.write_bytes(content)
    error: ConfigurationError | None = None
    try:
        load_mappings(workspace, Settings())
    except ConfigurationError as refusal:
        error = refusal
    if error is not None:
        told = (error.exit_code, Path(str(error.file)).name, bool(error.message))
        assert told == (ExitCode.USAGE, "erp.yml", True)
    return error


def test_the_mapping_itself_is_good(workspace: Workspace) -> None:
    assert outcome(workspace, GOOD.encode()) is None


@given(st.lists(EDIT, max_size=4), st.lists(LINES, max_size=3))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_edit_is_read_or_refused_with_its_line(
    workspace: Workspace, edits: list[tuple[float, int, str]], moves: list[tuple[float, str]]
) -> None:
    text = edited(edits, moves)
    error = outcome(workspace, text.encode("utf-8", "surrogatepass"))
    if error is not None and error.line is not None:  # a control character has no line: the whole file is refused
        assert 1 <= error.line <= text.count("\n") + text.count("\u2028") + 2


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_refused(workspace: Workspace, content: bytes) -> None:
    assert outcome(workspace, content) is not None
