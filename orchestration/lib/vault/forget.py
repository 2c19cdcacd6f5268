"""Erasing one person: their values in the vault and the originals that hold them. Landing has tokens only and stays,
so every sum stays too.

Who is the person? The value asked for, under every kind, and what stands on the same landed rows: their other phone,
e-mail, name. A free text on those rows goes too, unless other people's rows carry the same text and it does not mention
the person; a free text anywhere that mentions the phone or e-mail goes as well.
"""

from __future__ import annotations

import getpass
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from unicodedata import normalize

import duckdb

from orchestration.lib.landing.archive import archived, purge
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.model import ROW, Batch
from orchestration.lib.landing.scratch import literal, quoted
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.store import EVERYWHERE, Vault, open_vault
from orchestration.lib.vault.tokens import KINDS, TOKEN, tokens_of
from orchestration.lib.workspace import Workspace

_PHONE_DIGITS = 7  # fewer could be part of any number
_MOBILE_DIGITS = 11  # more begin with the country


@dataclass(frozen=True)
class ForgetPlan:
    """What erasing a person would do. Holds tokens, never values.

    Attributes:
        known: whether the person occurs at all, in the vault or on a landed row.
        values: values to destroy, by kind.
        rows: landed rows the person was found on.
        people: distinct phones, or else e-mails or names, on those rows; more than one: several people may be meant.
        originals: content hashes of archived originals to purge.
        source_files: files at the source (not ours to change) that held the person when they were landed.
    """

    known: bool
    values: Counter[str]
    rows: int
    people: int
    originals: tuple[str, ...]
    source_files: tuple[str, ...]
    tokens: frozenset[str] = frozenset()
    tombstones: frozenset[tuple[str, str]] = frozenset()

    @property
    def nothing_left(self) -> bool:
        """Nothing to destroy: the person is unknown, or was forgotten before."""
        return not self.values and not self.originals


@dataclass(frozen=True)
class ForgetResult:
    """What an erasure did.

    Attributes:
        nothing_left: there was nothing (any more) to destroy.
        known: whether the person occurs at all; known and nothing left means forgotten before.
        values_destroyed: by kind.
        originals_purged: archived files deleted.
        rows: landed rows the person was on; they stay, with tokens nobody can open any more.
        source_files: files at the source that still hold the person and that their owner has to correct.
    """

    nothing_left: bool
    known: bool
    values_destroyed: dict[str, int]
    originals_purged: int
    rows: int
    source_files: tuple[str, ...]


@dataclass
class _Found:
    """Tokens met on landed rows, with the contents they are in."""

    contents: dict[str, set[str]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)  # also on rows of other people
    rows: int = 0

    def note(self, token: str, content: str) -> None:
        self.contents.setdefault(token, set()).add(content)


def plan_forget(workspace: Workspace, value_or_token: str) -> ForgetPlan:
    """Find everything of a person, and change nothing.

    Args:
        value_or_token: a phone, e-mail, name or other personal value in any spelling, or a token.

    Raises:
        ConfigurationError: the vault's key is missing or another one.
    """
    keys = VaultKeys.from_environment()
    with open_vault(workspace, keys) as vault:
        return _plan(Ledger(workspace), vault, keys, workspace, value_or_token.strip())


def forget(workspace: Workspace, value_or_token: str) -> ForgetResult:
    """Erase a person for good. Doing it again is safe, also after a crash in the middle.

    The caller holds the workspace's writer lock.

    Raises:
        ConfigurationError: the vault's key is missing or another one.
    """
    keys = VaultKeys.from_environment()
    ledger = Ledger(workspace)
    with open_vault(workspace, keys) as vault:
        plan = _plan(ledger, vault, keys, workspace, value_or_token.strip())
        # Originals first: some are found only through texts that are still in the vault, and a crash in between must
        # not leave such an original behind with nothing to find it by.
        purged = [sha256 for sha256 in plan.originals if purge(workspace, sha256)]
        destroyed = vault.destroy(plan.tokens, tombstones=plan.tombstones)
    if destroyed or plan.originals:
        ledger.record_erasure(values=destroyed.total(), purged=plan.originals, rows=plan.rows, user=getpass.getuser())
    return ForgetResult(
        nothing_left=not destroyed and not purged,
        known=plan.known,
        values_destroyed=dict(sorted(destroyed.items())),
        originals_purged=len(purged),
        rows=plan.rows,
        source_files=plan.source_files,
    )


def _plan(ledger: Ledger, vault: Vault, keys: VaultKeys, workspace: Workspace, asked: str) -> ForgetPlan:
    seeds = _seeds(keys, asked)
    batches = [batch for batch in ledger.all_batches() if batch.privacy and batch.landed_path.is_file()]
    with duckdb.connect() as connection:
        found = _rows_with(connection, batches, seeds)
        companions = set(found.contents) - seeds
        everywhere = _rows_with(connection, batches, seeds | companions, identities=_identities(companions) | seeds)
    texts = {token for token in companions if token.startswith("tok_text_")}
    opened = vault.reveal(seeds | companions)
    if not TOKEN.fullmatch(asked):
        opened |= dict.fromkeys(seeds, asked)
    names = [value for token, value in opened.items() if token.startswith("tok_name_")]
    reach = [value for token, value in opened.items() if token.split("_")[1] in ("phone", "email")]
    kept_texts = {
        token for token in texts & everywhere.shared if not _mentions(opened.get(token, ""), names=names, reach=reach)
    }
    gone = (seeds | companions) - kept_texts
    gone |= {token for token, text in vault.texts() if _mentions(text, names=[], reach=reach)}
    present = vault.holds(gone)
    contents = set().union(*(everywhere.contents.get(token, set()) for token in gone))
    if gone - seeds - companions:
        with duckdb.connect() as connection:
            mentioned = _rows_with(connection, batches, gone - seeds - companions)
        contents |= {one for token in gone for one in mentioned.contents.get(token, set())}
    found_batches = [batch for batch in batches if batch.sha256 in contents]
    return ForgetPlan(
        known=bool(found.rows or present),
        values=Counter(token.split("_")[1] for token in present),
        rows=found.rows,
        people=next((n for n in (_count(found.contents, kind) for kind in ("phone", "email", "name")) if n), 0),
        originals=tuple(sorted(one for one in contents if archived(workspace, one))),
        source_files=tuple(sorted({batch.source_file for batch in found_batches})),
        tokens=frozenset(gone),
        tombstones=frozenset(_tombstones(gone, seeds, everywhere)),
    )


def _seeds(keys: VaultKeys, asked: str) -> set[str]:
    """The tokens asked for: a token itself, or a value under every kind."""
    if TOKEN.fullmatch(asked):
        return {asked}
    return {token for kind in KINDS for token in tokens_of(keys, kind, [asked]).values()}


def _identities(tokens: Iterable[str]) -> set[str]:
    """Tokens that belong to one person by their nature; a name may be many people's."""
    return {token for token in tokens if token.split("_")[1] in ("phone", "email")}


def _tombstones(gone: set[str], seeds: set[str], everywhere: _Found) -> Iterable[tuple[str, str]]:
    """What must not come back: everything of the person, from any content; a name that other people bear too, only
    from the contents known now - a namesake in next month's file is not this person."""
    for token in gone:
        namesakes = token.startswith("tok_name_") and token in everywhere.shared and token not in seeds
        if namesakes:
            yield from ((token, content) for content in everywhere.contents.get(token, set()))
        else:
            yield token, EVERYWHERE


def _rows_with(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[Batch],
    tokens: set[str],
    identities: set[str] | None = None,
) -> _Found:
    """Every token on the landed rows that carry one of ``tokens``.

    With ``identities``, a token is ``shared`` when it is on a row that carries none of those.
    """
    found = _Found()
    if not tokens:
        return found
    connection.execute("create or replace temp table wanted (token varchar)")
    connection.executemany("insert into wanted values (?)", [[token] for token in sorted(tokens)])
    connection.execute("create or replace temp table identity (token varchar)")
    if identities:
        connection.executemany("insert into identity values (?)", [[token] for token in sorted(identities)])
    for batch in batches:
        columns = ", ".join(quoted(name) for name in batch.privacy)
        source = f"read_parquet({literal(str(batch.landed_path))})"
        carrying = (
            f"(select {ROW}, list_filter([{columns}], lambda t: t is not null) as tokens from {source} "
            f"where {' or '.join(f'{quoted(name)} in (from wanted)' for name in batch.privacy)})"
        )
        rows = connection.execute(
            "with own as (select coalesce(list(token), []) as tokens from identity), "
            f"met as (select unnest(c.tokens) as token, list_has_any(c.tokens, own.tokens) as is_theirs "
            f"from {carrying} as c, own) select token, bool_and(is_theirs) from met group by token"
        ).fetchall()
        for token, only_theirs in rows:
            found.note(token, batch.sha256)
            if not only_theirs:
                found.shared.add(token)
        if rows and batch.is_current:
            (count,) = connection.execute(f"select count(*) from {carrying}").fetchone() or (0,)
            found.rows += count
    return found


def _mentions(text: str, *, names: list[str], reach: list[str]) -> bool:
    """Whether a free text has one of the names in it, or a phone or e-mail in any usual spelling."""
    folded = normalize("NFKC", text).lower()
    if any(name.strip() and normalize("NFKC", name).strip().lower() in folded for name in names):
        return True
    for value in reach:
        plain = re.sub(r"\.0+$", "", normalize("NFKC", value).strip().lower())
        digits = re.sub(r"\D", "", plain)
        if "@" in plain:
            if plain in folded:
                return True
        elif len(digits) >= _PHONE_DIGITS:
            own = digits.removeprefix("00").removeprefix("86") if len(digits) > _MOBILE_DIGITS else digits
            if re.search(r"[\s()./-]*".join(own), folded):
                return True
    return False


def _count(tokens: Iterable[str], kind: str) -> int:
    return sum(token.startswith(f"tok_{kind}_") for token in tokens)
