"""Which columns hold tokens in landing, and how their values get into the vault."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb

from orchestration.lib.landing.model import ADDED, RAW, ROW
from orchestration.lib.landing.scratch import quoted
from orchestration.lib.vault.blocks import sorted_runs
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.store import Added, Vault
from orchestration.lib.vault.tokens import NORMALISATION, build_tokens

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceObject

_AT_ONCE = 16_384
_JOINS = 16


def effective_plan(obj: SourceObject, columns: tuple[str, ...]) -> dict[str, str]:
    """Raw column → kind, for the columns of one content that must not land in clear.

    Those the mapping calls personal; and as ``text`` each one it neither uses nor keeps, because nobody has said what
    is in it.
    """
    declared = obj.privacy_plan()
    known = obj.raw_columns_used() | set(obj.key) | set(obj.keep)
    plan: dict[str, str] = {}
    for name in columns:
        if name in declared:
            plan[name] = declared[name]
        elif name not in known:
            plan[name] = "text"
    return plan


def landing_hash(plan: Mapping[str, str], keys: VaultKeys, layout: Sequence[str]) -> str:
    """Eight characters that change when the landed file would: other columns or kinds to protect, another vault key or
    way to normalise, and for text files (``layout``) another encoding, separator or quote."""
    told = json.dumps([sorted(plan.items()), keys.key_id, NORMALISATION, list(layout)], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def seal_values(
    connection: duckdb.DuckDBPyConnection,
    vault: Vault,
    keys: VaultKeys,
    *,
    table: str,
    plan: Mapping[str, str],
    content: str,
) -> Added:
    """Make a token table ``token_<n>`` per planned column of ``table``, and put the values into the vault."""
    kinds: dict[str, list[str]] = {}
    for number, (name, kind) in enumerate(plan.items()):
        values = f"select cast({quoted(name)} as varchar) as raw from {table}"
        build_tokens(connection, keys, kind=kind, values_sql=values, target=f"token_{number}")
        kinds.setdefault(kind, []).append(f"select token, raw from token_{number} where token is not null")
    added = Added()
    for kind, several in sorted(kinds.items()):
        # Sorted, so that neighbours are sealed together and of several spellings of a value the smallest comes first.
        pairs = connection.sql(f"select token, raw from ({' union all '.join(several)}) order by token, raw")
        added += vault.add_runs(kind, sorted_runs(pairs.to_arrow_reader(_AT_ONCE)), content=content)
    return added


def tokenised_select(
    connection: duckdb.DuckDBPyConnection, *, table: str, columns: tuple[str, ...], plan: Mapping[str, str]
) -> str:
    """SQL for all columns, the planned ones as tokens, and those that landing adds, in row order.

    :func:`seal_values` came first.

    Planning many joins at once costs with the cube of their number (400 columns: minutes), so beyond a few the tokens
    are first put beside ``_row`` in tables of some columns each.
    """
    numbers = {name: number for number, name in enumerate(plan)}
    there = {row[0] for row in connection.execute(f"describe {table}").fetchall()}
    added = ", ".join(f"r.{name}" for name in ADDED if name in there and name not in plan)
    columns = (*columns, *(name for name in (RAW,) if name in plan))
    if not plan:
        return f"select {added}, {', '.join(quoted(name) for name in columns)} from {table} as r"
    names = list(plan)
    groups = [names[start : start + _JOINS] for start in range(0, len(names), _JOINS)]
    if len(groups) == 1:
        source, held = (
            f"{table} as r {_joins(names, numbers)}",
            {name: f"token_{numbers[name]}.token" for name in names},
        )
    else:
        source, held = f"{table} as r", {}
        for index, group in enumerate(groups):
            tokens = ", ".join(f"token_{numbers[name]}.token as t{numbers[name]}" for name in group)
            connection.execute(
                f"create temp table beside_{index} as select r.{ROW}, {tokens} "
                f"from {table} as r {_joins(group, numbers)}"
            )
            source += f" join beside_{index} on r.{ROW} = beside_{index}.{ROW}"
            held |= {name: f"beside_{index}.t{numbers[name]}" for name in group}
    picked = [f"{held[name]} as {quoted(name)}" if name in held else f"r.{quoted(name)}" for name in columns]
    # A parallel join gives rows in any order: the order of the source is put back on purpose.
    return f"select {added}, {', '.join(picked)} from {source} order by r.{ROW}"


def _joins(names: Sequence[str], numbers: Mapping[str, int]) -> str:
    return " ".join(
        f"left join token_{numbers[name]} on cast(r.{quoted(name)} as varchar) = token_{numbers[name]}.raw"
        for name in names
    )
