"""How large and how broken a file may be before it is refused as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from orchestration.lib.errors import DataError

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of reading; the settings' group ``limits`` says them for a workspace.

    Attributes:
        broken_row_share: of the rows of a text file that may be broken in structure and go to quarantine.
        broken_rows_tolerated: as many are let through whatever their share, as long as any row is whole.
        max_columns: of one file or table.
        max_record_mb: length of one record of a text file.
        max_unpacked_mb: what a packed file (workbook, ``.gz``) may unpack to.
        max_deleted_share: of the records of a database table, or of an API, that may be gone at once.
        max_cells: of the rectangle around a sheet's cells.
        max_response_mb: of one answer of an API.
        max_reading_minutes: of one statement to a database, and of all that one object of an API is asked for.
    """

    broken_row_share: Decimal = Decimal("0.05")
    broken_rows_tolerated: int = 10
    max_columns: int = 2_000
    max_record_mb: int = 8
    max_unpacked_mb: int = 2_048
    max_cells: int = 60_000_000
    max_deleted_share: Decimal = Decimal("0.30")
    max_response_mb: int = 64
    max_reading_minutes: int = 60

    def too_broken(self, broken: int, rows: int) -> bool:
        """Whether so many broken ones among ``rows`` speak against the file rather than against the rows."""
        if not broken:
            return False
        return broken == rows or broken > max(self.broken_rows_tolerated, int(self.broken_row_share * rows))

    def require_columns(self, columns: int, shown: str) -> None:
        """Raise if a file or table has too many columns.

        Raises:
            DataError: says how many are allowed and where that is set.
        """
        if columns > self.max_columns:
            raise DataError(
                f"{shown} has {columns:,} columns, more than {self.max_columns:,}",
                file=shown,
                hint="a wrong 'delimiter' makes many columns; if it is right, raise limits: {max_columns: ...} "
                "in triloop.yml",
            )
