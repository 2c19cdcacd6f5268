"""The gates: one asset each, with blocking checks, so that the graph shows where data is held.

A rule is an entry of the registry (there are hundreds); a Dagster check is all rules of one family about one table.
Dagster writes several events per check in single transactions: one check per rule cost more than evaluating the rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from expectations.registry import GATES, Check, Gate, checks_of
from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.gates.evidence import check_result
from orchestration.defs.keys import gate_key
from orchestration.defs.labels import DATA_TEAM, asset_tags, both, team
from orchestration.defs.resources import WorkspaceResource, active
from orchestration.lib.errors import GateRefusedError
from orchestration.lib.progress import report
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import EXPECTATIONS_DIR


@dataclass(frozen=True)
class CheckGroup:
    """All rules of one family about one table, as Dagster shows them."""

    family: str
    table: str
    rules: tuple[Check, ...]

    @property
    def name(self) -> str:
        return f"{self.family}__{self.table.rpartition('.')[2]}"  # within a gate, a table's name says which it is

    def is_blocking(self, settings: Settings) -> bool:
        return any(rule.severity_under(settings) == "block" for rule in self.rules)

    def owners(self) -> list[str]:
        """Who can mend the data that break these rules."""
        return sorted({team(rule.owner) for rule in self.rules})

    def description(self) -> str:
        """What the UI says of the check: it shows a description, and neither owners nor metadata of a check."""
        rules = "\n".join(f"- `{rule.id}`: {both(rule.reason)}" for rule in self.rules)
        return f"Owner / 负责人: {', '.join(self.owners())}\n\n{rules}"


def check_groups(gate: str, mapped: set[str]) -> list[CheckGroup]:
    """The check groups of a gate; rules about entities that no source feeds are left out."""
    grouped: dict[tuple[str, str], list[Check]] = {}
    for rule in checks_of(gate):
        if set(rule.requires) <= mapped:
            grouped.setdefault((rule.family, rule.table_name), []).append(rule)
    return [CheckGroup(family, table, tuple(rules)) for (family, table), rules in sorted(grouped.items())]


def _gate_asset(gate: Gate, groups: list[CheckGroup], settings: Settings) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        key=gate_key(gate.name),
        deps=[dg.AssetKey(key) for key in gate.after],
        group_name=gate.name,  # a gate closes its floor: collapsed, the graph is one line of floors
        kinds={"greatexpectations"},
        owners=[DATA_TEAM],  # of the gate; who mends what it holds back is each check's owner
        tags={**asset_tags(gate.name), "triloop/gate": gate.name},
        description=f"Gate “{gate.label.en}”: {gate.description.en} / 质量关卡“{gate.label.zh}”：{gate.description.zh}",
    )
    suites = [
        local_link(EXPECTATIONS_DIR / "suites" / f"{family}.py", f"suite: {family}")
        for family in sorted({group.family for group in groups})
    ]

    @dg.multi_asset(
        name=f"gate_{gate.name}",
        specs=[with_links(spec, [*suites, local_link(EXPECTATIONS_DIR / "registry.py", "registry")])],
        check_specs=[
            dg.AssetCheckSpec(
                name=group.name,
                asset=gate_key(gate.name),
                blocking=group.is_blocking(settings),
                description=group.description(),
                metadata={"owners": ", ".join(group.owners())},
            )
            for group in groups
        ],
    )
    def evaluate(
        context: dg.AssetExecutionContext, workspace: WorkspaceResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        from expectations.runner import evaluate_gate  # imports great_expectations

        result = evaluate_gate(workspace.workspace, workspace.settings, gate.name, build_id=context.run.run_id)
        by_id = {check.id: check for check in result.checks}
        for group in groups:
            outcomes = [by_id[rule.id] for rule in group.rules]
            yield check_result(group.name, gate_key(gate.name), group.rules, outcomes)
        counts = result.counts()
        report(f"gate {gate.name}: {result.status} ({', '.join(f'{n} {status}' for status, n in counts.items() if n)})")
        if result.status != "passed":
            raise GateRefusedError(result.explain(), hint=result.hint())
        yield dg.MaterializeResult(asset_key=gate_key(gate.name), metadata=dict(counts))

    return evaluate


@dg.definitions
def gates() -> dg.Definitions:
    """All gates, with the rules that apply to what the workspace's mappings feed."""
    _workspace, settings, mappings = active()
    mapped = {entity for mapping in mappings for obj in mapping.objects.values() for entity in obj.feeds}
    return dg.Definitions(
        assets=linked([_gate_asset(gate, check_groups(gate.name, mapped), settings) for gate in GATES])
    )
