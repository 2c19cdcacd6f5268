"""What people said of unusual values: that one is right (acknowledged), or that a series is not to be told of (muted).

Kept with the acknowledgements of sources in the ledger. An acknowledgement holds for exactly the value it was made of;
a mute holds for a series or a whole metric, until a day if one was given. The latest word on a subject stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.lib.landing.acknowledgements import Acknowledgement

ANOMALY, MUTE, UNMUTE = "anomaly", "mute", "unmute"
ALWAYS = "always"


@dataclass(frozen=True)
class Said:
    """One word that still stands. ``until``: the last day of a mute; None for no end."""

    kind: str
    subject: str
    content: str
    reason: str
    user: str
    until: dt.date | None


def said(acknowledged: Iterable[Acknowledgement]) -> list[Said]:
    """The words on anomalies that still stand.

    Args:
        acknowledged: all acknowledgements, the latest first.
    """
    found: list[Said] = []
    decided: set[str] = set()
    for one in acknowledged:
        if one.kind == ANOMALY:
            found.append(Said(ANOMALY, one.subject, one.content, one.reason, one.user, None))
        elif one.kind in (MUTE, UNMUTE) and one.subject not in decided:
            decided.add(one.subject)
            if one.kind == MUTE:
                until = None if one.content == ALWAYS else dt.date.fromisoformat(one.content)
                found.append(Said(MUTE, one.subject, "", one.reason, one.user, until))
    return found
