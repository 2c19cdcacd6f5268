"""What a source brings against its own past: volume, columns that came, went or changed, and its rhythm."""

from __future__ import annotations

from expectations.model import Check, Inputs, Label


def checks() -> list[Check]:
    """The checks of the canonical gate on the sources as a whole."""
    return [_volume(), _columns(), _types(), _silence()]


def _volume() -> Check:
    def sql(inputs: Inputs) -> str:
        gates = inputs.settings.gates
        shrunk = f"row_count < (1 - {gates.volume_shrink_limit}) * "
        grown = f"row_count > {gates.volume_growth_limit} * "
        return f"""
select source_system || '.' || source_object as key, source_file, cast(null as bigint) as source_row,
  'rows = ' || row_count || ', before ' || previous_row_count || ', median ' || median_row_count as detail
from canonical.source_volume
where acknowledged is null and observations > 1
  and greatest(row_count, previous_row_count, median_row_count) >= {gates.volume_least_rows}
  and (({shrunk} previous_row_count and {shrunk} median_row_count)
    or ({grown} previous_row_count and {grown} median_row_count))"""

    return Check(
        id="canonical.source_volume",
        gate="canonical",
        family="contract",
        tables=("canonical.source_volume",),
        severity="block",
        owner="data",
        reason=Label(
            en="no source brings far fewer or far more rows than it used to; if that is right: triloop acknowledge",
            zh="没有来源的行数明显少于或多于以往；若确属正常，请用 triloop acknowledge 确认",
        ),
        sql=sql,
    )


def _columns() -> Check:
    return Check(
        id="canonical.source_columns",
        gate="canonical",
        family="contract",
        tables=("canonical.schema_change",),
        severity="warn",
        owner="data",
        reason=Label(
            en="the newest file of a source has the columns of the one before; new ones land as tokens until they are "
            "mapped or kept",
            zh="来源最新文件的列与上一份一致；新增列在映射或保留之前以令牌落地",
        ),
        sql=lambda _inputs: (
            """
select source_system || '.' || source_object || ': ' || column_name as key, source_file,
  cast(null as bigint) as source_row, change as detail
from canonical.schema_change
where acknowledged is null"""
        ),
    )


def _types() -> Check:
    return Check(
        id="canonical.source_types",
        gate="canonical",
        family="contract",
        tables=("canonical.retyped_column",),
        severity="block",
        owner="data",
        reason=Label(
            en="every column reads as it did before; what changed needs the mapping, or triloop acknowledge",
            zh="各列仍可按原方式读取；若来源已改变，请更正映射，或用 triloop acknowledge 确认",
        ),
        sql=lambda _inputs: (
            """
select source_system || '.' || source_object || ': ' || column_name as key, source_file,
  cast(null as bigint) as source_row,
  unreadable || ' / ' || row_count || ' (' || rule_id || '); ' || proposal_en || ' / ' || proposal_zh as detail
from canonical.retyped_column
where acknowledged is null"""
        ),
    )


_FEWEST_DAYS = 4  # days with news, so three gaps, before a rhythm can be told


def _silence() -> Check:
    def sql(inputs: Inputs) -> str:
        factor = inputs.settings.gates.silence_factor
        passed = f"date_diff('day', cast(last_seen_at as date), date '{inputs.today.isoformat()}')"
        return f"""
select source_system || '.' || source_object as key, cast(null as varchar) as source_file,
  cast(null as bigint) as source_row,
  {passed} || ' days without news, usually ' || usual_gap_days || ', at most ' || longest_gap_days as detail
from canonical.source_freshness
where acknowledged is null and days_with_news >= {_FEWEST_DAYS}
  and {passed} > greatest({factor} * usual_gap_days, longest_gap_days)"""

    return Check(
        id="canonical.source_silence",
        gate="canonical",
        family="time",
        tables=("canonical.source_freshness",),
        severity="warn",
        owner="data",
        reason=Label(
            en="every source brings news in its own rhythm; if its silence is right: triloop acknowledge silence:...",
            zh="各来源按自身节奏带来新内容；若停更属正常，请用 triloop acknowledge silence:... 确认",
        ),
        sql=sql,
    )
