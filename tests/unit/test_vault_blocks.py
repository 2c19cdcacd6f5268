"""Blocks of the vault, vaults of version 1, and tokens against a reader written from the documentation."""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import re
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestration.lib.errors import DataError
from orchestration.lib.vault.blocks import VALUES
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.store import EVERYWHERE, open_vault
from orchestration.lib.vault.tokens import tokens_of
from tests.unit.landing_case import KEY, Case, new_case, rows

KEYS = VaultKeys.derive(KEY)
PHONES = [f"138{number:08d}" for number in range(3 * VALUES + 100)]
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return new_case(tmp_path / "w", monkeypatch)


def version_1(path: Path, values: dict[str, str]) -> None:
    """A vault as version 1 wrote it, with one person forgotten."""
    cipher = AESGCM(KEYS.encryption)
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(
            "create table meta (name text primary key, value text not null) without rowid;"
            "create table value (token text primary key, sealed blob not null) without rowid;"
            "create table forgotten (token text not null, content text not null, forgotten_at text not null, "
            "primary key (token, content)) without rowid;"
        )
        db.executemany("insert into meta values (?, ?)", [("version", "1"), ("key_id", KEYS.key_id)])
        for token, value in values.items():
            nonce = os.urandom(12)
            db.execute(
                "insert into value values (?, ?)",
                (token, nonce + cipher.encrypt(nonce, value.encode(), token.encode())),
            )
        db.execute("insert into forgotten values (?, '*', '2026-01-01T00:00:00Z')", (GONE,))


GONE = tokens_of(KEYS, "phone", ["13911112222"])["13911112222"]


def old_values() -> dict[str, str]:
    names, phones = ["张伟", "李娜", "𠮷野家"], PHONES[:700]
    return {
        token: value
        for kind, several in (("name", names), ("phone", phones), ("text", ["note 1"]))
        for value, token in tokens_of(KEYS, kind, several).items()
    }


def test_a_vault_of_version_1_is_opened_and_put_into_blocks(case: Case) -> None:
    values = old_values()
    path = case.workspace.vault_file
    version_1(path, values)
    with closing(sqlite3.connect(path)) as db:
        before = [sealed for (sealed,) in db.execute("select sealed from value")]
    for _ in range(2):  # the second time there is nothing to do
        with open_vault(case.workspace, KEYS) as vault:
            assert dict(vault.values()) == vault.reveal(values) == values
            assert [value for _, value in vault.texts()] == ["note 1"]
            assert vault.add([(GONE, "13911112222")], content="c").forgotten == 1
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("select value from meta where name = 'version'").fetchone() == ("2",)
        assert not db.execute("select 1 from sqlite_master where name = 'value'").fetchall()
    written = b"".join(one.read_bytes() for one in case.workspace.state_dir.glob("vault.sqlite*"))
    assert not any(sealed in written for sealed in before)  # nor does it stay in pages that are free now


def test_a_vault_of_version_1_with_an_altered_value_stays_as_it_is(case: Case) -> None:
    values = old_values()
    version_1(case.workspace.vault_file, values)
    with closing(sqlite3.connect(case.workspace.vault_file)) as db, db:
        token = max(values)  # the last to be read: what was written before it is undone
        db.execute("update value set sealed = zeroblob(40) where token = ?", (token,))
    with pytest.raises(DataError, match=f"{token} was altered"), open_vault(case.workspace, KEYS):
        pass
    with closing(sqlite3.connect(case.workspace.vault_file)) as db:
        assert db.execute("select count(*) from value").fetchone() == (len(values),)
        assert db.execute("select count(*) from block").fetchone() == (0,)


def test_one_value_of_a_block_is_destroyed_and_the_others_stay(case: Case) -> None:
    tokens = tokens_of(KEYS, "phone", PHONES)
    half, gone = PHONES[: len(PHONES) // 2], PHONES[77]
    with open_vault(case.workspace, KEYS) as vault:
        assert vault.add([(tokens[one], one) for one in half], content="c1").new == len(half)
        assert vault.add([(tokens[one], one) for one in PHONES], content="c2").new == len(PHONES) - len(half)
        assert vault.destroy([tokens[gone]], tombstones=[(tokens[gone], EVERYWHERE)]) == {"phone": 1}
        kept = {token: phone for phone, token in tokens.items() if phone != gone}
        assert dict(vault.values()) == vault.reveal(tokens.values()) == kept
        assert vault.holds(tokens.values()) == set(kept)
        again = vault.add([(tokens[one], one) for one in PHONES], content="c3")
        assert (again.new, again.forgotten) == (0, 1)
        assert vault.destroy(kept, tombstones=[]) == {"phone": len(kept)}
        assert list(vault.values()) == []


def test_long_texts_have_blocks_of_their_own(case: Case) -> None:
    texts = [f"{number}" + "长" * 400_000 for number in range(4)] + ["short", "x" * 3_000_000]
    tokens = tokens_of(KEYS, "text", texts)
    with open_vault(case.workspace, KEYS) as vault:
        vault.add([(token, text) for text, token in tokens.items()], content="c")
        assert dict(vault.texts()) == {token: text for text, token in tokens.items()}
    with closing(sqlite3.connect(case.workspace.vault_file)) as db:
        assert db.execute("select max(length(sealed)) < 3100000, count(*) > 3 from block").fetchone() == (1, 1)


def test_an_altered_block_names_itself_and_leaves_the_others_readable(case: Case) -> None:
    tokens = tokens_of(KEYS, "phone", PHONES)
    with open_vault(case.workspace, KEYS) as vault:
        vault.add([(token, phone) for phone, token in tokens.items()], content="c")
    with closing(sqlite3.connect(case.workspace.vault_file)) as db, db:
        number, digests = db.execute("select id, digests from block order by id limit 1").fetchone()
        db.execute("update block set digests = ? where id = ?", (digests[16:32] + digests[:16] + digests[32:], number))
    ordered = sorted(tokens.values())
    with open_vault(case.workspace, KEYS) as vault:
        assert len(vault.reveal(ordered[VALUES:])) == len(PHONES) - VALUES
        with pytest.raises(DataError, match=f"{ordered[1]} on were altered"):
            vault.reveal(ordered[:1])


def test_of_several_spellings_in_large_files_the_smallest_is_kept(case: Case) -> None:
    """More values than landing hands over at once, each in two spellings and two columns."""
    count = 20_000
    lines = [f"{n},p,+86 138{n:08d},138{n:08d},x" for n in range(count)]
    case.put("a.csv", "id,name,phone,email,amount\n" + "\n".join(lines) + "\n")
    case.land(used=["id", "name", "phone", "email", "amount"], personal={"phone": "phone", "email": "phone"})
    (batch,) = case.ledger.batches("crm", "leads")
    landed = rows(batch)
    assert all(row[3] == row[4] for row in landed)
    with open_vault(case.workspace, KEYS) as vault:
        assert vault.reveal(row[3] for row in landed) == {row[3]: f"+86 138{n:08d}" for n, row in enumerate(landed)}


def documented(kind: str, value: str) -> str | None:
    """The token as docs/explanation/personal-data.md has it."""
    stable = all(ord(one) < 128 or 0x4E00 <= ord(one) <= 0x9FFF for one in value)
    text = (value if stable else INVISIBLE.sub("", unicodedata.normalize("NFKC", value))).strip(
        " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029"
    )
    if kind == "email":
        text = text.lower()
    if kind == "phone":
        digits = re.sub("[^0-9]", "", re.sub(r"\.0+\Z", "", text))
        if len(digits) >= 7 or (len(digits) >= 3 and not re.search(r"[^-0-9+()./*#\t\n\f\r ]", text)):
            text = re.sub(r"\A(?:00)?86([0-9]{11})\Z", r"\1", digits)
    if not text:
        return None
    key = bytes(byte ^ 0x36 for byte in KEYS.inner_pad)
    return f"tok_{kind}_{hmac.new(key, f'{kind}:{text}'.encode(), hashlib.sha256).hexdigest()[:32]}"


@pytest.mark.parametrize("kind", ["name", "phone", "email", "text"])
def test_tokens_are_those_of_a_reader_written_from_the_documentation(kind: str) -> None:
    chance = random.Random(kind)
    parts = [*"0186+-() .#\t\n\x00\x7f", "138", "00138000", "86", "0086", ".0", "１３", "ａ", "A", "z", "@", "é", "伟",
             "鿿", "㐀", "\u3000", "\u00a0", "\u200b", "\ufeff", "\u2028", "𠮷", "ﬁ", "电话",
             "13800138000"]  # fmt: skip
    values = {"".join(chance.choices(parts, k=chance.randint(0, 6))) for _ in range(20_000)}
    found = tokens_of(KEYS, kind, values)
    wrong = {value: found.get(value) for value in values if found.get(value) != documented(kind, value)}
    assert not wrong, list(wrong.items())[:5]
