"""Columns that the mapping needs and a source that is asked over the network does not give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.lib.errors import DataError, nearest

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceMapping, SourceObject


def require_needed(
    mapping: SourceMapping, obj: SourceObject, columns: tuple[str, ...], shown: str, *, also: str = ""
) -> None:
    """Raise unless every column that the mapping needs is there.

    Args:
        also: what else a person may do about it.

    Raises:
        DataError: names the column, the nearest that is there, and the place in the mapping.
    """
    missing = sorted(obj.raw_columns_needed() - set(columns))
    if missing:
        others = f" (nor {', '.join(missing[1:])})" if len(missing) > 1 else ""
        raise DataError(
            f"{shown} has no column '{missing[0]}'{others}, which the mapping needs",
            file=mapping.file,
            line=obj.line,
            hint=nearest(missing[0], columns) + also,
        )
