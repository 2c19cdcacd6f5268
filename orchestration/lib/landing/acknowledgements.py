"""What people have said of something unusual in a source: that it is right, and why; each for exactly one content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestration.lib.landing.ledger import Ledger, now


@dataclass(frozen=True)
class Acknowledgement:
    """One acknowledgement; ``subject`` is ``<source>.<object>``, ``content`` the hash of the content it is about."""

    kind: str
    subject: str
    content: str
    reason: str
    user: str
    acknowledged_at: datetime


def acknowledge(ledger: Ledger, *, kind: str, subject: str, content: str, reason: str, user: str) -> None:
    """Note an acknowledgement; said again about the same content, the later reason stands."""
    moment = now().isoformat(timespec="microseconds")
    with ledger.writing() as db:
        db.execute(
            "insert or replace into acknowledgement values (?, ?, ?, ?, ?, ?)",
            (kind, subject, content, reason, user, moment),
        )


def acknowledgements(ledger: Ledger) -> list[Acknowledgement]:
    """All of them, the latest first."""
    with ledger.reading() as db:
        rows = db.execute(
            "select kind, subject, content, reason, user, acknowledged_at from acknowledgement "
            "order by acknowledged_at desc, kind, subject"
        ).fetchall()
    return [
        Acknowledgement(kind, subject, content, reason, user, datetime.fromisoformat(moment))
        for kind, subject, content, reason, user, moment in rows
    ]
