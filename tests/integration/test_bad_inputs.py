"""Every bad input of tests/golden/bad through ``triloop ingest``: each row ends where its expectation says.

A folder holds ``inbox/``, ``mapping.yml``, perhaps ``triloop.yml``, and ``expect.json``:

- ``exit``: the exit code;
- ``accounts``: file → [rows in, loaded, quarantined, merged, filtered, unchanged];
- ``held_back``: [rule, row] of each row in quarantine; ``source_rows``: rows that were loaded, as a spreadsheet counts;
- ``rows``: the payments as they must be read, or ``query`` and its ``answer``;
- ``refused``, ``hint``: parts of what is said of a refused file; ``stderr``: of what the command said;
- ``canaries``: personal text of the fixture that may stand in the vault and the archive alone.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.cli.main import invoke
from orchestration.lib.vault.keys import KEY_VARIABLE
from orchestration.lib.workspace import Workspace

BAD = Path(__file__).resolve().parents[1] / "golden" / "bad"
CASES = sorted(folder.name for folder in BAD.iterdir())
PAYMENTS = "select payment_id, paid_on::varchar, amount::varchar, currency, method from canonical.payment order by 1"
FATES = ("rows_in", "loaded", "quarantined", "merged", "filtered", "unchanged")


@pytest.fixture
def root(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the files of the case."""
    monkeypatch.setenv(KEY_VARIABLE, "a-key-for-the-bad-inputs-0123456789abcdef")
    case, made = BAD / request.param, tmp_path / "w"
    (made / "mappings").mkdir(parents=True)
    (made / "triloop.yml").write_text("company: {name: Bad}\n", encoding="utf-8")
    for part in ("triloop.yml", "inbox"):
        if (case / part).is_file():
            shutil.copy(case / part, made / part)
        elif (case / part).is_dir():
            shutil.copytree(case / part, made / part)
    shutil.copy(case / "mapping.yml", made / "mappings" / "s.yml")
    return made


@pytest.mark.parametrize(("root", "name"), [(name, name) for name in CASES], indirect=["root"], ids=CASES)
def test_bad_input(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = json.loads((BAD / name / "expect.json").read_text(encoding="utf-8"))
    code = invoke(["ingest", "--workspace", str(root), "--json"])
    said = capsys.readouterr()
    assert code == expected["exit"], said.err[-3000:]
    assert "Traceback" not in said.err
    if "stderr" in expected:
        assert expected["stderr"] in said.err
        return
    told = json.loads(said.out)
    if "refused" in expected:
        (refusal,) = told["refused"]
        assert expected["refused"] in refusal["error"]
        assert expected["hint"] in refusal["hint"]
        assert told["files"] == []
    else:
        assert told["refused"] == []
        _compare(root, expected, told)
    _no_canary(root, expected.get("canaries", []), said.out + said.err)


def _compare(root: Path, expected: dict[str, Any], told: dict[str, Any]) -> None:
    assert {one["source_file"]: [one[fate] for fate in FATES] for one in told["files"]} == expected["accounts"]
    with duckdb.connect(str(Workspace(root).warehouse_file), read_only=True) as connection:
        held = connection.execute(
            "select rule_id, source_row, reason_en, reason_zh from canonical.quarantine"
        ).fetchall()
        assert sorted([rule, row] for rule, row, *_ in held) == sorted(expected["held_back"])
        assert all(english and chinese for *_, english, chinese in held)
        if "query" in expected:
            found = connection.execute(expected["query"]).fetchall()
            assert [list(row) for row in found] == expected["answer"]
        else:
            found = connection.execute(PAYMENTS).fetchall()
            assert [list(row) for row in found] == expected["rows"]
        if "source_rows" in expected:
            rows = connection.execute("select source_row from canonical.payment order by payment_id").fetchall()
            assert [row for (row,) in rows] == expected["source_rows"]


def _no_canary(root: Path, canaries: list[str], said: str) -> None:
    """Personal text of the fixture is nowhere but in the inbox, the archive of originals and, sealed, the vault."""
    workspace = Workspace(root)
    for canary in canaries:
        assert canary not in said
    if not canaries:
        return
    kept = (workspace.inbox_dir, workspace.archive_dir)
    for file in root.rglob("*"):
        if not file.is_file() or any(file.is_relative_to(place) for place in kept):
            continue
        content = file.read_bytes()
        if file.suffix == ".parquet":
            content += repr(duckdb.sql(f"from read_parquet('{file}')").fetchall()).encode()
        assert not [canary for canary in canaries if canary.encode() in content], file
    with duckdb.connect(str(workspace.warehouse_file), read_only=True) as connection:
        for (table,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'canonical'"
        ).fetchall():
            told = repr(connection.execute(f'from canonical."{table}"').fetchall())
            assert not [canary for canary in canaries if canary in told], table
