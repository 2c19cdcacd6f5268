"""The tables of what is closed: their columns, what they are taken from, and the views that dbt reads them through."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from orchestration.lib import warehouse
from orchestration.lib.workspace import Workspace

SCHEMA: Final = "closing"
_PLACE = {"order_id": "varchar", "model": "varchar"}
_TOUCH = {"touch_id": "varchar", "channel_id": "varchar", "campaign_id": "varchar", "stage": "varchar"}
TABLES: Final[dict[str, dict[str, str]]] = {
    "closed_period": {
        "closed_from": "date",
        "closed_to": "date",
        "closed_at": "timestamp",
        "closed_by": "varchar",
    },
    "closed_order": {**_PLACE, "account_id": "varchar", "converted_on": "date", "definition": "varchar"},
    "closed_touch": {"order_id": "varchar", "touch_id": "varchar"},
    "closed_weight": {
        **_PLACE,
        **_TOUCH,
        "touch_position": "bigint",
        "touch_count": "bigint",
        "weight": "decimal(10,9)",
        "cumulative_weight": "decimal(10,9)",
    },
    "closed_credit": {
        "order_id": "varchar",
        "order_line_id": "varchar",
        "posting_id": "varchar",
        "posted_on": "date",
        "model": "varchar",
        "measure": "varchar",
        **_TOUCH,
        "unattributed_reason": "varchar",
        "amount": "decimal(18,2)",
    },
}
#: of what a close keeps: from which rows; ``since`` and ``until`` are days, the first exclusive
CONTENT: Final[dict[str, str]] = {
    "closed_order": "select conversion.order_id, model.model, conversion.account_id, conversion.converted_on, "
    "model.definition from attribution.conversion as conversion cross join attribution.attribution_model as model "
    "where conversion.converted_on > $since and conversion.converted_on <= $until",
    "closed_touch": "select journey.order_id, journey.touch_id from attribution.journey_touch as journey "
    "join attribution.conversion as conversion using (order_id) where journey.is_in_journey "
    "and conversion.converted_on > $since and conversion.converted_on <= $until",
    "closed_weight": "select weight.* from attribution.attribution_weight as weight "
    "join attribution.conversion as conversion using (order_id) "
    "where conversion.converted_on > $since and conversion.converted_on <= $until",
    "closed_credit": "select * from attribution.attribution_credit "
    "where version = 1 and posted_on > $since and posted_on <= $until",
}


def load_closings(workspace: Workspace, folders: Iterable[Path]) -> int:
    """Show dbt what is closed, as views over the files of closings; empty where nothing is. How many there are."""
    folders = list(folders)
    with warehouse.connect(workspace) as database:
        database.execute(f"create schema if not exists {SCHEMA}")
        for table, columns in TABLES.items():
            names = ", ".join(columns)
            typed = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns.items())
            query = f"select {typed} where false"
            for folder in folders:
                file = str(folder / f"{table}.parquet").replace("'", "''")
                query += f" union all select {names} from read_parquet('{file}')"
            database.execute(f"create or replace view {SCHEMA}.{table} as {query}")
    return len(folders)
