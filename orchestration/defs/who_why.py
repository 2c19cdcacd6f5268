"""Who started a run and why: said by tags that every run carries, and written to the ledger."""

import getpass
import os
from collections.abc import Mapping

WHO_TAG = "triloop/who"
WHY_TAG = "triloop/why"

_USER = "user"  # what the UI shows as the one who launched a run
_REPOSITORY = (".dagster/repository", "__repository__@triloop")  # by which the UI finds the runs of a job
_SCHEDULE = "dagster/schedule_name"
_SENSOR = "dagster/sensor_name"
_BACKFILL = "dagster/backfill"
_PARENT = "dagster/parent_run_id"


def account() -> str:
    """The account of this process; a container may run under a number that no name belongs to."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def command_tags(user: str, reason: str) -> dict[str, str]:
    """Tags of a run that a command executes in its own process, so that the UI counts it among those of its job."""
    return {_USER: user, WHO_TAG: user, WHY_TAG: reason, _REPOSITORY[0]: _REPOSITORY[1]}


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
    return f"{account()} (Dagster)"


def _why(tags: Mapping[str, str]) -> str:
    for text, tag in (("schedule", _SCHEDULE), ("sensor", _SENSOR), ("backfill", _BACKFILL)):
        if tags.get(tag):
            return f"{text} {tags[tag]}"
    if tags.get(_PARENT):
        return f"run {tags[_PARENT][:8]} again"
    return "launched in Dagster, no reason given"
