"""Releases of quarantined rows in the ledger: who let which row in, when, why, and what was changed about it.

A release belongs to a row of a content and to the feed that refused it. So it holds whatever the mapping says later,
and also when the same content is landed again under another privacy plan.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from orchestration.lib.landing.ledger import Ledger, now
from orchestration.lib.workspace import Workspace

_COLUMNS = (
    "release_id, quarantine_id, source_system, source_object, feed, sha256, source_file, source_row, rules, waived, "
    "changes, reason, user, released_at, revoked_at, revoked_by, revoked_because"
)
REPLACED = "replaced by a later release"


@dataclass(frozen=True)
class NewRelease:
    """A release that is about to be noted.

    Attributes:
        quarantine_id: of the row in its feed; the same for the same content, feed and row, always.
        rules: everything that was wrong with the row when it was released.
        waived: those of the rules that no longer hold the row back.
        changes: raw column → what stands there instead, None for nothing; of a personal column its token.
    """

    quarantine_id: str
    source_system: str
    source_object: str
    feed: str
    sha256: str
    source_file: str
    source_row: int
    rules: tuple[str, ...]
    waived: tuple[str, ...]
    changes: Mapping[str, str | None]


@dataclass(frozen=True)
class Release(NewRelease):
    """A release as the ledger has it; times are UTC and naive."""

    release_id: int
    reason: str
    user: str
    released_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_because: str | None

    @property
    def is_active(self) -> bool:
        """Whether it was not revoked."""
        return self.revoked_at is None


class Releases:
    """The releases of a workspace; each call is one short transaction."""

    def __init__(self, workspace: Workspace) -> None:
        Ledger(workspace)  # makes or upgrades the file
        self._file = workspace.ledger_file

    def active(self) -> list[Release]:
        """Every release that was not revoked, in the order of their making."""
        return self._select("where revoked_at is null")

    def of(self, quarantine_id: str) -> list[Release]:
        """Every release of a row, also revoked ones."""
        return self._select("where quarantine_id = ?", quarantine_id)

    def all(self) -> list[Release]:
        """Every release ever made."""
        return self._select("")

    def add(self, releases: Sequence[NewRelease], *, reason: str, user: str) -> None:
        """Note releases; each takes the place of an earlier one of its row."""
        moment = _text(now())
        with self._writing() as db:
            for one in releases:
                db.execute(
                    "update release set revoked_at = ?, revoked_by = ?, revoked_because = ? "
                    "where quarantine_id = ? and revoked_at is null",
                    (moment, user, REPLACED, one.quarantine_id),
                )
                db.execute(
                    f"insert into release ({_COLUMNS}) values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                    "null, null, null)",
                    (
                        one.quarantine_id, one.source_system, one.source_object, one.feed, one.sha256,
                        one.source_file, one.source_row, json.dumps(one.rules, ensure_ascii=False),
                        json.dumps(one.waived, ensure_ascii=False), _changes(one.changes), reason, user, moment,
                    ),
                )  # fmt: skip

    def revoke(self, release_ids: Iterable[int], *, reason: str, user: str) -> None:
        """Undo releases: from the next run on the rows are judged as they landed."""
        moment = _text(now())
        with self._writing() as db:
            db.executemany(
                "update release set revoked_at = ?, revoked_by = ?, revoked_because = ? "
                "where release_id = ? and revoked_at is null",
                [(moment, user, reason, one) for one in release_ids],
            )

    def rewrite(self, changes: Mapping[int, Mapping[str, str | None]]) -> None:
        """Put other writings of the same values in place: a token for a value in clear, or the other way round."""
        with self._writing() as db:
            db.execute("pragma secure_delete = on")
            db.executemany(
                "update release set changes = ? where release_id = ?",
                [(_changes(told), release_id) for release_id, told in changes.items()],
            )

    def _select(self, where: str, *parameters: str) -> list[Release]:
        with self._open() as db:
            rows = db.execute(f"select {_COLUMNS} from release {where} order by release_id", parameters).fetchall()
        return [_release(row) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._file, isolation_level=None, timeout=30)
        db.row_factory = sqlite3.Row
        try:
            db.execute("pragma synchronous = full")
            yield db
        finally:
            db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")


def _release(row: sqlite3.Row) -> Release:
    return Release(
        release_id=row["release_id"],
        quarantine_id=row["quarantine_id"],
        source_system=row["source_system"],
        source_object=row["source_object"],
        feed=row["feed"],
        sha256=row["sha256"],
        source_file=row["source_file"],
        source_row=row["source_row"],
        rules=tuple(json.loads(row["rules"])),
        waived=tuple(json.loads(row["waived"])),
        changes=json.loads(row["changes"]),
        reason=row["reason"],
        user=row["user"],
        released_at=datetime.fromisoformat(row["released_at"]),
        revoked_at=None if row["revoked_at"] is None else datetime.fromisoformat(row["revoked_at"]),
        revoked_by=row["revoked_by"],
        revoked_because=row["revoked_because"],
    )


def _changes(told: Mapping[str, str | None]) -> str:
    return json.dumps(dict(sorted(told.items())), ensure_ascii=False)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
