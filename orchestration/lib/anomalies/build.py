"""Judge, find what moved it, and write ``metrics.metric_anomaly``, ``metrics.anomaly_mover`` and, of what is unusual,
the months before (``metrics.anomaly_series``)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.lib import warehouse
from orchestration.lib.anomalies.baseline import JUDGED, Limits, judge_sql
from orchestration.lib.anomalies.movers import MOVERS, write_movers
from orchestration.lib.anomalies.series import SERIES, dated_entities, last_closed_month, write_series
from orchestration.lib.anomalies.words import Said, said
from orchestration.lib.metrics.registry import load_registry
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

    from orchestration.lib.settings import AnomalySettings

# total@2025-12 or channel=crm:email@2025-12 behind the metric and its variant
_SUBJECT = (
    "subject || case when variant in ('standard', 'rows') then '' else '.' || variant end "
    "|| case when basis is null then '' else '.' || basis end "
    "|| '@' || case when member is null and cut = 'total' then 'total' else cut || '=' || coalesce(member, '') end"
)
_ANOMALY_ID = f"{_SUBJECT} || '@' || strftime(month, '%Y-%m')"
_CONTENT = "substr(sha256(concat_ws('|', numerator, coalesce(denominator, 0))), 1, 16)"
_NUMBER = "decimal(28, 9)"


@dataclass(frozen=True)
class AnomalyResult:
    """How many series were judged, and how many of them are unusual and not spoken of."""

    judged: int
    too_short: int
    unusual: int
    spoken_of: int


def build_anomalies(workspace: Workspace, settings: AnomalySettings) -> AnomalyResult:
    """Rebuild the three tables in one transaction."""
    from orchestration.lib.landing.acknowledgements import acknowledgements
    from orchestration.lib.landing.ledger import Ledger

    registry = load_registry(workspace.dbt_target_dir)
    words = said(acknowledgements(Ledger(workspace)))
    with warehouse.connect(workspace) as database:
        [(as_of,)] = database.execute("select as_of_on from intermediate.int_as_of").fetchall()
        assert isinstance(as_of, dt.date)
        write_series(
            database,
            registry,
            cuts=settings.cuts,
            closed=last_closed_month(as_of),
            present=dated_entities(database),
        )
        database.execute(judge_sql(_limits(settings)))
        write_movers(database, registry)
        database.execute("begin transaction")
        try:
            _write(database, words, as_of, settings.least_months)
        except BaseException:
            database.execute("rollback")
            raise
        database.execute("commit")
        counts = database.execute(
            "select count(*), count(*) filter (status = 'history_too_short'), "
            "count(*) filter (status = 'unusual'), count(*) filter (status in ('acknowledged', 'muted')) "
            "from metrics.metric_anomaly"
        ).fetchone()
        for table in (SERIES, JUDGED, MOVERS):
            database.execute(f"drop table {table}")
    assert counts is not None
    return AnomalyResult(*(int(count) for count in counts))


def _limits(settings: AnomalySettings) -> Limits:
    return Limits(
        threshold=float(settings.threshold),
        least_months=settings.least_months,
        least_change=float(settings.least_change),
        least_n=settings.least_n,
    )


def _write(database: duckdb.DuckDBPyConnection, words: list[Said], as_of: dt.date, least_months: int) -> None:
    database.execute(
        "create or replace temporary table said (kind varchar, subject varchar, content varchar, reason varchar, "
        "person varchar)"
    )
    rows = [
        [one.kind, one.subject, one.content, one.reason, one.user]
        for one in words
        if one.until is None or one.until >= as_of
    ]
    if rows:
        database.executemany("insert into said values (?, ?, ?, ?, ?)", rows)
    database.execute(f"""
create or replace table metrics.metric_anomaly as
with named as (
  select *, {_ANOMALY_ID} as anomaly_id, {_SUBJECT} as series_id, {_CONTENT} as content
  from {JUDGED}
),
spoken as (
  select named.*,
    (select max(said.reason || ' (' || said.person || ')') from said where said.kind = 'anomaly'
      and said.subject = named.anomaly_id and said.content = named.content) as acknowledged,
    (select max(said.reason || ' (' || said.person || ')') from said where said.kind = 'mute'
      and said.subject in (named.series_id, named.subject)) as muted
  from named
)
select anomaly_id, series_id, kind, subject as metric_id, variant, basis, model, cut, member, month,
  cast(value as {_NUMBER}) as value, cast(expected as {_NUMBER}) as expected,
  cast(value - expected as {_NUMBER}) as change,
  cast(case when expected <> 0 then (value - expected) / abs(expected) end as {_NUMBER}) as change_rate,
  cast(scale as {_NUMBER}) as scale, cast(case when abs(score) < 1e15 then score end as {_NUMBER}) as score, history, n,
  case
    when value is null then 'no_value'
    when history < {least_months} then 'history_too_short'
    when not is_unusual then 'usual'
    when muted is not null then 'muted'
    when acknowledged is not null then 'acknowledged'
    else 'unusual'
  end as status,
  case when is_unusual then coalesce(muted, acknowledged) end as said, content
from spoken
order by anomaly_id""")
    database.execute(f"""
create or replace table metrics.anomaly_mover as
select {_ANOMALY_ID} as anomaly_id, mover_cut, rank, mover, value, usual, cast(effect as {_NUMBER}) as effect
from {MOVERS}
order by anomaly_id, mover_cut, rank""")
    database.execute(f"""
create or replace table metrics.anomaly_series as
select {_SUBJECT} as series_id, watched.month, cast(watched.value as {_NUMBER}) as value
from {SERIES} as watched
where {_SUBJECT} in (select series_id from metrics.metric_anomaly where status in ('unusual', 'acknowledged', 'muted'))
order by series_id, month""")
    database.execute("drop table said")
