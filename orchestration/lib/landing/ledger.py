"""The ledger: what was seen when and under which name, where it landed, which originals are kept; the runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing.ledger_schema import SCHEMA, VERSION, Run, Sighting
from orchestration.lib.landing.model import Batch
from orchestration.lib.workspace import Workspace


class Ledger:
    """The ledger of a workspace. Each call is one short transaction; any number of processes may read."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        workspace.ledger_file.parent.mkdir(parents=True, exist_ok=True)
        with self.reading() as db:
            (version,) = db.execute("pragma user_version").fetchone()
            if version > VERSION:
                raise ConfigurationError(
                    f"the ledger was written by a newer triloop (version {version})",
                    file=workspace.ledger_file,
                    hint="update triloop",
                )
            if version < VERSION:
                db.execute("pragma journal_mode = wal")
                db.executescript(f"begin immediate; {SCHEMA} pragma user_version = {VERSION}; commit;")

    # Batches ---------------------------------------------------------------------------------------------------------

    def batches(self, source: str, source_object: str) -> list[Batch]:
        """The current batches of an object, oldest first."""
        return self._batches(
            "where source_system = ? and source_object = ? and is_current = 1 order by sequence", source, source_object
        )

    def all_batches(self) -> list[Batch]:
        """Every batch ever landed, also replaced ones (``is_current`` false, perhaps ``removed``)."""
        return self._batches("order by source_system, source_object, sequence, landed_at, privacy_hash")

    def replaced(self, source: str, source_object: str) -> list[Batch]:
        """Batches of an object that a later landing of the same content replaced and whose files are still there."""
        return self._batches(
            "where source_system = ? and source_object = ? and is_current = 0 and removed_at is null order by sequence",
            source,
            source_object,
        )

    def find(self, source: str, source_object: str, sha256: str) -> Batch | None:
        """The current batch of a content."""
        where = "where source_system = ? and source_object = ? and sha256 = ? and is_current = 1"
        return next(iter(self._batches(where, source, source_object, sha256)), None)

    def record_batch(self, batch: Batch, *, seen_as: Sighting | None = None) -> Batch:
        """Make a landed file known, as the current one of its content; called after the file is safely in place.

        The sequence of a new content is the next one of its object (``batch.sequence`` is not looked at); a content
        landed again under another privacy plan keeps its sequence and first time.

        Returns:
            The batch as recorded.
        """
        key = (batch.source_system, batch.source_object)
        with self.writing() as db:
            known = db.execute(
                "select sequence, first_seen_at from batch where source_system = ? and source_object = ? "
                "and sha256 = ? order by is_current desc limit 1",
                (*key, batch.sha256),
            ).fetchone()
            if known is None:
                (sequence,) = db.execute(
                    "select coalesce(max(sequence), 0) + 1 from batch where source_system = ? and source_object = ?",
                    key,
                ).fetchone()
                known = (sequence, _text(batch.first_seen_at))
            db.execute(
                "update batch set is_current = 0 where source_system = ? and source_object = ? and sha256 = ?",
                (*key, batch.sha256),
            )
            db.execute(
                "insert or replace into batch values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, null)",
                (
                    batch.ingest_id, batch.privacy_hash, *key, batch.source_file, batch.sha256, batch.row_count,
                    batch.landed_path.relative_to(self._workspace.root).as_posix(),
                    json.dumps(batch.columns, ensure_ascii=False),
                    json.dumps(dict(batch.privacy), ensure_ascii=False, sort_keys=True),
                    known[1], _text(now()), known[0],
                ),
            )  # fmt: skip
            if seen_as is not None:
                _note_sighting(db, *key, seen_as)
        return self._batches("where ingest_id = ? and privacy_hash = ?", batch.ingest_id, batch.privacy_hash)[0]

    def make_newest(self, batch: Batch) -> None:
        """Give a content that came back under its own name the newest place in the sequence."""
        key = (batch.source_system, batch.source_object)
        with self.writing() as db:
            db.execute(
                "update batch set sequence = (select max(sequence) + 1 from batch where source_system = ? "
                "and source_object = ?) where source_system = ? and source_object = ? and sha256 = ?",
                (*key, *key, batch.sha256),
            )

    def mark_removed(self, batch: Batch) -> None:
        """Note that the file of a replaced batch was destroyed."""
        with self.writing() as db:
            db.execute(
                "update batch set removed_at = ? where ingest_id = ? and privacy_hash = ?",
                (_text(now()), batch.ingest_id, batch.privacy_hash),
            )

    # Sightings -------------------------------------------------------------------------------------------------------

    def record_sighting(self, source: str, source_object: str, sighting: Sighting) -> None:
        """Note that a content was seen under a name."""
        with self.writing() as db:
            _note_sighting(db, source, source_object, sighting)

    def sightings(self, source: str, source_object: str, source_file: str | None = None) -> list[Sighting]:
        """What was seen of an object, or of one of its files; the latest last."""
        sql = (
            "select source_file, sha256, file_state, is_duplicate, first_seen_at, last_seen_at from sighting "
            "where source_system = ? and source_object = ? and source_file = coalesce(?, source_file) order by tick"
        )
        with self.reading() as db:
            rows = db.execute(sql, (source, source_object, source_file)).fetchall()
        return [Sighting(r[0], r[1], r[2], bool(r[3]), _time(r[4]), _time(r[5])) for r in rows]

    # Originals -------------------------------------------------------------------------------------------------------

    def record_original(self, sha256: str, file_name: str, *, withheld: str | None = None) -> None:
        """Note that an original was archived, or why it was not. A removal noted earlier stands."""
        moment = _text(now())
        row = (sha256, file_name, *((moment, None) if withheld is None else (None, moment)), withheld)
        with self.writing() as db:
            db.execute("insert or ignore into original values (?, ?, ?, ?, ?)", row)

    def original_removed(self, sha256: str) -> str | None:
        """Why the original of a content is not to be kept, None if nothing speaks against it."""
        with self.reading() as db:
            row = db.execute("select reason from original where sha256 = ?", (sha256,)).fetchone()
        return row[0] if row else None

    def record_erasure(
        self, *, values: int, purged: Sequence[str], rows: int, user: str, reason: str = "forget"
    ) -> None:
        """Note an erasure and the originals it purged. Who was erased is not noted."""
        moment = _text(now())
        with self.writing() as db:
            db.executemany(
                "insert into original values (?, '', null, ?, ?) on conflict (sha256) do update set "
                "removed_at = excluded.removed_at, reason = excluded.reason",
                [(sha256, moment, reason) for sha256 in purged],
            )
            db.execute(
                "insert into erasure (erased_at, values_destroyed, originals_purged, rows_concerned, user) "
                "values (?, ?, ?, ?, ?)",
                (moment, values, len(purged), rows, user),
            )

    # Runs ------------------------------------------------------------------------------------------------------------

    def record_run(self, run_id: str, trigger: str, user: str, code_version: str, settings_hash: str) -> None:
        """Note that a run began; told again by another process of the same run, it changes nothing."""
        with self.writing() as db:
            db.execute(
                "insert into run values (?, ?, ?, ?, ?, ?, null, 'started', null) on conflict (run_id) do nothing",
                (run_id, trigger, user, code_version, settings_hash, _text(now())),
            )

    def finish_run(self, run_id: str, status: str, summary_json: str) -> None:
        """Note how a run ended; ``summary_json`` is JSON text."""
        json.loads(summary_json)  # what cannot be read back is refused now, not when somebody looks it up
        with self.writing() as db:
            found = db.execute(
                "update run set finished_at = ?, status = ?, summary = ? where run_id = ?",
                (_text(now()), status, summary_json, run_id),
            )
            if found.rowcount != 1:
                raise KeyError(f"the ledger knows no run {run_id}")

    def runs(self, limit: int = 20) -> list[Run]:
        """The latest runs, newest first."""
        sql = "select * from run order by started_at desc, run_id desc limit ?"
        with self.reading() as db:
            rows = db.execute(sql, (limit,)).fetchall()
        return [_run(row) for row in rows]

    # -----------------------------------------------------------------------------------------------------------------

    def _batches(self, where: str, *parameters: str) -> list[Batch]:
        sql = f"select * from batch {where}"
        with self.reading() as db:
            rows = db.execute(sql, parameters).fetchall()
        return [self._batch(row) for row in rows]

    def _batch(self, row: sqlite3.Row) -> Batch:
        return Batch(
            ingest_id=row["ingest_id"],
            source_system=row["source_system"],
            source_object=row["source_object"],
            source_file=row["source_file"],
            sha256=row["sha256"],
            privacy_hash=row["privacy_hash"],
            row_count=row["row_count"],
            landed_path=self._workspace.root / row["landed_path"],
            columns=tuple(json.loads(row["columns"])),
            privacy=json.loads(row["privacy"]),
            first_seen_at=_time(row["first_seen_at"]),
            sequence=row["sequence"],
            is_current=bool(row["is_current"]),
            removed=row["removed_at"] is not None,
        )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database, for one look at it."""
        db = sqlite3.connect(self._workspace.ledger_file, isolation_level=None, timeout=30)
        db.row_factory = sqlite3.Row
        try:
            try:
                db.execute("pragma synchronous = full")
                db.execute("select count(*) from sqlite_master")
            except sqlite3.DatabaseError as error:
                if "not a database" not in str(error) and "malformed" not in str(error):
                    raise
                raise DataError(
                    f"the ledger is damaged: {error}",
                    file=self._workspace.ledger_file,
                    hint="put back a backup of it; without one move it away: the files in the inbox are landed again",
                ) from error
            yield db
        finally:
            db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The database in one short transaction, which holds if the block ends well."""
        with self.reading() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")


def now() -> datetime:
    """The present moment, UTC and naive, to the microsecond."""
    return datetime.now(UTC).replace(tzinfo=None)


def _note_sighting(db: sqlite3.Connection, source: str, source_object: str, sighting: Sighting) -> None:
    db.execute(
        "insert into sighting values (?, ?, ?, ?, ?, ?, ?, ?, (select coalesce(max(tick), 0) + 1 from sighting)) "
        "on conflict do update set file_state = excluded.file_state, last_seen_at = excluded.last_seen_at, "
        "tick = excluded.tick",
        (
            source, source_object, sighting.source_file, sighting.sha256, sighting.file_state,
            int(sighting.is_duplicate), _text(sighting.first_seen_at), _text(sighting.last_seen_at),
        ),
    )  # fmt: skip


def _run(row: sqlite3.Row) -> Run:
    return Run(
        run_id=row["run_id"],
        trigger=row["trigger"],
        user=row["user"],
        code_version=row["code_version"],
        settings_hash=row["settings_hash"],
        started_at=_time(row["started_at"]),
        finished_at=None if row["finished_at"] is None else _time(row["finished_at"]),
        status=row["status"],
        summary=None if row["summary"] is None else json.loads(row["summary"]),
    )


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
