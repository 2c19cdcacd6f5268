"""Landing: what a source holds, as received, once per content, with personal values replaced by tokens.

Order of writes, so that a kill at any moment is mended by the next run: values into the vault, landed file in place
(written aside, synced, renamed), original into the archive, and last the line in the ledger. What the ledger does not
know is simply landed again, to the same name.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.lib.crash_points import crash_point
from orchestration.lib.landing.archive import archive, archived
from orchestration.lib.landing.away import AwayError
from orchestration.lib.landing.changes import Known, Server, read_changes
from orchestration.lib.landing.drift import require_columns, under_known_names
from orchestration.lib.landing.landed_file import write_landed
from orchestration.lib.landing.ledger import Ledger, now
from orchestration.lib.landing.ledger_schema import Sighting
from orchestration.lib.landing.limits import Limits
from orchestration.lib.landing.model import DELETED, RAW, Batch, LandResult, Progress
from orchestration.lib.landing.privacy import effective_plan, landing_hash, seal_values
from orchestration.lib.landing.readers import read_file, text_layout
from orchestration.lib.landing.scratch import Scratch, literal, quoted, scratch_space, sweep, sync_folder
from orchestration.lib.landing.source_files import (
    connection_path,
    copy_and_hash,
    file_state,
    require_files,
    settled,
    shown_name,
)
from orchestration.lib.landing.sqlite_reader import database_state, read_query, read_table, rowset_hash
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.store import Vault, open_vault
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceMapping, SourceObject

RETRY_SECONDS = (1, 5)  # how long a database that is away is waited for, before each further attempt
_CLOCK_TICK = 2.0  # seconds: a file changed later than this before we looked may change again without a trace
_WITHHELD = "holds values of a forgotten person"


def land(
    workspace: Workspace, mapping: SourceMapping, obj: SourceObject, progress: Progress, limits: Limits
) -> LandResult:
    """Land one object; see :func:`orchestration.lib.landing.land_object`."""
    sweep(workspace)
    keys = VaultKeys.from_environment()
    paths = require_files(workspace, mapping, obj)
    with open_vault(workspace, keys) as vault:
        landing = _Landing(workspace, mapping, obj, vault=vault, keys=keys, limits=limits)
        landing.tell = progress
        if mapping.connection.is_server:
            landing.ask(mapping)
        for path in paths:
            landing.take(path)
        landing.redo_changed()
        landing.remove_exposed()
        return landing.result()


def _server(mapping: SourceMapping, obj: SourceObject, limits: Limits, tell: Progress) -> Server:
    if mapping.connection.type == "rest":
        from orchestration.lib.landing.rest_source import RestSource

        return RestSource(mapping, obj, limits, tell=tell)
    from orchestration.lib.landing.sql_source import SqlSource

    return SqlSource(mapping, obj)


def _told(query: str | None) -> str:
    """Another query over an untouched database is another state."""
    return "" if query is None else "|" + hashlib.sha256(query.encode()).hexdigest()


@dataclass(frozen=True)
class _Content:
    """A content that was read into the table ``raw``."""

    sha256: str
    name: str
    columns: tuple[str, ...]


class _Landing:
    """The landing of one object, file by file."""

    def __init__(
        self,
        workspace: Workspace,
        mapping: SourceMapping,
        obj: SourceObject,
        *,
        vault: Vault,
        keys: VaultKeys,
        limits: Limits,
    ) -> None:
        self._limits = limits
        self._workspace, self._mapping, self._obj, self._vault, self._keys = workspace, mapping, obj, vault, keys
        self._ledger = Ledger(workspace)
        self.tell: Progress = lambda text: None
        self._source = mapping.source
        self._root = connection_path(workspace, mapping)
        self._place = f"{mapping.source}.{obj.name}"
        self._at_hand: dict[str, Path] = {}  # content → a file seen now
        self._stale: str | None = None
        self._new = self._duplicates = self._unchanged = self._redone = self._rows = 0

    def result(self) -> LandResult:
        return LandResult(
            batches=self._ledger.batches(self._source, self._obj.name),
            new=self._new,
            duplicates=self._duplicates,
            unchanged=self._unchanged,
            relanded=self._redone,
            rows_in=self._rows,
            stale=self._stale,
        )

    # One file or table -----------------------------------------------------------------------------------------------

    def take(self, path: Path) -> None:
        """Land a file or table unless its content is known."""
        obj = self._obj
        shown = shown_name(self._workspace, self._root, path)
        name = f"{shown}#{obj.table or obj.name}" if obj.is_database else shown
        moment = time.time_ns()
        state = file_state(path) if not obj.is_database else f"{database_state(path)}{_told(obj.query)}"
        seen = self._ledger.sightings(self._source, self._obj.name, name)
        if seen and seen[-1].file_state == state and self._known(seen[-1].sha256) is not None:
            self._at_hand[seen[-1].sha256] = path
            self._count_known(seen[-1].is_duplicate)
            return
        if not settled(path, seconds=_CLOCK_TICK, moment_ns=moment):
            state = ""  # not to be trusted the next time: look at the content again
        with scratch_space(self._workspace, self._limits) as scratch:
            if obj.is_database:
                self._take_rows(scratch, self._read_sqlite(scratch, path, name), name, state)
                return
            original = scratch.folder / "original"
            sha256 = copy_and_hash(path, original, shown)
            self._at_hand[sha256] = path
            self._take_content(scratch, sha256, name, state, lambda: self._read(scratch, original, name))

    def ask(self, mapping: SourceMapping) -> None:
        """Land what a server gives. One that is away for a moment is asked again; one that stays away leaves what it
        brought before.

        Raises:
            DataError: it stays away and has never brought anything, or gives what cannot be taken.
        """
        server = _server(mapping, self._obj, self._limits, self.tell)
        # an API is asked again request by request; and no reading is begun when the time for one is over
        waits = RETRY_SECONDS if mapping.connection.type == "sql" else ()
        until = time.monotonic() + self._limits.max_reading_minutes * 60
        for wait in (*waits, None):
            try:
                self._take_from(server)
                return
            except AwayError as error:
                if wait is not None and time.monotonic() + wait < until:
                    self.tell(f"{self._place}: {error.message}; asking again in {wait} s")
                    time.sleep(wait)
                elif self._ledger.batches(self._source, self._obj.name):
                    self._stale = error.message
                    self.tell(f"{self._place}: STALE: {error.message}; what it brought before stands")
                    return
                else:
                    raise

    def _take_from(self, server: Server) -> None:
        """Land what a server gives: everything, or with a cursor what changed since the last time, if anything did.

        Only its rows can tell whether it changed.
        """
        with scratch_space(self._workspace, self._limits) as scratch:
            if self._obj.cursor is None:
                self.tell(f"{self._place}: reading {server.name}")
                self._take_rows(scratch, server.read(scratch, table="raw"), server.name, "")
                return
            batches = self._ledger.batches(self._source, self._obj.name)
            originals = [(archived(self._workspace, batch.sha256), batch.first_seen_at) for batch in batches]
            self.tell(f"{self._place}: reading what changed in {server.name}")
            known = [Known(path, moment) for path, moment in originals if path is not None]
            changes = read_changes(scratch, server, self._obj, known)
            if batches and not changes.rows:
                self._unchanged += 1
                return
            self._take_rows(scratch, changes.columns, server.name, "")

    def _take_rows(self, scratch: Scratch, columns: tuple[str, ...], name: str, state: str) -> None:
        """Land the rows of a database or an API, which are in ``raw``; their original is a Parquet file of them."""

        def keep() -> tuple[str, ...]:
            original = literal(str(scratch.folder / "original"))
            scratch.connection.execute(f"copy raw to {original} (format parquet, compression zstd)")
            return columns

        told = (*columns, *(one for one in (DELETED,) if one in scratch.columns("raw")))
        self._take_content(scratch, rowset_hash(scratch.connection, "raw", told), name, state, keep)

    def _take_content(
        self, scratch: Scratch, sha256: str, name: str, state: str, load: Callable[[], tuple[str, ...]]
    ) -> None:
        """Land a content unless it is known; ``load`` brings it into ``raw`` and gives its columns."""
        seen = self._ledger.sightings(self._source, self._obj.name, name)
        known = self._known(sha256)
        sighting = Sighting(name, sha256, state, known is not None and known.source_file != name, now(), now())
        if known is not None:
            self._meet_again(known, sighting, seen)
            return
        content = _Content(sha256, name, self._known_columns(scratch, load(), name))
        batch = self._write(scratch, content, sighting=sighting, original=scratch.folder / "original")
        self._new += 1
        self._rows += batch.row_count

    def _known_columns(self, scratch: Scratch, columns: tuple[str, ...], name: str) -> tuple[str, ...]:
        """The columns of ``raw`` under the mapping's names; raises if one that is needed is not there."""
        columns = under_known_names(scratch, self._obj, columns, name)
        before = next(iter(self._ledger.batches(self._source, self._obj.name)[::-1]), None)
        require_columns(
            scratch, self._mapping, self._obj, columns, shown=name, before=before, keys=self._keys
        )  # fmt: skip
        return columns

    def _known(self, sha256: str) -> Batch | None:
        return self._ledger.find(self._source, self._obj.name, sha256)

    def _count_known(self, is_duplicate: bool) -> None:
        if is_duplicate:
            self._duplicates += 1
        else:
            self._unchanged += 1

    def _meet_again(self, known: Batch, sighting: Sighting, seen: list[Sighting]) -> None:
        """A content known already: note the name; where the newest content counts, a return makes it the newest."""
        came_now = not seen or seen[-1].sha256 != sighting.sha256
        own_name = any(one.sha256 == sighting.sha256 for one in seen)
        whole = self._obj.load == "snapshot" and self._obj.snapshot_per == "object"
        self._ledger.record_sighting(self._source, self._obj.name, sighting)
        if came_now and (whole or (own_name and self._obj.load != "append")):
            self._ledger.make_newest(known)
        if sighting.is_duplicate and came_now:
            self.tell(f"{self._place}: {sighting.source_file} has the content of {known.source_file}: no rows added")
        self._count_known(sighting.is_duplicate)

    def _read(self, scratch: Scratch, original: Path, name: str) -> tuple[str, ...]:
        """Load an original file into ``raw``."""
        self.tell(f"{self._place}: reading {name}")
        return read_file(scratch, original, name=name, obj=self._obj, table="raw")

    def _read_sqlite(self, scratch: Scratch, path: Path, name: str) -> tuple[str, ...]:
        """Load the table or the result of the query into ``raw``."""
        self.tell(f"{self._place}: reading {name}")
        if self._obj.query is not None:
            return read_query(scratch, path, query=self._obj.query, shown=name, table="raw")
        shown = shown_name(self._workspace, self._root, path)
        return read_table(scratch, path, table_name=self._obj.table or "", shown=shown, table="raw")

    def _layout(self, name: str) -> list[str]:
        return text_layout(self._obj, name)

    def _write(
        self,
        scratch: Scratch,
        content: _Content,
        *,
        sighting: Sighting | None = None,
        original: Path | None = None,
        landed: Mapping[str, str] | None = None,
    ) -> Batch:
        """Write ``raw`` as the landed file of a content, archive the original, and make both known.

        Args:
            landed: columns that are tokens in ``raw`` already, with their kind.
        """
        landed = landed or {}
        todo = {name: kind for name, kind in effective_plan(self._obj, content.columns).items() if name not in landed}
        plan = {**todo, **{name: kind for name, kind in landed.items() if name != RAW}}
        privacy = landing_hash(plan, self._keys, self._layout(content.name))
        if RAW in scratch.columns("raw") and RAW not in landed:
            todo[RAW] = "text"  # a broken row may hold anything, whatever its columns would have been
        plan = {**plan, **{name: "text" for name in (RAW,) if name in todo or name in landed}}
        added = seal_values(scratch.connection, self._vault, self._keys, table="raw", plan=todo, content=content.sha256)
        folder = self._workspace.landing_dir / self._source / self._obj.name
        rows, path = write_landed(
            scratch, folder, sha256=content.sha256, name=content.name, columns=content.columns, privacy=privacy,
            todo=todo,
        )  # fmt: skip
        if original is not None and added.forgotten:
            self._ledger.record_original(content.sha256, content.name, withheld=_WITHHELD)
            self.tell(f"{self._place}: {content.name} {_WITHHELD}: it is not archived; correct it at its source")
        elif original is not None:
            archive(self._workspace, self._ledger, sha256=content.sha256, file_name=content.name, original=original)
        crash_point("LOAD_WRITTEN")
        batch = Batch(
            ingest_id=f"{self._place}.{content.sha256[:12]}",
            source_system=self._source,
            source_object=self._obj.name,
            source_file=content.name,
            sha256=content.sha256,
            privacy_hash=privacy,
            row_count=rows,
            landed_path=path,
            columns=content.columns,
            privacy=plan,
            first_seen_at=now(),
            sequence=0,
        )
        recorded = self._ledger.record_batch(batch, seen_as=sighting)
        crash_point("LOAD_COMMITTED")
        self.tell(
            f"{self._place}: {content.name}: {rows:,} rows, {len(plan)} of {len(content.columns)} columns as tokens"
        )
        return recorded

    # Known contents under another plan -------------------------------------------------------------------------------

    def redo_changed(self) -> None:
        """Land contents again whose privacy plan, key or text layout is no longer the one they were landed under."""
        for batch in self._ledger.batches(self._source, self._obj.name):
            plan = effective_plan(self._obj, batch.columns)
            if landing_hash(plan, self._keys, self._layout(batch.source_file)) == batch.privacy_hash:
                continue
            self.tell(f"{self._place}: {batch.source_file}: the privacy plan or the format changed, landing it again")
            with scratch_space(self._workspace, self._limits) as scratch:
                columns = self._reread(scratch, batch)
                content = _Content(batch.sha256, batch.source_file, columns or batch.columns)
                if columns is not None:
                    self._write(scratch, content)
                elif set(plan) - set(batch.privacy):
                    # No original is left, but columns landed in clear are personal now: make tokens of what was landed.
                    self._view(scratch, batch.landed_path)
                    self._write(scratch, content, landed=batch.privacy)
                else:
                    self.tell(f"{self._place}: {batch.source_file}: its original is gone, its tokens stay as they are")
                    continue
            self._redone += 1

    def _reread(self, scratch: Scratch, batch: Batch) -> tuple[str, ...] | None:
        """Load the original of a content into ``raw``: from the archive, else from the file at hand."""
        kept = archived(self._workspace, batch.sha256)
        at_hand = self._at_hand.get(batch.sha256)
        if self._obj.is_database:
            if kept is None:
                return None
            self._view(scratch, kept)  # the archived rows carry their numbers already
            return tuple(self._obj.renamed.get(name, name) for name in batch.columns)
        if kept is None and at_hand is not None:
            copy = scratch.folder / "original"
            if copy_and_hash(at_hand, copy, batch.source_file) == batch.sha256:
                kept = copy
        if kept is None:
            return None
        return under_known_names(scratch, self._obj, self._read(scratch, kept, batch.source_file), batch.source_file)

    def _view(self, scratch: Scratch, path: Path) -> None:
        """Rows that landed or were archived, under the names that the mapping has for their columns."""
        rows = f"read_parquet({literal(str(path))})"
        there = [row[0] for row in scratch.connection.execute(f"describe select * from {rows}").fetchall()]
        names = ", ".join(
            f"{quoted(name)} as {quoted(self._obj.renamed[name])}" for name in there if name in self._obj.renamed
        )
        renamed = f" rename ({names})" if names else ""
        scratch.connection.execute(f"create temp view raw as select *{renamed} from {rows}")

    def remove_exposed(self) -> None:
        """Destroy replaced landed files that hold in clear what the present plan calls personal."""
        current = {batch.sha256: batch for batch in self._ledger.batches(self._source, self._obj.name)}
        for old in self._ledger.replaced(self._source, self._obj.name):
            present = current.get(old.sha256)
            if present is not None and set(present.privacy) - set(old.privacy):
                old.landed_path.unlink(missing_ok=True)
                sync_folder(old.landed_path.parent)
                self._ledger.mark_removed(old)
