"""An API as a source through ``triloop ingest`` and ``triloop doctor``: rows, faults, and what stands meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.cli.main import invoke
from orchestration.lib.landing import rest_client
from orchestration.lib.vault.keys import KEY_VARIABLE
from orchestration.lib.workspace import Workspace
from tests.rest_api import Api, Asked, Reply, serving

TOKEN = "the-token-of-the-crm"
CANARY = "13812345678"
API = """
source: crm
connection:
  type: rest
  url: "${CRM_URL}/v2"
  auth: {type: bearer, token: "${CRM_TOKEN}"}
  attempts: 2
defaults: {timestamp: ["%Y-%m-%dT%H:%M:%S%z"]}
objects:
  leads:
    request:
      path: /leads
      parameters: {status: open}
      records: data.items
      total: data.total
      pages: {by: token, parameter: cursor, next: data.next}
    load: upsert
    key: [id]
    cursor: {column: updated_at, parameter: updated_since, overlap: 1 hour}
    feeds:
      lead:
        columns: {lead_id: id, created_at: created_at, phone: owner.phone}
  payments:
    request: {path: /payments, records: items}
    load: snapshot
    key: [id]
    feeds:
      payment: {columns: {payment_id: id, paid_on: day, amount: amount, currency: {value: CNY}}}
"""
FILES = """
source: files
connection: {type: files, path: inbox/files}
objects:
  payments:
    file: "*.csv"
    load: append
    feeds:
      payment: {columns: {payment_id: id, paid_on: day, amount: amount, currency: {value: CNY}}}
"""
FATES = ("rows_in", "loaded", "quarantined", "merged", "filtered", "unchanged")


def crm(asked: Asked) -> Any:
    """Three leads on two pages, the third of which has no readable time; two payments, the second with a bad amount."""
    if asked.headers["authorization"] != f"Bearer {TOKEN}":
        return Reply({"message": f"no such token {TOKEN}"}, status=401)
    if asked.path.endswith("/payments"):
        items = '[{"id": 1, "day": "2026-01-01", "amount": 1.10}, {"id": 2, "day": "2026-01-02", "amount": 1e3}]'
        return Reply(f'{{"items": {items}}}')
    leads = [
        {"id": f"L{number}", "created_at": moment, "updated_at": moment, "owner": {"phone": CANARY, "age": 1}}
        for number, moment in enumerate(["2026-01-01T08:00:00+08:00", "2026-01-02T08:00:00Z", "soon"], start=1)
    ]
    if "updated_since" in asked.query:
        return {"data": {"items": [], "total": 0}}
    second = asked.query.get("cursor") == "p2"
    return {"data": {"items": leads[2:] if second else leads[:2], "total": 3, "next": None if second else "p2"}}


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as found:
        found.answer = crm
        yield found


@pytest.fixture
def root(tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "w"
    (made / "mappings").mkdir(parents=True)
    (made / "inbox" / "files").mkdir(parents=True)
    (made / "triloop.yml").write_text("company: {name: Test}\n", encoding="utf-8")
    (made / "mappings" / "crm.yml").write_text(API, encoding="utf-8")
    (made / "mappings" / "files.yml").write_text(FILES, encoding="utf-8")
    (made / "inbox" / "files" / "p.csv").write_text("id,day,amount\n9,2026-01-03,9.90\n", encoding="utf-8")
    monkeypatch.setenv(KEY_VARIABLE, "a-key-for-the-rest-source-0123456789abcdef")
    monkeypatch.setenv("CRM_URL", api.url)
    monkeypatch.setenv("CRM_TOKEN", TOKEN)
    monkeypatch.setattr(rest_client, "_FIRST_WAIT", 0.01)
    return made


def ingest(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    code = invoke(["ingest", "--workspace", str(root), "--json"])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert TOKEN not in said.out + said.err
    assert CANARY not in said.out + said.err
    return code, json.loads(said.out), said.err


def accounts(told: dict[str, Any]) -> dict[str, list[int]]:
    return {one["source_file"]: [one[fate] for fate in FATES] for one in told["files"]}


WHOLE = {
    "${CRM_URL}/v2/leads?status=open": [3, 2, 1, 0, 0, 0],
    "${CRM_URL}/v2/payments": [2, 1, 1, 0, 0, 0],
    "inbox/files/p.csv": [1, 1, 0, 0, 0, 0],
}


def test_rows_are_accounted_for_and_stand_while_the_api_is_away(
    root: Path, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    api.script = [Reply({}, status=429, headers={"Retry-After": "0"}), None, Reply('{"data"', promised=99)]
    code, told, _ = ingest(root, capsys)
    assert (code, told["refused"], accounts(told)) == (0, [], WHOLE)
    workspace = Workspace(root)
    with duckdb.connect(str(workspace.warehouse_file), read_only=True) as connection:
        held = connection.execute(
            "select rule_id, source_file, source_row from canonical.quarantine order by 1, 2"
        ).fetchall()
        assert held == [
            ("cast:created_at", "${CRM_URL}/v2/leads?status=open", 3),
            ("exponent:amount", "${CRM_URL}/v2/payments", 2),
        ]
        amounts = connection.execute("select payment_id, amount::varchar from canonical.payment order by 1").fetchall()
        assert amounts == [("crm:1", "1.10"), ("files:9", "9.90")]
        leads = connection.execute("select lead_id, created_at::varchar from canonical.lead order by 1").fetchall()
        assert leads == [("crm:L1", "2026-01-01 00:00:00"), ("crm:L2", "2026-01-02 08:00:00")]

    code, told, _ = ingest(root, capsys)
    assert (code, accounts(told)) == (0, WHOLE)
    assert api.asked[-2].query == {"status": "open", "updated_since": "2026-01-02T06:59:59Z"}

    api.answer = lambda asked: Reply("<html>serviced</html>", status=503)
    code, told, said = ingest(root, capsys)
    assert (code, told["refused"], accounts(told)) == (0, [], WHOLE)
    assert "STALE: crm.leads, page 1: the API has a fault or is being serviced (status 503) (asked 2 times)" in said
    for file in root.rglob("*"):
        if file.is_file():
            assert TOKEN.encode() not in file.read_bytes(), file
            clear = file.is_relative_to(workspace.archive_dir)
            assert clear or CANARY.encode() not in file.read_bytes(), file


def test_a_refused_login_stops_no_other_source(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "another-token")
    code, told, _ = ingest(root, capsys)
    assert code == 1
    assert [one["error"] for one in told["refused"]] == ["the API of source 'crm' refuses the login (status 401)"] * 2
    assert accounts(told) == {"inbox/files/p.csv": [1, 1, 0, 0, 0, 0]}


def test_doctor_asks_for_one_page(
    root: Path, api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def examined() -> dict[str, Any]:
        invoke(["doctor", "--workspace", str(root), "--json"])
        checks = json.loads(capsys.readouterr().out)["checks"]
        return next(one for one in checks if one["check"] == "source:crm")

    assert examined()["message"] == "the API answers; records on the first page: leads 2, payments 2"
    assert len(api.asked) == 2
    api.script = [Reply({}, status=404)]
    found = examined()
    assert (found["status"], "no such resource (status 404)" in found["message"]) == ("warn", True)
    monkeypatch.setenv("CRM_TOKEN", "another-token")
    assert examined()["status"] == "fail"
