"""Who is who: one op that writes what the models of the staging floor read of it."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.keys import gate_key
from orchestration.defs.labels import asset_tags, both, team
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.identity.tables import SCHEMA, TABLES
from orchestration.lib.progress import report
from orchestration.lib.workspace import PROJECT_ROOT

_READ = ("customer", "distributor", "lead", "contact")
_CODE = PROJECT_ROOT / "orchestration" / "lib" / "identity"


def _specs() -> Iterator[dg.AssetSpec]:
    for table, (label, _) in TABLES.items():
        spec = dg.AssetSpec(
            key=[SCHEMA, table],
            deps=[gate_key("canonical"), *(dg.AssetKey(["canonical", entity]) for entity in _READ)],
            group_name="staging",
            kinds={"duckdb"},
            owners=[team("sales")],
            tags=asset_tags("staging"),
            description=both(label),
        )
        yield with_links(spec, [local_link(_CODE / "decide.py", "rules"), local_link(_CODE / "compare.py", "weights")])


@dg.multi_asset(specs=list(_specs()), name=SCHEMA)
def identity(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult]:
    """Put customers, companies, distributors and leads together, or propose it."""
    from orchestration.lib.gate_token import require_gate_passed
    from orchestration.lib.identity import build_identity

    require_gate_passed(workspace.workspace, "canonical")
    result = build_identity(workspace.workspace, workspace.settings.identity)
    report(result.explain())
    for table in TABLES:
        counts = {f"matches {decision}": count for decision, count in sorted(result.counts.items())}
        yield dg.MaterializeResult(asset_key=[SCHEMA, table], metadata=counts if table == "match" else {})


@dg.definitions
def who_is_who() -> dg.Definitions:
    """The identity op."""
    return dg.Definitions(assets=linked([identity]))
