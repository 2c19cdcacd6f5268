"""What became of the rows: every one has a fate, every quarantined one can be looked at, and not too many are."""

from __future__ import annotations

from expectations.model import Check, Inputs, Label


def checks() -> list[Check]:
    """The checks of the canonical gate on row accounts and quarantine."""
    return [_quarantine_share(), _row_account_balance(), _quarantine_complete()]


_SOURCE = "source_system, source_object, entity"
_FILE = f"{_SOURCE}, source_file, source_sha256"


def _quarantine_share() -> Check:
    def sql(inputs: Inputs) -> str:
        gates = inputs.settings.gates
        limit, tolerated = gates.quarantine_share_limit, gates.quarantine_rows_tolerated
        told = f"quarantined || ' / ' || rows_in || ' > {limit}; ' || coalesce(first_row.rule_id, '')"
        first = "arg_min(source_row, (source_file, source_row)) as source_row, mode(rule_id) as rule_id"
        return f"""
with by_source as (
  select {_SOURCE}, sum(quarantined) as quarantined, sum(rows_in) as rows_in from canonical.row_account group by all
),
by_file as (
  select {_FILE}, sum(quarantined) as quarantined, sum(rows_in) as rows_in from canonical.row_account group by all
)
select source_system || '.' || source_object || ' -> ' || entity as key, first_row.source_file, first_row.source_row,
  {told} as detail
from by_source left join (
  select {_SOURCE}, arg_min(source_file, (source_file, source_row)) as source_file, {first}
  from canonical.quarantine group by {_SOURCE}
) as first_row using ({_SOURCE})
where quarantined > {limit} * rows_in
union all
-- a bad new file among many good ones is a small share of its source, and may be a whole month
select source_system || '.' || source_object || ' -> ' || entity || ': ' || source_file, source_file,
  first_row.source_row, {told}
from by_file left join (select {_FILE}, {first} from canonical.quarantine group by {_FILE}) as first_row using ({_FILE})
where quarantined > {limit} * rows_in and (quarantined > {tolerated} or (quarantined = rows_in and rows_in > 1))
  and exists (
    select 1 from by_source as s
    where (s.source_system, s.source_object, s.entity) = (by_file.source_system, by_file.source_object, by_file.entity)
      and s.rows_in > by_file.rows_in and s.quarantined <= {limit} * s.rows_in
  )"""

    return Check(
        id="canonical.quarantine_share",
        gate="canonical",
        family="contract",
        tables=("canonical.row_account", "canonical.quarantine"),
        severity="block",
        owner="data",
        reason=Label(
            en="no more of a source's or a file's rows are in quarantine than gates.quarantine_share_limit allows, or "
            "totals would be far too low",
            zh="每个来源、每个文件被隔离的行不超过 gates.quarantine_share_limit，否则总数会明显偏低",
        ),
        sql=sql,
    )


def _row_account_balance() -> Check:
    return Check(
        id="canonical.row_account",
        gate="canonical",
        family="contract",
        tables=("canonical.row_account",),
        severity="block",
        owner="data",
        reason=Label(
            en="every row of every file is loaded, quarantined, merged, filtered or unchanged; none is lost",
            zh="每个文件的每一行都有去向：载入、隔离、合并、过滤或未变，不丢行",
        ),
        sql=lambda _inputs: (
            """
select source_system || '.' || source_object || ' -> ' || entity as key, source_file,
  cast(null as bigint) as source_row,
  rows_in || ' <> ' || (loaded + quarantined + merged + filtered + unchanged) as detail
from canonical.row_account
where rows_in is distinct from loaded + quarantined + merged + filtered + unchanged"""
        ),
    )


def _quarantine_complete() -> Check:
    return Check(
        id="canonical.quarantine_complete",
        gate="canonical",
        family="contract",
        tables=("canonical.quarantine", "canonical.row_account"),
        severity="block",
        owner="data",
        reason=Label(
            en="every row counted as quarantined can be looked at in quarantine",
            zh="计为隔离的每一行都能在隔离区查到",
        ),
        sql=lambda _inputs: (
            """
with held as (
  select source_system, source_object, entity, source_file, source_sha256, count(distinct source_row) as held
  from canonical.quarantine group by all
)
select a.source_system || '.' || a.source_object || ' -> ' || a.entity as key, a.source_file,
  cast(null as bigint) as source_row, a.quarantined || ' <> ' || coalesce(held.held, 0) as detail
from canonical.row_account as a
left join held on held.source_system = a.source_system and held.source_object = a.source_object
  and held.entity = a.entity and held.source_file = a.source_file and held.source_sha256 = a.source_sha256
where a.quarantined is distinct from coalesce(held.held, 0)"""
        ),
    )
