"""Quarantine: rows come back in once, corrected or accepted, and everything about it stays written down."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli.main import main
from orchestration.lib.canonical import build_canonical
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing import land_object
from orchestration.lib.landing.releases import Releases
from orchestration.lib.mapping import load_mappings
from orchestration.lib.quarantine.release import release_rows
from orchestration.lib.quarantine.rows import held_rows
from orchestration.lib.settings import load_settings
from orchestration.lib.spreadsheet_text import neutral
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace
from tests.unit.landing_case import KEY

PHONE = "13912345678"
MAPPING = """\
source: erp
connection: {type: files, path: inbox}
objects:
  payments:
    file: "pay*.csv"
    load: append
    personal: {电话: phone}
    keep: [备注]
    feeds:
      payment:
        columns: {payment_id: 号, paid_on: 日, amount: 额, currency: {value: CNY}, method: 法}
  leads:
    file: "lead*.csv"
    load: upsert
    key: [号]
    feeds:
      lead:
        columns: {lead_id: 号, created_at: {from: 日, formats: ["%Y-%m-%d"]}, phone: 电话, score: 分}
"""
ROWS = "SELECT payment_id, paid_on::VARCHAR, amount::VARCHAR, source_row FROM canonical.payment ORDER BY source_row"
FATES = (
    "SELECT rows_in, loaded, quarantined, merged FROM canonical.row_account WHERE entity = '{}' ORDER BY source_file"
)


class Place:
    """A workspace that is landed and built with one call, and the command on it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        root.mkdir()
        (root / "triloop.yml").write_text("company: {timezone: Asia/Shanghai}\n", encoding="utf-8")
        (root / "mappings").mkdir()
        (root / "inbox").mkdir()
        self.workspace = Workspace(root)
        self.capsys = capsys
        self.map(MAPPING)

    def map(self, text: str) -> None:
        (self.workspace.mappings_dir / "erp.yml").write_text(text, encoding="utf-8")

    def put(self, name: str, text: str) -> None:
        (self.workspace.inbox_dir / name).write_text(text, encoding="utf-8")

    def run(self) -> list[str]:
        settings = load_settings(self.workspace)
        mappings = load_mappings(self.workspace, settings)
        said: list[str] = []
        for mapping in mappings:
            for obj in mapping.objects.values():
                pattern = obj.file or ""
                if any(self.workspace.inbox_dir.glob(pattern)):
                    land_object(self.workspace, settings, mapping, obj)
        build_canonical(self.workspace, settings, mappings, progress=said.append)
        return said

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.workspace, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def command(self, *words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as stop:
            main(["quarantine", *words, "--workspace", str(self.workspace.root), "--lang", "en"])
        told = self.capsys.readouterr()
        assert stop.value.code == code, told.err
        return told.out if code == 0 else told.err

    def ask(self, *words: str) -> Any:
        return json.loads(self.command(*words, "--json"))

    def row_id(self, row: int, file: str = "") -> str:
        rows = [r for r in self.ask("list")["rows"] if r["row"] == row and file in r["file"]]
        assert len(rows) == 1
        return str(rows[0]["quarantine_id"])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    monkeypatch.setenv("TRILOOP_VAULT_KEY", KEY)
    return Place(tmp_path / "w", capsys)


PAYMENTS = (
    "号,日,额,法,电话,备注\nP1,2026-01-31,10.00,bank,,\nP2,2026-02-30,5.00,bank,{0},=1+1\nP3,2026-02-01,1.005,,,\n"
)


def payments(place: Place) -> None:
    place.put("pay1.csv", PAYMENTS.format(PHONE))
    place.run()


def test_a_corrected_row_comes_in_once_and_stays_in(place: Place) -> None:
    payments(place)
    assert place.query(FATES.format("payment")) == [(3, 1, 2, 0)]
    place.command("release", place.row_id(3), "--set", "日=2026-02-28", "--reason", "bank statement")
    assert place.ask("list")["rules"] == [
        {"rule": "cast:paid_on", "state": "released", "rows": 1},
        {"rule": "precision:amount", "state": "held", "rows": 1},
    ]
    for _ in range(2):  # the second run has nothing to do, and the same content under its name changes nothing
        place.run()
        assert place.query(ROWS) == [
            ("erp:P1", "2026-01-31", "10.00", 2),
            ("erp:P2", "2026-02-28", "5.00", 3),
        ]
        assert place.query(FATES.format("payment")) == [(3, 2, 1, 0)]
        place.put("pay1.csv", PAYMENTS.format(PHONE))
    place.put("pay2.csv", PAYMENTS.format(PHONE))  # resent under another name: the same content
    place.run()
    assert len(place.query(ROWS)) == 2
    assert place.query("SELECT source_row, outcome, changed_columns, waived FROM canonical.release") == [
        (3, "loaded", "日", "")
    ]
    assert place.query("SELECT count(*) FROM canonical.payment WHERE source_sha256 IS NOT NULL") == [(2,)]


def test_too_many_decimals_are_rounded_half_up_when_accepted(place: Place) -> None:
    payments(place)
    place.command("release", "--rule", "precision", "--accept", "--reason", "agreed with finance")
    place.run()
    assert place.query(ROWS)[-1] == ("erp:P3", "2026-02-01", "1.01", 4)


def test_revoking_puts_the_row_back(place: Place) -> None:
    payments(place)
    found = place.row_id(4)
    place.command("release", found, "--accept", "--reason", "agreed")
    place.run()
    assert len(place.query(ROWS)) == 2
    assert place.ask("show", found)["state"] == "loaded"
    place.command("revoke", found[:8], "--reason", "not agreed after all")
    place.run()
    assert len(place.query(ROWS)) == 1
    told = place.ask("show", found)
    assert told["state"] == "held"
    assert [one["revoked_because"] for one in told["releases"]] == ["not agreed after all"]
    assert "no release fits" in place.command("revoke", found, "--reason", "again", code=1)


def test_a_release_that_does_not_help_says_so(place: Place) -> None:
    payments(place)
    found = place.row_id(3)
    place.command("release", found, "--set", "日=2026-02-31", "--reason", "typo")
    said = place.run()
    assert any("row 3 is still held back" in one for one in said)
    assert place.ask("show", found)["state"] == "still_bad"
    place.command("release", found, "--set", "日=2026-02-27", "--reason", "typo in the correction")
    place.run()
    assert place.query(ROWS)[1][1] == "2026-02-27"
    told = place.ask("show", found)
    assert [one["revoked_because"] for one in told["releases"]] == ["replaced by a later release", None]
    assert told["raw_row"]["日"] == "2026-02-30"  # as it landed


def test_what_needs_a_value_cannot_be_waived(place: Place) -> None:
    payments(place)
    for words, told in (
        ((place.row_id(3), "--accept", "--reason", "x"), "cannot be waived"),
        ((place.row_id(3), "--set", "曰=1", "--reason", "x"), "has no column '曰'"),
        ((place.row_id(3), "--set", "日=1"), "needs a reason"),
        ((place.row_id(3), "--reason", "x"), "nothing would be different"),
        ((place.row_id(4), "--accept", "--keep-first", "--reason", "x"), "id of another row"),
        (("--reason", "x", "--accept"), "which rows"),
    ):
        code = DataError.exit_code if "waived" in told else ConfigurationError.exit_code
        assert told in place.command("release", *words, code=int(code))
    assert Releases(place.workspace).all() == []


def test_a_personal_value_is_sealed_and_never_in_the_ledger(place: Place) -> None:
    place.put("lead1.csv", "号,日,电话,分\nL1,2026-13-01,,many\n")
    place.run()
    found = place.row_id(2)
    place.command("release", found, "--set", f"电话={PHONE}", "--set", "日=2026-01-01", "--accept", "--reason", "asked")
    place.run()
    ((phone, score),) = place.query("SELECT phone, score FROM canonical.lead")
    assert phone.startswith("tok_phone_")
    assert score is None  # an unreadable value of an optional column became empty
    assert PHONE.encode() not in place.workspace.ledger_file.read_bytes()
    assert PHONE not in place.command("show", found)
    # a later version of the same record goes by the rules of every version
    place.put("lead2.csv", "号,日,电话,分\nL1,2026-01-05,,7\n")
    place.run()
    assert place.query("SELECT created_at::DATE::VARCHAR, score FROM canonical.lead")[0][1] == 7
    assert place.query("SELECT outcome FROM canonical.release") == [("merged",)]


def test_a_release_survives_another_privacy_plan(place: Place) -> None:
    payments(place)
    found = place.row_id(3)
    place.command("release", found, "--set", "日=2026-02-28", "--set", "备注=13700001111", "--reason", "x")
    place.map(MAPPING.replace("keep: [备注]", "keep: []").replace("电话: phone}", "电话: phone, 备注: phone}"))
    place.run()  # landed again: what was clear is a token now, also in the ledger
    assert [row[0] for row in place.query(ROWS)] == ["erp:P1", "erp:P2"]
    (kept,) = Releases(place.workspace).active()
    assert (kept.changes["备注"] or "").startswith("tok_phone_")
    assert kept.quarantine_id == found
    place.map(MAPPING)
    place.run()
    (kept,) = Releases(place.workspace).active()
    assert kept.changes["备注"] == "13700001111"


CONFLICT = "号,日,额,法,电话,备注\nP1,2026-01-01,10,a,,\nP1,2026-01-02,20,b,,\nP1,2026-01-03,30,c,,\n"


@pytest.mark.parametrize(("options", "row", "fates"), [([], 3, (3, 1, 1, 1)), (["--keep-first"], 2, (3, 1, 1, 1))])
def test_of_two_rows_of_one_id_the_released_one_stands(
    place: Place, options: list[str], row: int, fates: tuple[int, ...]
) -> None:
    place.put("pay1.csv", CONFLICT)
    place.run()
    assert place.query(FATES.format("payment")) == [(3, 1, 2, 0)]
    place.command("release", place.row_id(3), "--accept", *options, "--reason", "corrected later")
    place.run()
    assert [one[3] for one in place.query(ROWS)] == [row]
    assert place.query(FATES.format("payment")) == [fates]
    assert [one["row"] for one in place.ask("list")["rows"]] == [4]


def test_the_winner_of_a_conflict_stands_against_resent_rows(place: Place) -> None:
    place.put("pay1.csv", CONFLICT)
    place.run()
    place.command("release", place.row_id(3), "--accept", "--reason", "corrected later")
    place.put("pay2.csv", CONFLICT + "P9,2026-01-03,1,c,,\n")
    place.run()
    assert place.query("SELECT payment_id, amount::VARCHAR FROM canonical.payment ORDER BY 1") == [
        ("erp:P1", "20.00"),
        ("erp:P9", "1.00"),
    ]
    # of the second file the first row is the one that stood before, the second the winner, the third in conflict still
    query = (
        "SELECT rows_in, loaded, quarantined, unchanged FROM canonical.row_account WHERE entity = 'payment' "
        "ORDER BY source_file"
    )
    assert place.query(query) == [(3, 1, 1, 0), (4, 1, 1, 2)]


def test_a_broken_row_is_written_anew(place: Place) -> None:
    place.put("pay1.csv", PAYMENTS.format(PHONE) + f"P4,2026-02-01,4,x,,{PHONE},too,many\n")
    place.run()
    found = place.row_id(5)
    assert place.ask("show", found)["rules"] == ["structure:ragged"]
    assert "cannot be waived" in place.command("release", found, "--accept", "--reason", "x", code=1)
    place.command(
        "release", found, "--set", "号=P4", "--set", "日=2026-02-01", "--set", "额=4", "--reason", "read by hand"
    )
    place.run()
    assert place.query(ROWS)[-1] == ("erp:P4", "2026-02-01", "4.00", 5)


ONCE = "SELECT count(*), count(DISTINCT payment_id), count(DISTINCT (source_sha256, source_row)) FROM canonical.payment"


def test_a_released_row_that_converts_by_itself_later_is_not_doubled(place: Place) -> None:
    payments(place)
    place.command("release", place.row_id(3), "--set", "日=2026-02-28", "--reason", "x")
    place.command("release", place.row_id(4), "--accept", "--reason", "x")
    place.run()
    assert place.query(ONCE) == [(3, 3, 3)]
    text = MAPPING.replace("amount: 额", "amount: {from: 额, round: half_up}")
    for mapping in (text, text.replace("paid_on: 日", "paid_on: {value: 2026-03-01}"), MAPPING):
        place.map(mapping)
        for _ in range(2):
            place.run()
            assert place.query(ONCE) == [(3, 3, 3)]
            assert place.query(FATES.format("payment")) == [(3, 3, 0, 0)]
            assert place.query("SELECT source_row, outcome FROM canonical.release ORDER BY 1") == [
                (3, "loaded"),
                (4, "loaded"),
            ]


def test_a_release_of_a_content_that_was_replaced_waits_and_says_so(place: Place) -> None:
    """The correction was of what stood there: what stands there now is judged by itself."""
    place.map(MAPPING.replace("load: append", "load: snapshot"))
    payments(place)
    place.command("release", place.row_id(3), "--set", "日=2026-02-28", "--reason", "x")
    place.put("pay1.csv", PAYMENTS.format(PHONE).replace("5.00", "6.00"))
    said = place.run()
    assert [one for one in said if "row 3 waits (payment): a later content stands in its place" in one]
    assert [one[0] for one in place.query(ROWS)] == ["erp:P1"]
    assert place.ask("list")["rules"][0] == {"rule": "cast:paid_on", "state": "held", "rows": 1}
    place.put("pay1.csv", PAYMENTS.format(PHONE))  # the content that the release is of comes back
    assert not [one for one in place.run() if "waits" in one]
    assert place.query(ROWS)[1] == ("erp:P2", "2026-02-28", "5.00", 3)


def test_a_release_of_a_feed_that_is_not_mapped_any_more_says_so(place: Place) -> None:
    payments(place)
    place.command("release", place.row_id(3), "--set", "日=2026-02-28", "--reason", "x")
    head, _, rest = MAPPING.partition("  payments:")
    leads = rest[rest.index("  leads:") :]
    place.map(head + leads)
    place.put("lead1.csv", "号,日,电话,分\nL1,2026-01-01,,1\n")
    assert [one for one in place.run() if "row 3 waits (payment): the mapping has no such feed" in one]
    place.map(MAPPING)
    place.run()
    assert place.query(ROWS)[1] == ("erp:P2", "2026-02-28", "5.00", 3)


def test_releases_at_the_same_time_leave_one(place: Place) -> None:
    """Each takes the writer's lock in turn: the last stands, the others are on record as replaced."""
    payments(place)
    (row,) = [one for one in held_rows(place.workspace) if one.source_row == 3]

    def release(day: int) -> None:
        with place.workspace.writer_lock("a test"):
            release_rows(
                place.workspace, [row], changes={"日": f"2026-02-{day}"}, accept=False, reason=f"{day}", user="u"
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(release, range(10, 18)))
    releases = Releases(place.workspace)
    (active,) = releases.active()
    assert len(releases.all()) == 8
    assert {one.revoked_because for one in releases.all()} == {"replaced by a later release", None}
    place.run()
    assert place.query(ROWS)[1] == ("erp:P2", active.changes["日"], "5.00", 3)
    assert place.query(ONCE) == [(2, 2, 2)]


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_the_export_holds_no_personal_value_and_no_formula(place: Place, tmp_path: Path, form: str) -> None:
    payments(place)
    target = tmp_path / f"out.{form}"
    assert place.ask("export", "--out", str(target))["rows"] == 2
    if form == "xlsx":
        from python_calamine import CalamineWorkbook

        rows = CalamineWorkbook.from_path(target).get_sheet_by_index(0).to_python()
    elif form == "csv":
        rows = list[Any](csv.reader(target.open(encoding="utf-8-sig")))
    else:
        rows = [list(json.loads(line).values()) for line in target.open(encoding="utf-8")]
    text = json.dumps(rows, ensure_ascii=False)
    assert PHONE not in text
    assert "tok_" not in text
    assert "[phone]" in text
    if form != "jsonl":
        assert len(rows) == 3
        assert "row / 行号" in rows[0]
        assert not [cell for row in rows for cell in row if str(cell).startswith(("=", "+", "@", "-"))]


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1+1", "-1-x", "@x", "\t=1", "\r=1", "\n=1", "\t1", " =1", "\u3000=1", "\u200b=1", "\u00a0@x"),
        *("＝1", "－1", "-", "+8613912345678901", "-1.2.3", "+1e5"),
    ],
)
def test_formulas_are_neutral(text: str) -> None:
    assert neutral(text) == "'" + text


@pytest.mark.parametrize("value", ["-1", "+1.50", "-12345678901234.5", "12", "a=1", "", None, -1, "100-2", "P-1"])
def test_numbers_and_plain_texts_stay(value: object) -> None:
    assert neutral(value) == value


def test_the_summary_counts_released_rows(place: Place) -> None:
    from orchestration.lib.publish.sources import quarantine_summary
    from orchestration.lib.warehouse import relation_columns

    payments(place)
    place.command("release", place.row_id(4), "--accept", "--reason", "agreed")
    place.run()
    query = quarantine_summary(relation_columns(place.workspace), {})
    assert place.query(f"SELECT rule_id, row_count, released_count, first_row FROM ({query}) ORDER BY 1") == [
        ("cast:paid_on", 1, 0, 3),
        ("precision:amount", 0, 1, 4),
    ]
