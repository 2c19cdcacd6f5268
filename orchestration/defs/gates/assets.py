"""The gates: one asset each, with one blocking check per registered rule, so that the graph shows where data is held."""

from collections.abc import Iterator

import dagster as dg

from expectations.registry import GATES, Check, Gate, checks_of
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.errors import GateRefusedError
from orchestration.lib.progress import report


def gate_key(gate: str) -> dg.AssetKey:
    return dg.AssetKey(["gate", gate])


def _check_name(check: Check) -> str:
    return check.id.replace(".", "__").replace(":", "__").replace("-", "_")


def _gate_asset(gate: Gate) -> dg.AssetsDefinition:
    checks = checks_of(gate.name)

    @dg.multi_asset(
        name=f"gate_{gate.name}",
        specs=[
            dg.AssetSpec(
                key=gate_key(gate.name),
                deps=[dg.AssetKey(key) for key in gate.after],
                group_name="gates",
                kinds={"great_expectations"},
                description=f"{gate.description.en} / {gate.description.zh}",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                name=_check_name(check),
                asset=gate_key(gate.name),
                blocking=check.severity == "block",
                description=f"{check.reason.en} / {check.reason.zh}",
                metadata={"owner": check.owner, "family": check.family, "severity": check.severity},
            )
            for check in checks
        ],
    )
    def evaluate(
        context: dg.AssetExecutionContext, workspace: WorkspaceResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        from expectations.runner import evaluate_gate  # noqa: PLC0415  (imports great_expectations)

        result = evaluate_gate(workspace.workspace, workspace.settings, gate.name, build_id=context.run_id)
        by_id = {check.id: check for check in result.checks}
        for check in checks:
            outcome = by_id[check.id]
            yield dg.AssetCheckResult(
                check_name=_check_name(check),
                asset_key=gate_key(gate.name),
                passed=outcome.status in ("passed", "not_applicable"),
                severity=dg.AssetCheckSeverity.ERROR if check.severity == "block" else dg.AssetCheckSeverity.WARN,
                metadata={
                    "status": outcome.status,
                    "violations": outcome.violations if outcome.violations is not None else "not evaluated",
                    "examples": dg.MetadataValue.json(outcome.examples),
                },
            )
        counts = result.counts()
        report(f"gate {gate.name}: {result.status} ({', '.join(f'{n} {status}' for status, n in counts.items() if n)})")
        if result.status != "passed":
            raise GateRefusedError(result.explain(), hint=result.hint())
        yield dg.MaterializeResult(
            asset_key=gate_key(gate.name), metadata={key: value for key, value in counts.items()}
        )

    return evaluate


@dg.definitions
def gates() -> dg.Definitions:
    return dg.Definitions(assets=[_gate_asset(gate) for gate in GATES])
