"""Columns of a new content against the mapping: one under another name, one that is gone, and what may stand for it.

A content without a column that the mapping needs is refused before anything of it is known, so that what came before
stands and other sources go on. What is proposed is judged by the values as well as by the names, also where the earlier
content holds tokens.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from orchestration.lib.errors import DataError, nearest
from orchestration.lib.landing.model import Batch
from orchestration.lib.landing.scratch import Scratch, literal, quoted
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.tokens import build_tokens

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceMapping, SourceObject

_ENOUGH = 0.5  # share of the rows whose values were known that speaks for a column
_ALIKE = 0.6


def under_known_names(scratch: Scratch, obj: SourceObject, columns: tuple[str, ...], shown: str) -> tuple[str, ...]:
    """Give the columns of ``raw`` the names that the mapping has for them (``renamed``); the names as they are then.

    Raises:
        DataError: a content has a column under both names.
    """
    found = [name for name in columns if name in obj.renamed]
    for name in found:
        old = obj.renamed[name]
        if old in columns:
            raise DataError(
                f"{shown} has both a column '{name}' and a column '{old}', which the mapping calls one",
                file=shown,
                hint=f"remove '{name}' from renamed of the object '{obj.name}', or correct the file",
            )
    if found:
        is_view = scratch.connection.execute("select 1 from duckdb_views() where view_name = 'raw'").fetchone()
        scratch.connection.execute(f"alter {'view' if is_view else 'table'} raw rename to raw_as_named")
        names = ", ".join(f"{quoted(name)} as {quoted(obj.renamed[name])}" for name in found)
        scratch.connection.execute(f"create temp view raw as select * rename ({names}) from raw_as_named")
    return tuple(obj.renamed.get(name, name) for name in columns)


@dataclass(frozen=True)
class Likeness:
    """A new column that may be the one that is gone: the share of its rows whose value it held."""

    column: str
    share: float | None
    is_like_by_name: bool

    @property
    def evidence(self) -> str:
        told = [] if self.share is None or self.share < _ENOUGH else [f"{self.share:.0%} of its rows hold known values"]
        return " and ".join([*told, *(["a similar name"] if self.is_like_by_name else [])])


def require_columns(
    scratch: Scratch,
    mapping: SourceMapping,
    obj: SourceObject,
    columns: tuple[str, ...],
    *,
    shown: str,
    before: Batch | None,
    keys: VaultKeys,
) -> None:
    """Raise unless ``raw`` has every column that the mapping needs.

    Args:
        before: the content that came before, if there is one.

    Raises:
        DataError: names the column, the place in the mapping, and what to write there.
    """
    for feed in obj.all_feeds():
        needed = feed.raw_columns()
        if obj.load == "upsert":
            needed = {**dict.fromkeys(obj.key, obj.line), **needed}
        missing = [name for name in needed if name not in columns]
        if not missing:
            continue
        new = [name for name in columns if name not in obj.raw_columns_used() and name not in obj.keep]
        if before is not None:
            new = [name for name in new if name not in before.columns]
        found = [_proposal(scratch, mapping, obj, name, new, before=before, keys=keys) for name in missing]
        plain = (
            f"{nearest(missing[0], columns)}; correct the name in the mapping. If only some files have the column, "
            f"write {{from: {missing[0]}, optional: true}}"
        )
        others = f" (nor {', '.join(missing[1:])})" if len(missing) > 1 else ""
        raise DataError(
            f"{shown}: there is no column '{missing[0]}'{others}, which the mapping to {feed.entity} needs",
            file=mapping.file,
            line=needed[missing[0]],
            hint="; ".join(hint for hint in found if hint is not None) or plain,
        )


def _proposal(
    scratch: Scratch,
    mapping: SourceMapping,
    obj: SourceObject,
    gone: str,
    new: Collection[str],
    *,
    before: Batch | None,
    keys: VaultKeys,
) -> str | None:
    if before is None or gone not in before.columns or not before.landed_path.is_file():
        return None  # it never was there: the mapping is at fault, not the source
    found = [Likeness(name, _known(scratch, before, gone, name, keys), _alike(gone, name)) for name in new]
    likely = [one for one in found if one.evidence]
    if not likely:
        return None
    best = max(likely, key=lambda one: (one.share or 0.0, one.is_like_by_name))
    return (
        f"'{gone}' is gone, and '{best.column}' looks like it ({best.evidence}): if it is the same, write renamed: "
        f"{{{best.column}: {gone}}} in the object '{obj.name}' ({mapping.file.name}, line {obj.line})"
    )


def _known(scratch: Scratch, before: Batch, gone: str, new: str, keys: VaultKeys) -> float | None:
    """Share of the filled rows of ``new`` whose value the column ``gone`` held before."""
    values = f"select cast({quoted(new)} as varchar) as raw from raw"
    if (kind := before.privacy.get(gone)) is not None:
        build_tokens(scratch.connection, keys, kind=kind, values_sql=values, target="drift")
        values = f"select d.token as raw from ({values}) as r join drift as d using (raw)"
    old = f"select cast({quoted(gone)} as varchar) from read_parquet({literal(str(before.landed_path))})"
    (share,) = scratch.connection.execute(
        f"select avg(cast(raw in ({old}) as integer)) from ({values}) where raw is not null and raw <> ''"
    ).fetchone() or (None,)
    return None if share is None else float(share)


def _alike(one: str, other: str) -> bool:
    left, right = one.casefold().replace(" ", ""), other.casefold().replace(" ", "")
    return left in right or right in left or SequenceMatcher(None, left, right).ratio() >= _ALIKE
