"""Every bad input of tests/golden/bad through ``triloop ingest``: each row ends where its expectation says.

A folder holds ``inbox/``, ``mapping.yml``, perhaps ``triloop.yml``, and ``expect.json``:

- ``accounts``: file → [rows in, loaded, quarantined, merged, filtered, unchanged];
- ``held_back``: [rule, row] of each row in quarantine;
- ``rows``: the payments as they must be read, perhaps with the row as a spreadsheet counts; or ``query`` and its
  ``answer``, with ``{source}`` for the source's name;
- ``refused``: for each refused object, parts of what is said of it and of how to mend it;
- ``canaries``: personal text of the fixture that may stand in the vault and the archive alone;
- ``links``, ``made``: names in the inbox that no repository should hold: where they lead, or what is in them;
- ``exit`` and ``stderr``: where the whole command ends, so and with these words.

What ends by itself is taken in by one command in one workspace, each folder as a source of its own: an ingestion of all
costs hardly more than one of them. What stops the command, or has settings of its own, has a workspace of its own.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from orchestration.cli.main import invoke
from orchestration.lib.vault.keys import KEY_VARIABLE
from orchestration.lib.workspace import Workspace
from tests.conftest import made_once

BAD = Path(__file__).resolve().parents[1] / "golden" / "bad"
EXPECTED: dict[str, dict[str, Any]] = {
    folder.name: json.loads((folder / "expect.json").read_text(encoding="utf-8")) for folder in sorted(BAD.iterdir())
}
ALONE = [name for name, told in EXPECTED.items() if "exit" in told or (BAD / name / "triloop.yml").is_file()]
TOGETHER = [name for name in EXPECTED if name not in ALONE]
FATES = ("rows_in", "loaded", "quarantined", "merged", "filtered", "unchanged")
KEY = "a-key-for-the-bad-inputs-0123456789abcdef"


def source_of(name: str) -> str:
    """The name of the source that a folder becomes."""
    return "b" + name.replace("-", "_")


def put(root: Path, name: str, source: str) -> None:
    """Make a folder the source ``source`` of the workspace, its files in ``inbox/<source>``."""
    case, inbox = BAD / name, root / "inbox" / source
    shutil.copytree(case / "inbox", inbox)
    for link, target in EXPECTED[name].get("links", {}).items():
        (inbox / target).write_text("单号\n", encoding="utf-8")  # outside of the source's folder
        (inbox / link).symlink_to(target)
    for made, text in EXPECTED[name].get("made", {}).items():
        assert not (inbox / made).exists(), "this file system holds no two names that differ in case alone"
        (inbox / made).write_text(text, encoding="utf-8")
    mapping = (case / "mapping.yml").read_text(encoding="utf-8")
    mapping = mapping.replace("source: s\n", f"source: {source}\n", 1).replace("inbox}", f"inbox/{source}}}", 1)
    (root / "mappings" / f"{source}.yml").write_text(mapping, encoding="utf-8")


def ingest(root: Path) -> tuple[int, str, str]:
    """Exit code and what was said."""
    out, err = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, {KEY_VARIABLE: KEY}), redirect_stdout(out), redirect_stderr(err):
        code = invoke(["ingest", "--workspace", str(root), "--json"])
    assert "Traceback" not in err.getvalue()
    return code, out.getvalue(), err.getvalue()


def new_workspace(root: Path) -> None:
    (root / "mappings").mkdir(parents=True)
    (root / "triloop.yml").write_text("company: {name: Bad}\n", encoding="utf-8")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace that took all of them in, and beside it what the command said."""

    def make(root: Path) -> None:
        new_workspace(root)
        for name in TOGETHER:
            put(root, name, source_of(name))
        code, out, err = ingest(root)
        assert code == 1, err[-3000:]  # some are refused, which keeps no other from being taken
        (root / "said.json").write_text(json.dumps({"out": json.loads(out), "err": err}), encoding="utf-8")

    return made_once(tmp_path_factory, "bad-inputs", make)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    new_workspace(tmp_path / "w")
    return tmp_path / "w"


@pytest.mark.parametrize("name", TOGETHER)
def test_bad_input(together: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    compare(together, name, source_of(name), json.loads((together / "said.json").read_text(encoding="utf-8"))["out"])


@pytest.mark.parametrize("name", ALONE)
def test_bad_input_by_itself(root: Path, name: str) -> None:
    put(root, name, "s")
    if (settings := BAD / name / "triloop.yml").is_file():
        shutil.copy(settings, root)
    code, out, err = ingest(root)
    expected = EXPECTED[name]
    if "exit" not in expected:
        assert code == (1 if expected.get("refused") else 0), err[-3000:]
        compare(root, name, "s", json.loads(out))
        return
    assert code == expected["exit"], err[-3000:]
    assert [part for part in expected["stderr"] if part not in err] == [], err
    assert json.loads(err.splitlines()[-1])["fix"] or "keep one of them" in err


def compare(root: Path, name: str, source: str, told: dict[str, Any]) -> None:
    expected = EXPECTED[name]
    refused = {one["object"]: one for one in told["refused"] if one["source"] == source}
    assert sorted(refused) == sorted(one["object"] for one in expected.get("refused", []))
    for one in expected.get("refused", []):
        said = refused[one["object"]]
        assert one["error"] in said["error"]
        assert one["hint"] in said["hint"]
        assert Path(said["file"]).suffix
    found = {
        one["source_file"]: [one[fate] for fate in FATES] for one in told["files"] if one["source_system"] == source
    }
    assert {file.removeprefix(f"inbox/{source}/"): fates for file, fates in found.items()} == expected["accounts"]
    with duckdb.connect(str(Workspace(root).warehouse_file), read_only=True) as connection:
        held = connection.execute(
            "select rule_id, source_row, reason_en, reason_zh from canonical.quarantine where source_system = ?",
            [source],
        ).fetchall()
        assert sorted([rule, row] for rule, row, *_ in held) == sorted(expected["held_back"])
        assert all(english and chinese for *_, english, chinese in held)
        if "query" in expected:
            rows = connection.execute(expected["query"].format(source=source)).fetchall()
            assert json.dumps(rows) == json.dumps(expected["answer"]).replace("{source}", source)
        else:
            assert payments(connection, source, with_row=len((expected["rows"] or [[]])[0]) == 6) == expected["rows"]
        for canary in expected.get("canaries", []):
            _nowhere_in_the_warehouse(connection, canary)
    _nowhere_in_files(root, expected.get("canaries", []))


def payments(connection: duckdb.DuckDBPyConnection, source: str, *, with_row: bool) -> list[list[Any]]:
    """The payments of a source, as texts, without the source in their ids."""
    rows = connection.execute(
        "select substr(payment_id, length(source_system) + 2), paid_on::varchar, amount::varchar, currency, method, "
        "source_row from canonical.payment where source_system = ? order by payment_id",
        [source],
    ).fetchall()
    return [list(row if with_row else row[:-1]) for row in rows]


def _nowhere_in_files(root: Path, canaries: list[str]) -> None:
    """Personal text of the fixture is nowhere but in the inbox, the archive of originals and, sealed, the vault."""
    workspace = Workspace(root)
    kept = (workspace.inbox_dir, workspace.archive_dir)
    for file in root.rglob("*") if canaries else ():
        if not file.is_file() or any(file.is_relative_to(place) for place in kept):
            continue
        content = file.read_bytes()
        if file.suffix == ".parquet":
            content += repr(duckdb.sql(f"from read_parquet('{file}')").fetchall()).encode()
        assert not [canary for canary in canaries if canary.encode() in content], file


def _nowhere_in_the_warehouse(connection: duckdb.DuckDBPyConnection, canary: str) -> None:
    for (table,) in connection.execute(
        "select table_name from information_schema.tables where table_schema = 'canonical'"
    ).fetchall():
        assert canary not in repr(connection.execute(f'from canonical."{table}"').fetchall()), table
