"""What is closed, shown to the attribution floor: files of closings as tables."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.keys import gate_key
from orchestration.defs.labels import asset_tags, team
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.closing.tables import SCHEMA, TABLES
from orchestration.lib.progress import report
from orchestration.lib.workspace import PROJECT_ROOT

_CODE = PROJECT_ROOT / "orchestration" / "lib" / "closing"


def _spec(table: str) -> dg.AssetSpec:
    spec = dg.AssetSpec(
        key=[SCHEMA, table],
        deps=[gate_key("loops")],
        group_name="attribution",
        kinds={"parquet", "duckdb"},
        owners=[team("finance")],
        tags=asset_tags("attribution"),
        description="What was reported of closed months (triloop close) / 已关账月份的报告内容（triloop close）",
    )
    return with_links(spec, [local_link(_CODE / "store.py", "store"), local_link(_CODE / "tables.py", "tables")])


@dg.multi_asset(name="closings", specs=[_spec(table) for table in TABLES])
def closed_months(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult]:
    """Check the files of every closing, and show them as tables."""
    from orchestration.lib.closing.store import folders
    from orchestration.lib.closing.tables import load_closings

    found = folders(workspace.workspace)
    load_closings(workspace.workspace, found)
    if found:
        report(f"closed through {found[-1].name}: what was reported until then stands")
    for table in TABLES:
        yield dg.MaterializeResult(
            asset_key=[SCHEMA, table], metadata={"closed through": found[-1].name if found else "–"}
        )


@dg.definitions
def closing() -> dg.Definitions:
    return dg.Definitions(assets=linked([closed_months]))
