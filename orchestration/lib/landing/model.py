"""What landing says about itself: batches and the result of landing one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

Progress = Callable[[str], None]
ROW = "_row"  # the column that landing adds: where in the source the row stood
TOTAL_ROW = "_total_row"  # one more where total rows are looked for: whether the row is one
FAULT = "_fault"  # where a content has rows whose structure is broken: what is wrong (a code), NULL for a whole row
RAW = "_raw"  # beside it: the text of the broken row, as a token of kind `text`
DELETED = "_deleted"  # where a source's deletions are looked for: whether the row says only that its record is gone
DELETED_REASON = "deleted_at_source"
ADDED = (ROW, TOTAL_ROW, FAULT, RAW, DELETED)
FAULTS = ("ragged", "undecodable", "nul_byte", "stray_quote", "too_long")


@dataclass(frozen=True)
class Batch:
    """One content of one object, landed under one privacy plan. Immutable once written.

    Attributes:
        ingest_id: ``<source>.<object>.<first 12 of the content hash>``: the same for the same content, always.
        source_file: as a person finds it: relative to the workspace, or to the connection's folder outside of it.
        sha256: of the original bytes; of the row set for a database table.
        privacy_hash: of the privacy plan, the vault's key and how the text was read; see ``landing_hash``.
        columns: the raw columns, in order, without those that landing adds.
        privacy: raw column → kind, for the columns that hold tokens.
        first_seen_at: UTC, naive; stays when the same content is landed again under another plan.
        sequence: order of the contents of an object; later is newer.
        removed: the file was destroyed because it held in clear what a later plan says is personal.
    """

    ingest_id: str
    source_system: str
    source_object: str
    source_file: str
    sha256: str
    privacy_hash: str
    row_count: int
    landed_path: Path
    columns: tuple[str, ...]
    privacy: Mapping[str, str]
    first_seen_at: datetime
    sequence: int
    is_current: bool = True
    removed: bool = False


@dataclass(frozen=True)
class LandResult:
    """What landing one object did.

    Attributes:
        batches: every current batch of the object, in sequence order - also those of earlier runs.
        new: contents landed now for the first time.
        duplicates: files now seen whose content was already known under another name.
        unchanged: files whose content was already known under this name.
        relanded: known contents landed again because the privacy plan changed.
        rows_in: rows of the new contents.
        stale: why the source could not be asked this time, so that what it brought before stands; None if it was.
    """

    batches: list[Batch]
    new: int = 0
    duplicates: int = 0
    unchanged: int = 0
    relanded: int = 0
    rows_in: int = 0
    stale: str | None = None
