"""Tokens of personal values: ``tok_<kind>_<32 hex>``, the keyed HMAC-SHA256 of the kind and the normalised value.

Computed in DuckDB over distinct values, so that a million rows cost about a second. The one definition of
normalisation is here; whatever looks a person up goes through the same SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.lib.vault.keys import VaultKeys

KINDS = ("name", "phone", "email", "text")
NORMALISATION = 1  # part of the privacy hash: another way to normalise means other tokens, so landing is redone
TOKEN = re.compile(r"tok_(name|phone|email|text)_[0-9a-f]{32}")

# ASCII and the common Chinese characters are their own NFKC form; everything else is folded by Arrow, apart.
_STABLE = r"[\x00-\x7F\x{4E00}-\x{9FFF}]*"
_PLAIN = r"[\x21-\x7E\x{4E00}-\x{9FFF}]+"  # of these, what has no space at all has none to be trimmed either
_INVISIBLE = r"[\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}]"
_SPACE = " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029"  # NFKC made plain spaces of U+3000, NBSP and their kin


def build_tokens(
    connection: duckdb.DuckDBPyConnection, keys: VaultKeys, *, kind: str, values_sql: str, target: str
) -> None:
    """Make the temporary table ``target(raw VARCHAR, token VARCHAR)``, one row per distinct value.

    Args:
        kind: one of ``KINDS``.
        values_sql: a query of one VARCHAR column named ``raw``; NULLs are left out.
        target: name of the table, also the stem of a helper table that is dropped again.

    A value that is empty once normalised has token NULL: nothing was said, so nothing is to be matched.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of personal value: {kind}")
    connection.execute(
        f"create or replace temp table {target}_raw as select raw, regexp_full_match(raw, '{_PLAIN}') as is_plain "
        f"from (select distinct raw from ({values_sql}) where raw is not null)"
    )
    odd = connection.sql(
        f"select raw from {target}_raw where not is_plain and not regexp_full_match(raw, '{_STABLE}')"
    ).to_arrow_table()
    folded = pc.replace_substring_regex(pc.utf8_normalize(odd["raw"], "NFKC"), _INVISIBLE, "")
    connection.register(f"{target}_odd", pa.table({"raw": odd["raw"], "folded": folded}))
    try:
        connection.execute(
            f"create or replace temp table {target} as with trimmed as (select v.raw, "
            f"case when v.is_plain then v.raw else trim(coalesce(o.folded, v.raw), '{_SPACE}') end as t "
            f"from {target}_raw as v left join {target}_odd as o on v.raw = o.raw), "
            f"normal as ({_normalise_sql(kind)}) "
            f"select raw, case when n <> '' then 'tok_{kind}_' || "
            f"left(sha256($outer_pad::blob || unhex(sha256($inner_pad::blob || encode('{kind}:' || n)))), 32) "
            "end as token from normal",
            {"outer_pad": keys.outer_pad, "inner_pad": keys.inner_pad},
        )
    finally:
        connection.unregister(f"{target}_odd")
    connection.execute(f"drop table {target}_raw")


def _normalise_sql(kind: str) -> str:
    """SQL for ``raw`` and ``n``, the form that is compared, from ``trimmed(raw, t)`` (folded and trimmed)."""
    if kind == "email":
        return "select raw, lower(t) as n from trimmed"
    if kind != "phone":
        return "select raw, t as n from trimmed"
    # 13800138000.0 is a number that a spreadsheet made; +86, 0086 and 86 go only where 11 digits remain. What has too
    # few digits to be a number (无, a chat name with two digits) is compared as it stands, or all of them would match.
    # Most are eleven digits and nothing else; nothing of what follows would change them, and it costs three times more.
    digits = r"regexp_replace(regexp_replace(t, '\.0+$', ''), '[^0-9]', '', 'g')"
    plain = r"(length(d) >= 3 and not regexp_matches(t, '[^-0-9+()./*#\s]'))"
    return (
        f"select raw, case when is_usual then t when length(d) >= 7 or {plain} "
        rf"then regexp_replace(d, '^(?:00)?86([0-9]{{11}})$', '\1') else t end as n "
        f"from (select raw, t, is_usual, case when not is_usual then {digits} end as d "
        "from (select raw, t, regexp_full_match(t, '[0-9]{11}') as is_usual from trimmed))"
    )


def token_of(keys: VaultKeys, kind: str, value: str) -> str | None:
    """The token of one value, None if it says nothing."""
    return tokens_of(keys, kind, [value]).get(value)


def tokens_of(keys: VaultKeys, kind: str, values: Iterable[str]) -> dict[str, str]:
    """Value → token, for a handful of values; empty ones are left out."""
    listed: Any = pa.table({"raw": pa.array(list(values), pa.string())})
    with duckdb.connect() as connection:
        connection.register("asked", listed)
        build_tokens(connection, keys, kind=kind, values_sql="select raw from asked", target="found")
        rows = connection.execute("select raw, token from found where token is not null").fetchall()
    return dict(rows)
