"""``triloop profile``: what it prints and writes, and with which exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.cli.main import invoke
from orchestration.lib.mapping import load_mappings
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace

LEADS = ["lead_id,name,phone,created_at,status"] + [
    f"L{number},王{given}梅,1391234{number:04d},2024-01-02 10:00:00,{'新建' if number % 2 else '跟进中'}"
    for number, given in enumerate("小晓雪红春冬秋月玉金")
]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "w"
    (root / "inbox" / "crm").mkdir(parents=True)
    (root / "mappings").mkdir()
    (root / "triloop.yml").write_text(
        "company: {name: Test, currency: EUR, timezone: Europe/Berlin}\n", encoding="utf-8"
    )
    (root / "inbox" / "crm" / "leads.csv").write_text("\n".join(LEADS) + "\n", encoding="utf-8")
    monkeypatch.delenv("TRILOOP_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    return root


def test_the_proposal_is_written_once_and_loads(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(workspace / "inbox" / "crm" / "leads.csv")
    command = ["profile", place, "-w", str(workspace), "--source", "crm", "--write", "--lang", "en"]
    assert invoke(command) == 0
    written = workspace / "mappings" / "crm.yml"
    assert f"written: {written}" in capsys.readouterr().out
    opened = Workspace(workspace)
    (mapping,) = load_mappings(opened, load_settings(opened))
    assert mapping.connection.path == "inbox/crm"
    assert mapping.timezone == "Europe/Berlin"
    (feed,) = mapping.objects["leads"].all_feeds()
    assert feed.columns["status"].values == {"新建": "new", "跟进中": "working"}
    assert mapping.objects["leads"].privacy_plan() == {"name": "name", "phone": "phone"}
    written.write_text("mine", encoding="utf-8")
    assert invoke(command) == 2
    assert "already a mapping" in capsys.readouterr().err
    assert written.read_text(encoding="utf-8") == "mine"
    assert invoke([*command, "--force"]) == 0
    assert written.read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize("options", [["--json"], ["--lang", "en"], ["--lang", "zh"]])
def test_people_are_masked_in_every_output(
    workspace: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert invoke(["profile", str(workspace / "inbox" / "crm"), *options]) == 0
    shown = capsys.readouterr().out
    for line in LEADS[1:]:
        _, name, phone, *_ = line.split(",")
        assert name not in shown
        assert phone not in shown
    assert "139****" in shown
    assert "王*" in shown


def test_json_tells_all(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["profile", str(workspace / "inbox" / "crm" / "leads.csv"), "--json"]) == 0
    (table,) = (told := json.loads(capsys.readouterr().out))["tables"]
    assert (table["entity"], table["rows"], table["keys"][0]) == ("lead", 10, ["lead_id"])
    (feed,) = table["feeds"]
    assert feed["in_mapping"]
    status = next(one for one in feed["columns"] if one["column"] == "status")
    assert status["values"] == {"新建": "new", "跟进中": "working"}
    assert set(status["reasons"][0]) == {"en", "zh"}
    assert table["personal"] == {"name": "name", "phone": "phone"}
    assert told["mapping"].startswith("#")
    assert told["written"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere.csv"], 2, "there is no"),
        (["w/inbox/crm/leads.csv", "--entity", "laed"], 2, "did you mean 'lead'"),
        (["w/inbox/crm/leads.csv", "--table", "leeds"], 2, "did you mean 'leads'"),
        (["w/inbox/crm/leads.csv", "--sheet", "1"], 2, "no sheets"),
        (["w/inbox/crm/leads.csv", "--source", "9x"], 2, "cannot name a source"),
        (["w/inbox/crm/leads.csv", "--write"], 2, "not a triloop workspace"),
        (["w/triloop.yml"], 2, "kind that cannot be read"),
        (["empty.csv"], 1, "empty"),
        (["ragged.csv"], 1, "row 2"),
        (["postgresql://u:secret@127.0.0.1:1/x"], 1, "cannot be reached"),
        (["${NOT_SET_ANYWHERE_URL}"], 2, "NOT_SET_ANYWHERE_URL"),
    ],
)
def test_exit_codes(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    (workspace.parent / "empty.csv").write_text("", encoding="utf-8")
    (workspace.parent / "ragged.csv").write_text("a,b\n3\n", encoding="utf-8")
    assert invoke(["profile", *arguments]) == code
    shown = capsys.readouterr()
    assert told in shown.err
    assert "secret" not in shown.err + shown.out


def test_an_entity_can_be_asked_for(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(workspace / "inbox" / "crm" / "leads.csv")
    assert invoke(["profile", place, "--entity", "contact", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "→ contact (Contact)" in shown
    assert "      contact:" in shown


def test_names_that_look_like_anything_are_masked_once_they_are_a_persons(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = ["Ann Able", "Bob Baker", "Cleo", "DAN", "eve"]
    rows = [f"{number},{name},Acme {number}" for number, name in enumerate(people)]
    (workspace / "inbox" / "contacts.csv").write_text("\n".join(["contact_id,name,company", *rows]), encoding="utf-8")
    for options in (["--json"], ["--lang", "en"]):
        assert invoke(["profile", str(workspace / "inbox" / "contacts.csv"), *options]) == 0
        shown = capsys.readouterr().out
        assert not [name for name in people if name in shown]
        assert "Acme 1" in shown
