"""The funnel: every stage has its place, and every stage that was entered is counted once."""

from __future__ import annotations

from expectations.model import Check, Label
from expectations.sql import each_once


def checks() -> list[Check]:
    """Stages that the settings do not list, and entries lost or multiplied on the way into the funnel."""
    return [_configured(), _once()]


def _configured() -> Check:
    return Check(
        id="loops.contract.funnel_stage",
        gate="loops",
        family="contract",
        tables=("marts.dim_funnel_stage", "marts.stage_event_facts", "marts.opportunity_facts"),
        severity="warn",
        owner="sales",
        reason=Label(
            en="a stage that the settings (funnel) do not list has no place in the funnel: list it, or map its code to "
            "one that is",
            zh="设置（funnel）未列出的阶段在漏斗中没有顺序：请列出，或在字段映射中映射到已列出的阶段",
        ),
        sql=lambda _inputs: (
            """
with named as (
  select subject_kind || ':' || lower(stage) as id, source_file, source_row from marts.stage_event_facts
  union all
  select 'opportunity:' || lower(stage), source_file, source_row from marts.opportunity_facts where stage is not null
)
select s.funnel_stage_id as key, min_by(n.source_file, (n.source_file, n.source_row)) as source_file,
  min_by(n.source_row, (n.source_file, n.source_row)) as source_row,
  s.subject_kind || ' @ ' || s.stage || ': rows = ' || count(*) as detail
from marts.dim_funnel_stage as s join named as n on n.id = s.funnel_stage_id
where not s.is_configured
group by s.funnel_stage_id, s.subject_kind, s.stage"""
        ),
        requires=("stage_event",),
    )


def _once() -> Check:
    return Check(
        id="loops.reconciliation.funnel_stage_facts",
        gate="loops",
        family="reconciliation",
        tables=("marts.funnel_stage_facts", "marts.stage_event_facts"),
        severity="block",
        owner="sales",
        reason=Label(
            en="every stage that a valid lead or opportunity entered stands once in the funnel",
            zh="有效线索或商机进入的每个阶段在漏斗中恰有一行",
        ),
        sql=lambda _inputs: each_once(
            """select arg_min(stage_event_id, sequence) as key, arg_min(source_file, sequence) as source_file,
  arg_min(source_row, sequence) as source_row
from marts.stage_event_facts, intermediate.int_as_of
where is_entry and is_valid and entered_on <= as_of_on
group by subject_kind, subject_id, lower(stage)""",
            "stage_event_id",
            "marts.funnel_stage_facts",
        ),
        requires=("stage_event",),
    )
