"""Who started a run and why: said by tags that every run carries, and written to the ledger."""

import getpass
from collections.abc import Mapping

WHO_TAG = "triloop/who"
WHY_TAG = "triloop/why"

_USER = "user"  # what Dagster's hosted UI says of the person who clicked
_SCHEDULE = "dagster/schedule_name"
_SENSOR = "dagster/sensor_name"
_BACKFILL = "dagster/backfill"
_PARENT = "dagster/parent_run_id"


def who_and_why(tags: Mapping[str, str]) -> tuple[str, str]:
    """Who and why by a run's tags; what ours do not say is read off Dagster's own.

    A run that somebody launched in the UI without a reason has no tag but perhaps ``user``: the open-source UI does not
    know its reader, so the account that Dagster runs under answers for it.
    """
    return tags.get(WHO_TAG) or _who(tags), tags.get(WHY_TAG) or _why(tags)


def _who(tags: Mapping[str, str]) -> str:
    if tags.get(_USER):
        return tags[_USER]
    for kind, tag in (("schedule", _SCHEDULE), ("sensor", _SENSOR)):
        if tags.get(tag):
            return f"{kind} {tags[tag]}"
    return f"{getpass.getuser()} (Dagster)"


def _why(tags: Mapping[str, str]) -> str:
    for text, tag in (("schedule", _SCHEDULE), ("sensor", _SENSOR), ("backfill", _BACKFILL)):
        if tags.get(tag):
            return f"{text} {tags[tag]}"
    if tags.get(_PARENT):
        return f"run {tags[_PARENT][:8]} again"
    return "launched in Dagster, no reason given"
