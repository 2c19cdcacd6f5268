"""Questions to the sample of a table that only its rows can answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from orchestration.lib.mapping.sql import literals, name

_NEARLY_ONE = 1.01  # values per key: a slip in a hundred does not make two things of one


@dataclass(frozen=True)
class Probe:
    """The sample of one table."""

    connection: duckdb.DuckDBPyConnection
    table: str

    def depends(self, key: str, column: str) -> bool:
        """Whether a column has one value for each value of a key."""
        one, two = name(key), name(column)
        keys, both = self.connection.execute(
            f"select count(distinct {one}), count(distinct ({one}, {two})) from {self.table} where {one} is not null"
        ).fetchall()[0]
        return bool(both <= keys * _NEARLY_ONE)

    def has_negative(self, amount: str, kind: str, values: Sequence[str]) -> bool:
        """Whether an amount is ever negative in the rows of which ``kind`` is one of ``values``."""
        (found,) = self.connection.execute(
            f"select exists (select 1 from {self.table} where trim(cast({name(kind)} as varchar)) in "
            f"({literals(values)}) and trim(cast({name(amount)} as varchar)) similar to '[-(−].*')"
        ).fetchall()[0]
        return bool(found)
