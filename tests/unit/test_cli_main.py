"""The command itself: fast, lazy, and every error one screen with an exit code that means something."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli import main as cli
from orchestration.cli.text import TEXT, choose_language
from orchestration.lib.errors import DataError, GateRefusedError
from orchestration.lib.workspace import PROJECT_ROOT

HEAVY = ("dagster", "dbt", "great_expectations", "metricflow", "pandas", "pyarrow", "duckdb", "sqlglot")


@pytest.mark.parametrize("words", [["--help"], ["metrics", "--help"], ["query", "--help"], ["trace", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    script = (
        "import sys; from orchestration.cli.main import invoke; code = invoke(sys.argv[1:]); "
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT
    )
    assert done.stdout.splitlines()[-1] == "HEAVY [] 0"


def test_help_names_every_command_in_the_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRILOOP_LANG", "zh")
    assert cli.invoke(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in cli.COMMANDS)
    assert "列出已发布快照" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["snapshot"], "there is no command 'snapshot'\n  fix  did you mean 'snapshots'?"),
        (["metrics", "--bad"], "No such option: --bad"),
        (["query"], "Missing argument"),
        (["metrics", "--format", "xml"], "'xml' is not one of"),
    ],
)
def test_wrong_usage_is_code_2(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert cli.invoke(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke([]) == 0
    captured = capsys.readouterr()
    assert "snapshots" in captured.out
    assert captured.err == ""


def test_a_folder_that_is_no_workspace(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.invoke(["metrics", "-w", str(tmp_path)]) == 2
    assert "triloop init" in capsys.readouterr().err


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def load(_name: str) -> Any:
        raise error

    monkeypatch.setattr(cli, "load", load)


def test_an_error_of_ours_is_three_lines_with_its_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(monkeypatch, DataError("row is bad", file="inbox/a.csv", line=7, hint="mend it"))
    assert cli.invoke(["metrics"]) == 1
    assert capsys.readouterr().err == "✗ row is bad\n  at   inbox/a.csv:7\n  fix  mend it\n"
    raising(monkeypatch, GateRefusedError("no"))
    assert cli.invoke(["metrics", "--json"]) == 1
    assert json.loads(capsys.readouterr().err)["error"] == "GateRefusedError"


def test_an_unexpected_error_is_short_and_names_its_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".triloop").mkdir()
    monkeypatch.setenv("TRILOOP_WORKSPACE", str(tmp_path))
    raising(monkeypatch, ZeroDivisionError("deep inside\nand long"))
    assert cli.invoke(["metrics"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("✗ ZeroDivisionError: deep inside\n")
    assert "Traceback" not in err
    log = Path(re.search(r"at   (\S+)", err)[1])  # type: ignore[index]
    assert log.parent == tmp_path / ".triloop" / "logs"
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_ctrl_c_is_130(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    assert cli.invoke(["metrics"]) == 130


def test_a_pipe_that_closes_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m orchestration.cli.main --help | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False, cwd=PROJECT_ROOT
    )
    assert done.stderr == ""


def test_every_text_is_there_in_both_languages() -> None:
    assert all(english and chinese for english, chinese in TEXT.values())
    for english, chinese in TEXT.values():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese))


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN", "TRILOOP_LANG": "en"}, "en"),
        ({}, "en"),
    ],
)
def test_language(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str) -> None:
    for name in ("TRILOOP_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choose_language(None) == language
    assert choose_language("zh") == "zh"


def test_the_reference_names_every_command_and_option_of_the_readers() -> None:
    page = (PROJECT_ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for name in cli.COMMANDS:
        assert f"`triloop {name}" in page
    for name in ("metrics", "query", "trace", "snapshots"):
        for parameter in cli.load(name).params:
            for option in (word for word in parameter.opts if word.startswith("--")):
                assert option in page, f"{name} {option}"
