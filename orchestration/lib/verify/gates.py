"""I6: nothing is published that did not pass its gates, and a gate vouches for nothing but what it saw."""

from __future__ import annotations

from orchestration.lib.gate_token import GATE_ORDER, policy_hash
from orchestration.lib.verify.context import Context
from orchestration.lib.verify.hashes import canonical_is_as_built
from orchestration.lib.verify.model import Outcome, not_evaluated

GOOD = ("passed", "warned", "not_applicable")


def check(context: Context) -> Outcome:
    """The snapshot's gates, its own record of the checks, and the tokens in the working database."""
    manifest = context.snapshot
    if manifest is None:
        return not_evaluated("nothing is published yet", "尚未发布")
    found = Outcome(compared={"gates": len(manifest.gates)})
    said = {entry.gate: entry.status for entry in manifest.gates}
    for gate in GATE_ORDER:
        if said.get(gate) not in GOOD:
            status = said.get(gate, "not evaluated")
            found.violate(f"published gate {gate}", f"it is {status}", f"状态为 {status}")
    if "gate_result" in manifest.tables:
        _results(context, found)
    _tokens(context, found)
    return found


def _results(context: Context, found: Outcome) -> None:
    table = context.published("gate_result")
    counts: dict[str, int] = dict(context.rows(f"select gate, count(*) from {table} group by gate"))
    found.add("checks", sum(counts.values()))
    for gate in GATE_ORDER:
        if not counts.get(gate):
            found.violate("published gate_result", f"gate {gate} has no check", f"质量门 {gate} 没有检查")
    for gate, check_id, status in context.rows(
        f"select gate, check_id, status from {table} where status in ('failed', 'not_evaluated') order by all limit 20"
    ):
        found.violate("published gate_result", f"{gate}: {check_id} is {status}", f"{gate}：{check_id} 为 {status}")


def _tokens(context: Context, found: Outcome) -> None:
    """Each token in the working database still fits the tables that it vouches for."""
    if not context.has("gate.token"):
        found.violate("gate.token", "no gate was evaluated in the working database", "工作库中没有质量门令牌")
        return
    tokens = dict(context.rows("select gate, policy_hash from gate.token"))
    for gate in GATE_ORDER:
        if gate not in tokens:
            found.note(
                f"gate {gate}: no token in the working database; the last run was stopped before it",
                f"质量门 {gate}：工作库中没有令牌；上次运行在此之前停止",
            )
            continue
        found.add("tokens", 1)
        refusal = context.refusal(gate)
        if refusal is not None and gate == GATE_ORDER[0] and canonical_is_as_built(context):
            found.note(
                "canonical was built anew since its gate passed (an ingest, or a run that was stopped): that gate "
                "vouches for nothing until the next run asks it",
                "规范层在其质量门通过后重新构建（ingest 或中断的运行）：下次运行评估之前该质量门不再有效",
            )
        elif refusal is not None:
            found.violate(f"gate.token {gate}", refusal.message, f"令牌与数据不符：{refusal.message}")
        elif policy_hash(context.connection, gate) != tokens[gate]:
            found.note(f"gate {gate}: suites or settings changed since it passed", f"质量门 {gate}：规则或设置已变更")
