"""``triloop query`` reads a snapshot and can do nothing else; ``triloop snapshots`` lists what there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.cli.main import invoke
from tests.unit.snapshot_fixture import change, make_workspace, publish


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = make_workspace(tmp_path_factory.mktemp("workspace"))
    publish(workspace)
    return workspace.root


def published(root: Path) -> list[tuple[Path, int]]:
    return sorted((path, path.stat().st_mtime_ns) for path in (root / ".triloop" / "published").rglob("*"))


def run(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> tuple[int, str, str]:
    code = invoke([*words, "--workspace", str(root), "--lang", "en"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_decimals_stay_exact_and_nothing_is_null(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    sql = "select sum(amount) as s, null as gap, 0.10::decimal(9,2) as d from cost_allocation"
    _, out, _ = run(capsys, root, "query", sql, "--json")
    assert json.loads(out) == [{"s": "150.00", "gap": None, "d": "0.10"}]
    _, out, _ = run(capsys, root, "query", sql)
    assert out.splitlines()[2].split() == ["150.00", "–", "0.10"]


def test_columns_of_one_name_are_all_kept(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "query", "select 1 as a, 2 as a", "--json")
    assert json.loads(out) == [{"a": 1, "a_2": 2}]


def test_csv_defuses_formulas_and_keeps_negative_numbers(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "query", "select '=1+1' as a, -5 as b, '@x' as c", "--format", "csv")
    assert out == "a,b,c\n'=1+1,-5,'@x\n"


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "query", "select 'a' || chr(27) || '[31m' as t")
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("copy order_facts to '/tmp/x.csv'", "only one SELECT"),
        ("drop view order_facts", "only one SELECT"),
        ("create table t as select 1", "only one SELECT"),
        ("attach '/tmp/x.db'", "only one SELECT"),
        ("set threads = 1", "only one SELECT"),
        ("pragma version", "only one SELECT"),
        ("call pragma_version()", "only one SELECT"),
        ("explain analyze select 1", "only one SELECT"),
        ("select 1; select 2", "only one SELECT"),
        ("", "there is no SQL"),
        ("select * from read_text('/etc/hostname')", "sees the snapshot's tables and nothing else"),
        ("from read_csv('/etc/hostname')", "sees the snapshot's tables and nothing else"),
        ("select * from glob('/*')", "sees the snapshot's tables and nothing else"),
        ("with gone as (delete from order_facts returning 1) select * from gone", ""),
        ("selec 1", "syntax error"),
        ("select nope from order_facts", "nope"),
        ("from order_fact", "order_fact does not exist"),
        ("select 1/", "syntax error"),
    ],
)
def test_anything_but_one_reading_select_is_refused(
    capsys: pytest.CaptureFixture[str], root: Path, sql: str, message: str
) -> None:
    before = published(root)
    code, out, err = run(capsys, root, "query", sql)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) <= 4
    assert published(root) == before


def test_nearest_and_absent_tables_are_named(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, _, err = run(capsys, root, "query", "from order_fact")
    assert "did you mean 'order_facts'?" in err
    _, _, err = run(capsys, root, "query", "from lot_facts")
    assert "the data do not carry what marts.lot_facts needs" in err


def test_json_errors_are_json(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    code, out, err = run(capsys, root, "query", "from order_fact", "--json")
    told = json.loads(err)
    assert (code, out, told["exit_code"], told["error"]) == (2, "", 2, "ConfigurationError")
    assert told["fix"] == "did you mean 'order_facts'?"


def test_a_damaged_file_is_a_fault_of_the_data(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = publish(make_workspace(tmp_path)).path / "tables" / "order_facts.parquet"
    file.chmod(0o644)
    file.write_bytes(b"PAR1 this is no parquet PAR1")
    code, _, err = run(capsys, tmp_path, "query", "select 1")
    assert code == 1
    assert "is damaged: order_facts" in err


def test_snapshots_are_listed_newest_first(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    code, out, _ = run(capsys, tmp_path, "snapshots")
    assert (code, out) == (0, "Nothing has been published yet; run: triloop run\n")
    first = publish(workspace).snapshot_id
    change(workspace, "update attribution.cost_allocation set amount = 1")
    second = publish(workspace).snapshot_id
    code, out, _ = run(capsys, tmp_path, "snapshots", "--json", "--verify")
    rows = json.loads(out)
    assert code == 0
    assert [(row["snapshot_id"], row["is_current"]) for row in rows] == [(second, True), (first, False)]
    assert rows[0]["gates"] == {"metrics": "warned", "staging": "passed"}
    assert rows[0]["rows"] == 39
    file = workspace.published_dir / first / "tables" / "order_facts.parquet"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b" ")
    code, out, err = run(capsys, tmp_path, "snapshots", "--verify")
    assert code == 1
    assert "damaged: order_facts" in out
    assert first in err


@pytest.mark.parametrize(
    ("sql", "extension"),
    [("select * from sqlite_scan('vault.sqlite', 'x')", "sqlite_scanner"), ("select st_point(1, 2)", "spatial")],
)
def test_what_would_need_an_extension_is_told_without_paths(
    capsys: pytest.CaptureFixture[str], root: Path, sql: str, extension: str
) -> None:
    code, _, err = run(capsys, root, "query", sql)
    assert code == 2
    assert f"extension '{extension}'" in err
    assert ".duckdb" not in err
    assert "fix" in err
