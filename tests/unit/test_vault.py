"""Tokens, the sealed store, and erasing one person."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestration.cli.main import invoke
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.vault.forget import forget, plan_forget
from orchestration.lib.vault.keys import VaultKeys, generate_key
from orchestration.lib.vault.store import EVERYWHERE, Vault, open_vault
from orchestration.lib.vault.tokens import TOKEN, token_of, tokens_of
from tests.unit.landing_case import KEY, Case, new_case, rows

KEYS = VaultKeys.derive(KEY)
USED = ["id", "name", "phone", "email", "amount"]
PLAN = {"name": "name", "phone": "phone", "email": "email"}
HEADER = "id,name,phone,email,note,amount\n"


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return new_case(tmp_path / "w", monkeypatch)


def land(case: Case) -> None:
    case.land(used=USED, personal=PLAN)


def left(case: Case, **asked: str) -> dict[str, str]:
    """Which of the asked-for values (named by kind) the vault still opens."""
    tokens = {kind: token_of(KEYS, kind, value) or "" for kind, value in asked.items()}
    with open_vault(case.workspace, KEYS) as vault:
        opened = vault.reveal(tokens.values())
    return {kind: opened[token] for kind, token in tokens.items() if token in opened}


def test_token_is_the_hmac_of_kind_and_value() -> None:
    key = bytes(byte ^ 0x36 for byte in KEYS.inner_pad)
    assert key == bytes(byte ^ 0x5C for byte in KEYS.outer_pad)
    want = hmac.new(key, "name:张伟".encode(), hashlib.sha256).hexdigest()[:32]
    assert token_of(KEYS, "name", "张伟") == f"tok_name_{want}"
    assert TOKEN.fullmatch(f"tok_name_{want}")
    assert KEYS.encryption not in (key, key[:32])


@pytest.mark.parametrize(
    ("kind", "same"),
    [
        (
            "phone",
            [
                "13800138000",
                " 138 0013 8000 ",
                "+86 138-0013-8000",
                "(86)13800138000",
                "0086-13800138000",
                "１３８００１３８０００",
                "13800138000.0",
                "\u200b138\u00a00013\u30008000\ufeff",
                "手机13800138000",
            ],
        ),
        ("phone", ["021-65551234", "（021）6555 1234", "+86 021 65551234"]),
        ("email", ["Wei.Zhang@Example.com", " wei.zhang@example.COM\u3000", "ｗei.zhang@example.com"]),
        ("name", ["张伟", "\u3000张伟\u00a0", "张\u200b伟", "张伟\r\n"]),
        ("text", ["ＡＢＣ公司", "ABC公司 "]),
    ],
)
def test_spellings_of_one_value_share_a_token(kind: str, same: list[str]) -> None:
    assert len({token_of(KEYS, kind, one) for one in same}) == 1


@pytest.mark.parametrize(
    ("kind", "different"),
    [
        (
            "phone",
            ["13800138000", "13800138001", "8613800138", "86138001380001", "无", "不详", "wx_12", "wx_21", "95588"],
        ),
        ("name", ["张伟", "张 伟", "張伟", "Zhang", "zhang"]),
        ("email", ["a@b.com", "a@b.co"]),
    ],
)
def test_different_values_do_not(kind: str, different: list[str]) -> None:
    assert len(tokens_of(KEYS, kind, different).values()) == len({*tokens_of(KEYS, kind, different).values()})
    assert len(tokens_of(KEYS, kind, different)) == len(different)


def test_same_value_of_another_kind_or_key_differs_and_empty_is_none() -> None:
    assert len({token_of(KEYS, kind, "13800138000") for kind in ("phone", "text", "name", "email")}) == 4
    assert token_of(VaultKeys.derive(generate_key()), "name", "张伟") != token_of(KEYS, "name", "张伟")
    assert [token_of(KEYS, "phone", one) for one in ("", " \u3000\u200b", "\t\n")] == [None, None, None]


def test_keys_do_not_show_themselves() -> None:
    told = repr(KEYS)
    assert KEY not in told
    assert "pad" not in told
    assert len(generate_key()) >= 43


def add(vault: Vault, **values: str) -> dict[str, str]:
    """Put values in by kind; token of each."""
    tokens = {kind: token_of(KEYS, kind, value) or "" for kind, value in values.items()}
    vault.add([(tokens[kind], value) for kind, value in values.items()], content="c1")
    return tokens


def test_store_seals_reveals_and_destroys(case: Case) -> None:
    with open_vault(case.workspace, KEYS) as vault:
        tokens = add(vault, name="张伟", phone="13800138000")
        assert vault.add([(tokens["name"], "张伟")], content="c2").new == 0
        assert vault.reveal(tokens.values()) == {tokens["name"]: "张伟", tokens["phone"]: "13800138000"}
        assert vault.destroy([tokens["phone"]], tombstones=[(tokens["phone"], EVERYWHERE)]) == {"phone": 1}
        back = vault.add([(tokens["phone"], "13800138000")], content="c3")
        assert (back.new, back.forgotten, vault.holds(tokens.values())) == (0, 1, {tokens["name"]})


def test_store_notices_a_moved_or_altered_value(case: Case) -> None:
    with open_vault(case.workspace, KEYS) as vault:
        tokens = add(vault, name="张伟", text="李娜")
    with closing(sqlite3.connect(case.workspace.vault_file)) as db, db:
        (sealed,) = db.execute("select sealed from block where kind = 'text'").fetchone()
        db.execute("update block set sealed = ? where kind = 'name'", (sealed,))
    with open_vault(case.workspace, KEYS) as vault, pytest.raises(DataError, match="were altered"):
        vault.reveal([tokens["name"]])


def test_another_key_is_refused(case: Case) -> None:
    with open_vault(case.workspace, KEYS):
        pass
    with pytest.raises(ConfigurationError, match="not the key"), open_vault(case.workspace, VaultKeys.derive("x" * 40)):
        pass


def test_forget_takes_the_whole_person_and_leaves_the_rest(case: Case) -> None:
    case.put(
        "a.csv", HEADER + "1,张伟,13800138000,wei@x.cn,call 138 0013 8000,10.50\n2,李娜,13900139000,na@x.cn,VIP,4.25\n"
    )
    case.put("b.csv", HEADER + "3,张伟,+86 13800138000,,VIP,1.00\n")
    case.put("c.csv", HEADER + "4,王芳,13700137000,fang@x.cn,VIP,2.00\n")
    land(case)
    before = [row for batch in case.ledger.batches("crm", "leads") for row in rows(batch)]
    result = forget(case.workspace, "138-0013-8000")
    # One phone, one e-mail, one name, and the note that holds the phone; "VIP" stands on others' rows too and says
    # nothing of this person.
    assert result.values_destroyed == {"email": 1, "name": 1, "phone": 1, "text": 1}
    assert (result.originals_purged, result.rows, result.nothing_left) == (2, 2, False)
    assert result.source_files == ("inbox/crm/a.csv", "inbox/crm/b.csv")
    assert left(case, phone="13800138000", email="wei@x.cn", name="张伟", text="call 138 0013 8000") == {}
    kept = {"phone": "13900139000", "email": "na@x.cn", "name": "李娜", "text": "VIP"}
    assert left(case, **kept) == kept
    assert len(list(case.workspace.archive_dir.iterdir())) == 1
    assert [row for batch in case.ledger.batches("crm", "leads") for row in rows(batch)] == before

    again = forget(case.workspace, "13800138000")
    assert (again.nothing_left, again.known, again.values_destroyed, again.originals_purged) == (True, True, {}, 0)


def test_forget_by_email_name_or_token(case: Case) -> None:
    case.put("a.csv", HEADER + "1,张伟,13800138000,wei@x.cn,,1\n")
    land(case)
    token = token_of(KEYS, "phone", "13800138000") or ""
    plans = [plan_forget(case.workspace, asked) for asked in ("WEI@x.cn ", " 张伟", token, "13800138000")]
    assert {(plan.rows, plan.people, tuple(sorted(plan.values.items()))) for plan in plans} == {
        (1, 1, (("email", 1), ("name", 1), ("phone", 1)))
    }


def test_forget_finds_the_phone_in_texts_of_other_rows(case: Case) -> None:
    case.put("a.csv", HEADER + "1,张伟,13800138000,,,1\n")
    case.put("b.csv", HEADER + "2,李娜,13900139000,,转告张伟 138-0013-8000,1\n")
    land(case)
    result = forget(case.workspace, "13800138000")
    assert result.values_destroyed == {"name": 1, "phone": 1, "text": 1}
    assert result.originals_purged == 2
    assert left(case, phone="13900139000", text="转告张伟 138-0013-8000") == {"phone": "13900139000"}


def test_a_name_of_several_people_says_so(case: Case) -> None:
    case.put("a.csv", HEADER + "1,张伟,13800138000,,,1\n2,张伟,13900139000,,,1\n")
    land(case)
    assert plan_forget(case.workspace, "张伟").people == 2
    assert plan_forget(case.workspace, "13800138000").people == 1


def test_the_forgotten_do_not_come_back_but_a_namesake_may(case: Case) -> None:
    case.put("a.csv", HEADER + "1,张伟,13800138000,,,1\n2,张伟,13900139000,,,1\n")
    land(case)
    forget(case.workspace, "13800138000")
    said: list[str] = []
    case.put("b.csv", HEADER + "5,张伟,13800138000,,new note,7\n")
    result = case.land(said, used=USED, personal=PLAN)
    assert (result.new, result.rows_in) == (1, 1)
    assert left(case, phone="13800138000") == {}
    assert any("holds values of a forgotten person" in line for line in said)
    assert list(case.workspace.archive_dir.iterdir()) == []  # a.csv was purged, b.csv never taken
    case.put("c.csv", HEADER + "6,张伟,13600136000,,,1\n")
    land(case)
    assert left(case, name="张伟", phone="13600136000") == {"name": "张伟", "phone": "13600136000"}
    assert len(list(case.workspace.archive_dir.iterdir())) == 1


def test_no_trace_of_the_sealed_value_stays_in_the_file(case: Case) -> None:
    case.put("a.csv", HEADER + "1,张伟,13800138000,,,1\n")
    land(case)
    with closing(sqlite3.connect(case.workspace.vault_file)) as db:
        (sealed,) = db.execute("select sealed from block where kind = 'phone'").fetchone()
    forget(case.workspace, "13800138000")
    files = case.workspace.state_dir.glob("vault.sqlite*")
    assert not any(sealed in one.read_bytes() for one in files)


def test_command(case: Case, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def triloop_forget(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = invoke(["forget", *arguments, "--workspace", str(case.workspace.root)])
        return code, *capsys.readouterr()

    case.put("a.csv", HEADER + "1,张伟,13800138000,,,1\n")
    land(case)
    code, told, _ = triloop_forget("13800138000", "--lang", "en", typed="n\n")
    assert code == 0
    assert "found on 1 landed rows: 1 names, 1 phones" in told
    assert "nothing was changed" in told
    assert left(case, phone="13800138000") == {"phone": "13800138000"}
    assert triloop_forget("13800138000", "--json")[0] == 2  # JSON is for programs: nobody to ask
    code, told, _ = triloop_forget("-", "--json", "--yes", typed="13800138000\n")
    assert (code, json.loads(told)) == (
        0,
        {
            "nothing_left": False,
            "values_destroyed": {"name": 1, "phone": 1},
            "originals_purged": 1,
            "rows": 1,
            "source_files": ["inbox/crm/a.csv"],
        },
    )
    code, told, _ = triloop_forget("13800138000", "--yes", "--lang", "zh")
    assert code == 0
    assert "先前已被遗忘" in told
    assert triloop_forget("13999999999", "--yes")[0] == 1
