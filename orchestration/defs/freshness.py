"""When an asset counts as late: a source by its mapping, what is built from it by the daily schedule."""

import itertools
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._utils.schedules import cron_string_iterator  # has no public name

from orchestration.lib.mapping import SourceMapping
from orchestration.lib.settings import Settings

_FROM = datetime(2024, 1, 1, tzinfo=UTC)  # a fixed year, a leap year, so that the same line always gives the same gap
_YEAR = timedelta(days=366).total_seconds()
_TICKS = 3000


def source_policy(mapping: SourceMapping) -> dg.FreshnessPolicy | None:
    """New content within the hours that the mapping states; None where it states none."""
    if mapping.freshness_hours is None:
        return None
    return dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=mapping.freshness_hours))


def built_policy(settings: Settings) -> dg.FreshnessPolicy | None:
    """Built anew by every run that the schedule promises, ``schedule.late_after_hours`` late at most."""
    late = settings.schedule.late_after_hours
    gap = longest_gap(settings.schedule.daily, settings.company.timezone)
    if late is None or gap is None:
        return None
    return dg.FreshnessPolicy.time_window(fail_window=gap + timedelta(hours=late))


def longest_gap(cron: str, zone: str) -> timedelta | None:
    """The longest time between two ticks of a cron line within a year (a line that skips weekends has long ones).

    None for a line that ticks less than twice a year.
    """
    # as seconds: the difference of two local times would not count the hour that the clock is put forward
    ticks = (tick.timestamp() for tick in cron_string_iterator(_FROM.timestamp(), cron, zone))
    within = itertools.islice(itertools.takewhile(lambda tick: tick <= _FROM.timestamp() + _YEAR, ticks), _TICKS)
    gap = max((later - earlier for earlier, later in itertools.pairwise(within)), default=None)
    return None if gap is None else timedelta(seconds=gap)
