"""Landing once per content: duplicates, changes, crashes, another plan - and never a personal value in clear."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.lib.contract import Label
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing import land as landing_module
from orchestration.lib.landing import matched_files
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.source_files import copy_and_hash
from orchestration.lib.mapping.model import Connection, SourceMapping
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.store import open_vault
from tests.unit.landing_case import KEY, Case, new_case, rows, source_object

PEOPLE = "id,name,phone,note\n1,张伟,+86 138-0013-8000,canary-note\n2,李娜,,\n"
PLAN = {"name": "name", "phone": "phone"}


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return new_case(tmp_path / "w", monkeypatch)


def expected_token(kind: str, normalised: str) -> str:
    """The token by Python's own HMAC, from the key that the inner pad hides."""
    key = bytes(byte ^ 0x36 for byte in VaultKeys.derive(KEY).inner_pad)
    return f"tok_{kind}_" + hmac.new(key, f"{kind}:{normalised}".encode(), hashlib.sha256).hexdigest()[:32]


def state_without_archive(case: Case) -> bytes:
    """Every byte under .triloop but the archive: what a reader, a log or a backup of landing could see."""
    files = [one for one in case.workspace.state_dir.rglob("*") if one.is_file() and "archive" not in one.parts]
    return b"".join(one.read_bytes() for one in files)


def vault_of(case: Case) -> dict[str, str]:
    with open_vault(case.workspace, VaultKeys.derive(KEY)) as vault:
        tokens = [
            expected_token("name", "张伟"),
            expected_token("phone", "13800138000"),
            expected_token("name", "李娜"),
        ]
        tokens.append(expected_token("text", "canary-note"))
        return vault.reveal(tokens)


def test_personal_and_unmapped_values_are_tokens(case: Case) -> None:
    case.put("f.csv", PEOPLE)
    (batch,) = case.land(used=["id", "name", "phone"], personal=PLAN).batches
    name, phone = expected_token("name", "张伟"), expected_token("phone", "13800138000")
    note, other = expected_token("text", "canary-note"), expected_token("name", "李娜")
    # Empty says nothing: NULL, not a token that all who have no phone would share.
    assert rows(batch) == [(2, "1", name, phone, note), (3, "2", other, None, None)]
    assert dict(batch.privacy) == {"name": "name", "phone": "phone", "note": "text"}
    assert vault_of(case) == {name: "张伟", phone: "+86 138-0013-8000", note: "canary-note", other: "李娜"}


def test_no_personal_value_in_clear_outside_the_archive(case: Case) -> None:
    case.put("f.csv", PEOPLE)
    said: list[str] = []
    case.land(said, used=["id", "name", "phone"], personal=PLAN)
    for value in ("张伟", "138-0013-8000", "13800138000", "canary-note", KEY):
        assert value.encode() not in state_without_archive(case)
        assert not any(value in line for line in said)
    assert stat.S_IMODE(case.workspace.vault_file.stat().st_mode) == 0o600
    (original,) = case.workspace.archive_dir.iterdir()
    assert original.read_bytes() == PEOPLE.encode()
    assert (stat.S_IMODE(original.stat().st_mode), stat.S_IMODE(original.parent.stat().st_mode)) == (0o600, 0o700)
    assert list((case.workspace.state_dir / "tmp").iterdir()) == []


def test_keep_lands_in_clear(case: Case) -> None:
    case.put("f.csv", PEOPLE)
    (batch,) = case.land(used=["id", "name", "phone"], personal=PLAN, keep=["note"]).batches
    assert [row[4] for row in rows(batch)] == ["canary-note", ""]


def test_missing_short_and_other_key(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.put("f.csv", PEOPLE)
    monkeypatch.delenv("TRILOOP_VAULT_KEY")
    with pytest.raises(ConfigurationError, match="TRILOOP_VAULT_KEY is not set"):
        case.land(used=["id"])
    monkeypatch.setenv("TRILOOP_VAULT_KEY", "short")
    with pytest.raises(ConfigurationError, match="could be guessed"):
        case.land(used=["id"])
    monkeypatch.setenv("TRILOOP_VAULT_KEY", KEY)
    case.land(used=["id"])
    monkeypatch.setenv("TRILOOP_VAULT_KEY", KEY + "x")
    with pytest.raises(ConfigurationError, match="not the key this vault was made with"):
        case.land(used=["id"])


def test_batch_is_named_by_its_content(case: Case) -> None:
    case.put("f.csv", "a\n1\n")
    (batch,) = case.land(used="a").batches
    sha256 = hashlib.sha256(b"a\n1\n").hexdigest()
    assert batch.sha256 == sha256
    assert batch.ingest_id == f"crm.leads.{sha256[:12]}"
    assert batch.landed_path == case.workspace.landing_dir / "crm/leads" / f"{sha256[:32]}-{batch.privacy_hash}.parquet"
    assert batch.source_file == "inbox/crm/f.csv"


def test_repeat_resend_and_replacement(case: Case) -> None:
    case.put("a.csv", "a\n1\n2\n")
    first = case.land(used="a")
    assert (first.new, first.rows_in) == (1, 2)
    repeat = case.land(used="a")
    assert (repeat.new, repeat.duplicates, repeat.unchanged, repeat.rows_in) == (0, 0, 1, 0)
    case.put("b.csv", "a\n1\n2\n")
    resent = case.land(used="a")
    assert (resent.new, resent.duplicates, len(resent.batches)) == (0, 1, 1)
    assert [one.source_file for one in case.ledger.sightings("crm", "leads")] == ["inbox/crm/a.csv", "inbox/crm/b.csv"]
    case.put("a.csv", "a\n3\n")
    replaced = case.land(used="a")
    assert (replaced.new, replaced.rows_in) == (1, 1)
    assert [(one.sequence, one.row_count) for one in replaced.batches] == [(1, 2), (2, 1)]


def test_an_old_state_that_comes_back_is_the_newest_again(case: Case) -> None:
    for content in ("a\n1\n", "a\n2\n", "a\n1\n"):
        case.put("stock.csv", content)
        result = case.land(used="a", load="snapshot")
    assert [rows(one) for one in result.batches] == [[(2, "2")], [(2, "1")]]
    assert [rows(one) for one in case.land(used="a", load="snapshot").batches] == [[(2, "2")], [(2, "1")]]


def test_dated_snapshots_of_one_object(case: Case) -> None:
    for day, content in enumerate(("a\n1\n", "a\n2\n", "a\n1\n"), start=1):
        case.put(f"stock_{day}.csv", content)
    result = case.land(used="a", load="snapshot", snapshot_per="object")
    assert [rows(one) for one in result.batches] == [[(2, "2")], [(2, "1")]]


def test_parts_are_taken_in_the_order_of_their_numbers(case: Case) -> None:
    for number in (10, 9, 1):
        case.put(f"part{number}.csv", f"a\n{number}\n")
    result = case.land(used="a")
    assert [rows(one)[0][1] for one in result.batches] == ["1", "9", "10"]


def test_untouched_files_are_not_read_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    path = case.put("f.csv", "a\n1\n")
    past = time.time() - 60
    os.utime(path, (past, past))
    monkeypatch.setattr(landing_module, "_CLOCK_TICK", -5.0)  # ctime cannot be set back: take it as long past
    case.land(used="a")
    monkeypatch.setattr(landing_module, "copy_and_hash", lambda *_: pytest.fail("read again"))
    assert case.land(used="a").unchanged == 1


def test_a_file_changed_within_the_clock_tick_is_looked_at_again(case: Case) -> None:
    path = case.put("f.csv", "a\n1\n")
    case.land(used="a")
    state = path.stat()
    path.write_text("a\n2\n")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert case.land(used="a").new == 1


def test_a_file_that_grows_while_it_is_read(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    path = case.put("f.csv", "a\n1\n")
    states = iter(["1", "2"])
    monkeypatch.setattr("orchestration.lib.landing.source_files.file_state", lambda _: next(states))
    with pytest.raises(DataError, match="changed while it was being read"):
        copy_and_hash(path, path.with_suffix(".copy"), "f.csv")


@pytest.mark.parametrize("point", ["INGEST_PARSED", "LOAD_WRITTEN", "LOAD_COMMITTED"])
def test_a_kill_loses_and_doubles_nothing(case: Case, point: str) -> None:
    case.put("f.csv", PEOPLE)
    code = (
        "from pathlib import Path; from orchestration.lib.workspace import Workspace; "
        "from tests.unit.landing_case import Case; "
        f"Case(Workspace(Path({str(case.workspace.root)!r}))).land(used=['id', 'name', 'phone'], personal={PLAN!r})"
    )
    root = Path(__file__).resolve().parents[2]
    died = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env={**os.environ, "TRILOOP_CRASH_POINT": point}, check=False
    )
    assert died.returncode == -signal.SIGKILL
    result = case.land(used=["id", "name", "phone"], personal=PLAN)
    assert len(result.batches) == 1
    assert [row[0] for row in rows(result.batches[0])] == [2, 3]
    assert len(vault_of(case)) == 4
    assert len(list(case.workspace.landing_dir.rglob("*.parquet"))) == 1
    assert list((case.workspace.state_dir / "tmp").iterdir()) == []


def test_another_plan_lands_known_contents_again_from_the_archive(case: Case) -> None:
    path = case.put("f.csv", PEOPLE)
    (clear,) = case.land(used=["id", "name", "phone"], personal=PLAN, keep=["note"]).batches
    path.unlink()
    case.put("g.csv", "id,name,phone,note\n3,王芳,,\n")
    result = case.land(used=["id", "name", "phone"], personal=PLAN)
    assert (result.new, result.relanded) == (1, 1)
    first = result.batches[0]
    assert (first.ingest_id, first.sequence, first.first_seen_at) == (
        clear.ingest_id,
        clear.sequence,
        clear.first_seen_at,
    )
    assert rows(first)[0][4] == expected_token("text", "canary-note")
    # What held the note in clear is gone, and the ledger knows it.
    assert not clear.landed_path.exists()
    assert [one.removed for one in case.ledger.all_batches() if one.privacy_hash == clear.privacy_hash] == [True]
    assert b"canary-note" not in state_without_archive(case)


def test_a_plan_that_protects_less_keeps_the_earlier_file(case: Case) -> None:
    case.put("f.csv", PEOPLE)
    (strict,) = case.land(used=["id", "name", "phone"], personal=PLAN).batches
    before = strict.landed_path.read_bytes()
    (loose,) = case.land(used=["id", "name", "phone"], personal=PLAN, keep=["note"]).batches
    assert loose.landed_path != strict.landed_path
    assert strict.landed_path.read_bytes() == before
    again = case.land(used=["id", "name", "phone"], personal=PLAN)
    assert (again.relanded, again.batches[0].landed_path) == (1, strict.landed_path)
    assert not loose.landed_path.exists()


def test_without_an_original_what_was_landed_is_protected(case: Case) -> None:
    path = case.put("f.csv", PEOPLE)
    (clear,) = case.land(used=["id", "name", "phone"], personal=PLAN, keep=["note"]).batches
    path.unlink()
    next(case.workspace.archive_dir.iterdir()).unlink()
    case.put("g.csv", "id,name,phone,note\n")
    result = case.land(used=["id", "name", "phone"], personal=PLAN)
    assert rows(result.batches[0])[0] == (
        2,
        "1",
        expected_token("name", "张伟"),
        expected_token("phone", "13800138000"),
        expected_token("text", "canary-note"),
    )
    assert not clear.landed_path.exists()
    assert case.land(used=["id", "name", "phone"], personal=PLAN).relanded == 0


def test_a_corrected_encoding_lands_the_file_again(case: Case) -> None:
    case.put("f.csv", "a\n张伟\n".encode("gb18030"))
    case.land(used="a", encoding="latin-1")
    result = case.land(used="a", encoding="gb18030")
    assert (result.relanded, rows(result.batches[0])) == (1, [(2, "张伟")])


def test_many_columns_nobody_named(case: Case) -> None:
    names = [f"c{number}" for number in range(120)]
    case.put("f.csv", ",".join(names) + "\n" + ",".join(f"v{number % 7}" for number in range(120)) + "\n")
    (batch,) = case.land(used=["c0"]).batches
    assert rows(batch)[0][:2] == (2, "v0")
    assert rows(batch)[0][2:9] == tuple(expected_token("text", f"v{number % 7}") for number in range(1, 8))


def test_matched_files_finds_without_complaint(case: Case) -> None:
    obj = source_object(used="a", file="*.csv")
    mapping = SourceMapping(
        source="crm", label=Label(en="x", zh="x"), file=Path("crm.yml"), connection=Connection("files", "inbox/crm"),
        timezone="UTC", references={}, utm_rules=(), objects={"leads": obj},
    )  # fmt: skip
    assert matched_files(case.workspace, mapping, obj) == []
    path = case.put("f.csv", "a\n")
    case.put("~$f.csv", "x")
    case.put(".f.csv", "x")
    assert matched_files(case.workspace, mapping, obj) == [path]


def test_ledger_knows_runs(case: Case) -> None:
    ledger = Ledger(case.workspace)
    ledger.record_run("r1", "cli", "anna", "abc123", "s1")
    ledger.record_run("r2", "schedule", "daemon", "abc123", "s1")
    ledger.finish_run("r1", "succeeded", '{"rows": 3}')
    latest = ledger.runs(limit=5)
    assert [(run.run_id, run.status, run.summary) for run in latest] == [
        ("r2", "started", None),
        ("r1", "succeeded", {"rows": 3}),
    ]
    assert [run.run_id for run in ledger.runs(limit=1)] == ["r2"]
    with pytest.raises(KeyError):
        ledger.finish_run("r9", "failed", "{}")
