"""The invariants on small workspaces: what holds is said to hold, and what was planted is named."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from orchestration.cli.main import main
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.verify import Outcome, Status, verify_workspace
from orchestration.lib.verify.search import Needles
from tests.unit.landing_case import KEY
from tests.unit.test_quarantine import PAYMENTS, PHONE, Place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    monkeypatch.setenv("TRILOOP_VAULT_KEY", KEY)
    made = Place(tmp_path / "w", capsys)
    made.put("pay1.csv", PAYMENTS.format(PHONE))
    made.run()
    return made


def look(place: Place, invariant: str, *canaries: str) -> Outcome:
    (found,) = verify_workspace(place.workspace, only=(invariant,), canaries=canaries)
    return found


def change(place: Place, sql: str) -> None:
    with duckdb.connect(str(place.workspace.warehouse_file)) as connection:
        connection.execute(sql)


def test_a_workspace_that_only_took_data_in(place: Place) -> None:
    found = {one.invariant: one.status for one in verify_workspace(place.workspace)}
    assert [name for name, status in found.items() if status is Status.VIOLATED] == []
    assert {name for name, status in found.items() if status is Status.OK} == {"I1", "I3", "I7", "I8", "I9"}
    assert list(found) == [f"I{number}" for number in range(1, 12)]


def test_released_rows_keep_every_invariant(place: Place) -> None:
    place.command("release", place.row_id(3), "--set", "日=2026-02-28", "--reason", "x")
    place.command("release", place.row_id(4), "--accept", "--reason", "x")
    place.run()
    assert not [one for one in verify_workspace(place.workspace) if one.violations]


PLANTED: dict[str, tuple[str, str, str, int | None]] = {
    "loaded row gone": ("I1", "delete from canonical.payment", "canonical.payment", None),
    "account": ("I1", "update canonical.row_account set loaded = 2", "canonical.row_account", None),
    "value": ("I3", "update canonical.payment set amount = amount + 0.01", "canonical.payment", None),
    "held row gone": ("I7", "delete from canonical.quarantine where source_row = 4", "canonical.payment", 4),
    "held row without a rule": (
        "I7", "update canonical.quarantine set rule_id = null where source_row = 4", "canonical.quarantine", 4,
    ),
    "held row moved": (
        "I7", "update canonical.quarantine set source_row = 2 where source_row = 4", "canonical.quarantine", 2,
    ),
    "loaded and held": (
        "I7", "update canonical.payment set source_row = 3", "canonical.payment", 3,
    ),
    "never landed": ("I7", "update canonical.payment set source_row = 99", "canonical.payment", 99),
}  # fmt: skip


@pytest.mark.parametrize("name", list(PLANTED))
def test_what_was_planted_is_named(place: Place, name: str) -> None:
    invariant, sql, table, row = PLANTED[name]
    change(place, sql)
    found = look(place, invariant)
    assert found.status is Status.VIOLATED
    assert table in [one.table for one in found.violations]
    if invariant != "I3":
        assert "inbox/pay1.csv" in [one.file for one in found.violations]
    assert row is None or row in [one.row for one in found.violations if one.table == table]


def test_a_run_without_an_end(place: Place) -> None:
    ledger = Ledger(place.workspace)
    ledger.record_run("r1", "test", "somebody", "1", "2")
    assert "r1" in look(place, "I8").violations[0].detail.en
    with place.workspace.writer_lock("a run"):
        assert look(place, "I8").status is Status.OK  # it is going on
    ledger.finish_run("r1", "succeeded", "{}")
    found = look(place, "I8")
    assert found.status is Status.OK
    assert "hash chain" in found.notes[0].en


LEAKS: dict[str, Callable[[Place], object]] = {
    "a table": lambda place: change(place, f"create table canonical.x as select '电话{PHONE}!' as t"),
    "a number": lambda place: change(place, f"create table canonical.x as select {PHONE}::bigint as t"),
    "a log": lambda place: (place.workspace.state_dir / "run.log").write_text(f"+86{PHONE}", encoding="utf-8"),
    "JSON": lambda place: (place.workspace.state_dir / "m.json").write_text(json.dumps({"p": PHONE})),
    "the ledger": lambda place: Ledger(place.workspace).record_run("r", f"for {PHONE}", "me", "1", "2"),
}


@pytest.mark.parametrize("where", list(LEAKS))
def test_a_personal_value_outside_the_vault(place: Place, where: str) -> None:
    assert look(place, "I9").status is Status.OK
    LEAKS[where](place)
    found = look(place, "I9")
    assert found.status is Status.VIOLATED
    assert PHONE not in repr(found)


def test_a_name_is_found_as_json_writes_it_and_an_open_word_is_none(place: Place) -> None:
    place.map(
        "source: erp\nconnection: {type: files, path: inbox}\nobjects:\n  payments:\n    file: 'pay*.csv'\n"
        "    load: append\n    keep: [备注]\n    personal: {电话: name}\n    feeds:\n      payment:\n"
        "        columns: {payment_id: 号, paid_on: 日, amount: 额, currency: {value: CNY}, method: 法}\n"
    )
    place.put("pay3.csv", "号,日,额,法,电话,备注\nP7,2026-01-01,1,x,欧阳修文,\nP8,2026-01-01,1,对公转账,对公转账,\n")
    place.run()
    assert look(place, "I9").compared["in clear by the mapping"] == 1  # 对公转账 is a method of payment, too
    assert look(place, "I9").status is Status.OK
    (place.workspace.state_dir / "m.json").write_text(json.dumps({"who": "欧阳修文"}), encoding="ascii")
    assert [one.table for one in look(place, "I9").violations] == ["m.json"]


def test_a_word_of_dbts_own_macros_is_open_where_dbt_writes_and_nowhere_else(place: Place) -> None:
    """``array_cat`` stands in dbt's macros, and so in every manifest; none of our files says ``cat`` as a word."""
    place.put("pay3.csv", "号,日,额,法,电话,其他\nP7,2026-01-01,1,x,,cat\n")
    place.run()
    manifest = place.workspace.dbt_target_dir / "manifest.json"
    manifest.parent.mkdir()
    (macro,) = Path(find_spec("dbt").submodule_search_locations[0]).rglob("array_concat.sql")  # type: ignore[union-attr,index]
    manifest.write_text(json.dumps({"macro_sql": macro.read_text()}), encoding="utf-8")
    found = look(place, "I9")
    assert (found.status, found.compared["words of dbt's own"]) == (Status.OK, 1)
    manifest.write_text(manifest.read_text() + f"{PHONE} cat", encoding="utf-8")
    assert [one.table for one in look(place, "I9").violations] == ["dbt/manifest.json"]
    manifest.unlink()
    change(place, "create table canonical.x as select 'cat' as t")
    assert [one.table for one in look(place, "I9").violations] == ["canonical.x.t"]


def test_a_canary_may_not_even_have_landed(place: Place) -> None:
    assert look(place, "I9", "=1+1x").status is Status.OK
    assert look(place, "I9", "bank").status is Status.VIOLATED  # the method of a payment, in clear in landing


def test_a_personal_column_that_landed_in_clear(place: Place) -> None:
    path = next(place.workspace.landing_dir.rglob("*.parquet"))
    with duckdb.connect() as connection:
        connection.execute(f"create table t as select * replace ('13800138000' as 电话) from read_parquet('{path}')")
        connection.execute(f"copy (select * from t order by _row) to '{path}' (format parquet)")
    found = look(place, "I9").violations[0]
    assert (found.file, found.row) == ("inbox/pay1.csv", 2)


def test_the_command(place: Place) -> None:
    for code, sql in ((0, "select 1"), (1, "delete from canonical.quarantine")):
        change(place, sql)
        with pytest.raises(SystemExit) as stop:
            main(["verify", "--json", "--workspace", str(place.workspace.root)])
        assert stop.value.code == code
        told = json.loads(place.capsys.readouterr().out)
        assert told["ok"] is (code == 0)
        assert len(told["invariants"]) == 11
    with pytest.raises(SystemExit) as stop:
        main(["verify", "--workspace", str(place.workspace.root), "--lang", "zh"])
    said = place.capsys.readouterr().out
    assert "未评估" in said
    assert "I7" in said.splitlines()[-1]


def test_the_search_finds_what_a_plain_search_finds() -> None:
    chance = random.Random(7)
    letters = "ab1张王李 ,-"
    needles = ["".join(chance.choices(letters, k=chance.randint(3, 12))) for _ in range(200)]
    for _ in range(30):
        haystack = "".join(chance.choices(letters, k=3000))
        found = {needle for needle, _ in Needles((one, "") for one in needles).found_in(haystack.encode())}
        assert found == {one for one in needles if len(one.encode()) >= 3 and _stands(one, haystack)}


def _stands(needle: str, haystack: str) -> bool:
    at = haystack.find(needle)
    while at >= 0:
        before, after = haystack[:at][-1:], haystack[at + len(needle) :][:1]
        word = "ab1"
        if not (needle[0] in word and before and before in word) and not (
            needle[-1] in word and after and after in word
        ):
            return True
        at = haystack.find(needle, at + 1)
    return False
