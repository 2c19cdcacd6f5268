"""Marking the rows that only sum up others, such as 合计 at the foot of a ledger."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.lib.landing.model import TOTAL_ROW
from orchestration.lib.landing.scratch import literal, quoted

_BLANKS = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b\u200c\u200d\u2060"
_IGNORED = rf"[{_BLANKS}:：]"  # 合 计： is written for 合计


def mark_totals(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[str], totals: Sequence[str], *, into: str
) -> None:
    """Make the temporary view ``into``: ``rows``, and where total rows are looked for, which of them are such.

    A total row is one whose first filled cell is one of ``totals``; blanks, colons and capitals do not count. It is
    found here and not by the mapping, because the cell may be in a column that lands as tokens.
    """
    if not totals:
        connection.execute(f"create temp view {into} as select * from {rows}")
        return
    cells = ", ".join(f"nullif(trim({quoted(name)}, {literal(_BLANKS)}), '')" for name in columns)
    first = f"lower(regexp_replace(coalesce({cells}), {literal(_IGNORED)}, '', 'g'))"
    wanted = ", ".join(f"lower(regexp_replace({literal(one)}, {literal(_IGNORED)}, '', 'g'))" for one in totals)
    connection.execute(
        f"create temp view {into} as select *, coalesce({first} in ({wanted}), false) as {TOTAL_ROW} from {rows}"
    )
