"""Sources that come when they should: none overdue by the hours its mapping gives, no day missing of a daily one."""

from __future__ import annotations

from expectations.model import Check, Inputs, Label
from expectations.sql import literal, name, union
from expectations.suites.time import PLANNED
from orchestration.lib.contract import Column, Entity, load_contract
from orchestration.lib.settings import DailySource


def checks() -> list[Check]:
    """The checks of the canonical gate on when sources speak."""
    return [_overdue(), _daily()]


def _check(identifier: str, table: str, reason: Label, sql: object) -> Check:
    return Check(
        id=f"canonical.{identifier}",
        gate="canonical",
        family="time",
        tables=(table,),
        severity="warn",
        owner="data",
        reason=reason,
        sql=sql,  # type: ignore[arg-type]
    )


def _overdue() -> Check:
    def sql(inputs: Inputs) -> str:
        return f"""
select source_system || '.' || source_object as key, cast(null as varchar) as source_file,
  cast(null as bigint) as source_row,
  'last new content ' || coalesce(strftime(last_seen_at, '%Y-%m-%d %H:%M'), 'never') || ' UTC: more than '
    || expected_hours || ' h ago' as detail
from canonical.source_freshness
where expected_hours is not null
  and (last_seen_at is null or last_seen_at < {literal(inputs.now)} - to_hours(expected_hours))"""

    return _check(
        "source_overdue",
        "canonical.source_freshness",
        Label(
            en="a source brings something new within the hours of its mapping (freshness), or figures grow old unseen",
            zh="来源在映射规定的小时数（freshness）内有新内容，否则数字在不知不觉中过时",
        ),
        sql,
    )


def _daily() -> Check:
    return _check(
        "source_daily",
        "canonical.source_freshness",
        Label(
            en="a source of time.daily_sources has rows for every day, or sums over those days are too low",
            zh="time.daily_sources 中的来源每天都有数据，否则这些日期的合计偏低",
        ),
        lambda inputs: union(
            [_gaps(source, daily) for source, daily in inputs.settings.time.daily_sources.items()] or [_NOTHING]
        ),
    )


_NOTHING = (
    "select cast(null as varchar) as key, cast(null as varchar) as source_file, cast(null as bigint) as source_row, "
    "cast(null as varchar) as detail where false"
)


def _gaps(source: str, daily: DailySource) -> str:
    """Runs of missing days longer than allowed; each names the last row before the gap."""
    system, _, source_object = source.partition(".")
    dated = [(entity, day) for entity in load_contract().entities.values() if (day := _day_of(entity)) is not None]
    rows = union(
        [
            f"select cast({name(day.name)} as date) as day, source_file, source_row from canonical.{entity.name} "
            f"where source_system = {literal(system)} and source_object = {literal(source_object)} "
            f"and {name(day.name)} is not null"
            for entity, day in dated
        ]
    )
    is_expected = "isodow(missing.day) < 6" if daily.every == "weekday" else "true"
    return f"""
select key, source_file, source_row, detail from (
  with seen as (
    select day, arg_max(source_file, (source_file, source_row)) as source_file,
      arg_max(source_row, (source_file, source_row)) as source_row
    from ({rows}) group by day
  ),
  followed as (select *, lead(day) over (order by day) as next_day from seen),
  gap as (
    select followed.day, followed.next_day, source_file, source_row, count(*) as missing
    from followed, lateral (
      select unnest(generate_series(followed.day + 1, followed.next_day - 1, interval 1 day)) as day
    ) as missing
    where {is_expected}
    group by all
  )
  select {literal(source)} as key, source_file, source_row,
    'after ' || day || ' comes ' || next_day || ': ' || missing || ' d missing > {daily.gap_days} d' as detail
  from gap where missing > {daily.gap_days}
)"""


def _day_of(entity: Entity) -> Column | None:
    """The date or moment that says when a row happened: the first that is not a plan."""
    return next(
        (
            column
            for column in entity.columns.values()
            if column.type in {"date", "timestamp"} and column.name not in PLANNED
        ),
        None,
    )
