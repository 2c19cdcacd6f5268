"""What a source brings against its own past: volume, and columns that came or went."""

from __future__ import annotations

from expectations.model import Check, Inputs, Label


def checks() -> list[Check]:
    """The checks of the canonical gate on the sources as a whole."""
    return [_volume(), _columns()]


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
