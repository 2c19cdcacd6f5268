"""What customers are expected to bring: one op that writes what the models of the metrics floor read of it."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.keys import gate_key
from orchestration.defs.labels import asset_tags, both, team
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.lifetime.tables import SCHEMA, TABLES
from orchestration.lib.progress import report
from orchestration.lib.workspace import PROJECT_ROOT

_READ = (("marts", "customer_facts"), ("marts", "order_facts"), ("intermediate", "int_as_of"))
_CODE = PROJECT_ROOT / "orchestration" / "lib" / "lifetime"


def _specs() -> Iterator[dg.AssetSpec]:
    for table, (label, _) in TABLES.items():
        spec = dg.AssetSpec(
            key=[SCHEMA, table],
            deps=[gate_key("attribution"), *(dg.AssetKey(key) for key in _READ)],
            group_name="metrics",
            kinds={"duckdb"},
            owners=[team("sales")],
            tags=asset_tags("metrics"),
            description=both(label),
        )
        yield with_links(spec, [local_link(_CODE / "predict.py", "method"), local_link(_CODE / "tables.py", "tables")])


@dg.multi_asset(specs=list(_specs()), name=SCHEMA)
def lifetime(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult]:
    """Fit what the data can carry, and tell what each customer is expected to contribute."""
    from orchestration.lib.gate_token import require_gate_passed
    from orchestration.lib.lifetime import build_lifetime

    require_gate_passed(workspace.workspace, "attribution")
    report(build_lifetime(workspace.workspace, workspace.settings))
    for table in TABLES:
        yield dg.MaterializeResult(asset_key=[SCHEMA, table])


@dg.definitions
def expected_value() -> dg.Definitions:
    """The op."""
    return dg.Definitions(assets=linked([lifetime]))
