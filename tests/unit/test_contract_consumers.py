"""Nothing stands in the contract without a consumer: each column of each entity ends in a mart, or decides on its rows.

A column is consumed when, from staging down, it is part of a column of a mart, or a join, filter, group or order of
some model on the way to one uses it. A column that is only carried along by an intermediate model and then
dropped is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.contract import load_contract
from orchestration.lib.identity.build import READS
from orchestration.lib.workspace import PROJECT_ROOT
from tests.unit.column_use import Field, Use, column_use
from tests.unit.test_dbt_loops import warehouse

__all__ = ["warehouse"]  # the fixture: its build leaves the compiled SQL beside the warehouse

Models = dict[str, tuple[str, Path]]


def _compiled(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Path]]:
    """Relation → compiled SQL, of the models that the fixture built."""
    row = connection.execute("select path from duckdb_databases() where database_name = current_database()").fetchone()
    assert row is not None
    for file in sorted(Path(row[0]).parent.glob("**/compiled/triloop/models/**/*.sql")):
        if any(part.endswith(".yml") for part in file.parts):  # a test of the models that the yml describes
            continue
        floor = file.parts[file.parts.index("models") + 1]
        yield f"{floor}.{file.stem}", file


def consumed(uses: dict[str, Use]) -> set[Field]:
    """The fields that arrive: from the marts up, what their columns are made of, and what decides on their rows."""
    needed: set[Field] = {(mart, column) for mart in uses if mart.startswith("marts.") for column in uses[mart].columns}
    live: set[str] = set()
    waiting = list(needed)
    while waiting:
        relation, column = waiting.pop()
        use = uses.get(relation)
        if use is None:  # staging: the end of the way
            continue
        found = set(use.columns.get(column, ()))
        if relation not in live:
            live.add(relation)
            found |= use.deciding
        waiting += found - needed
        needed |= found
    return needed


@pytest.fixture(scope="module")
def uses(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Use]:
    columns: dict[str, list[str]] = {}
    for schema, table, column in warehouse.execute(
        "select schema_name, table_name, column_name from duckdb_columns() order by 1, 2, column_index"
    ).fetchall():
        columns.setdefault(f"{schema}.{table}", []).append(column)
    below = {relation: file for relation, file in _compiled(warehouse) if not relation.startswith("staging.")}
    found = {}
    for relation, file in below.items():
        sql = file.read_text(encoding="utf-8")
        read = {name: listed for name, listed in columns.items() if f'"{name.split(".")[1]}"' in sql}
        found[relation] = column_use(sql, read)
    return found


def test_every_model_below_staging_was_read(uses: dict[str, Use]) -> None:
    models = PROJECT_ROOT / "dbt_project" / "models"
    files = [
        *models.glob("intermediate/*.sql"),
        *(f for f in models.glob("marts/*/*.sql") if f.parent.name not in ("journey", "attribution")),
    ]
    assert {relation.split(".")[1] for relation in uses} == {file.stem for file in files}
    assert [relation for relation, use in uses.items() if not use.columns] == []


@pytest.mark.parametrize("entity", load_contract().entities)
def test_every_column_of_the_contract_is_consumed(uses: dict[str, Use], entity: str) -> None:
    arrived = consumed(uses)
    decides = READS.get(entity, ())  # who is who is told above the models
    unused = [
        column
        for column in load_contract().entities[entity].columns
        if (f"staging.stg_{entity}", column) not in arrived and column not in decides
    ]
    assert unused == [], f"no mart uses {entity}.{', '.join(unused)}"


SQL = """
with named as (
  select o.*, c.name, c.segment, row_number() over (partition by o.customer_id order by o.placed_at) as n
  from "w"."staging"."stg_order" as o
  left join "w"."staging"."stg_customer" as c on c.customer_id = o.customer_id
  where o.status <> 'test'
),
both as (
  select order_id, amount from named
  where exists (select 1 from "w"."staging"."stg_line" as l where l.order_id = named.order_id)
  union all
  select line_id as order_id, net as amount from "w"."staging"."stg_line"
)
select order_id, sum(amount) as amount from both group by order_id
"""
UPSTREAM = {
    "staging.stg_order": ["order_id", "customer_id", "placed_at", "status", "amount", "note"],
    "staging.stg_customer": ["customer_id", "name", "segment"],
    "staging.stg_line": ["line_id", "order_id", "net", "product_id"],
}


def test_what_is_only_carried_along_is_not_consumed() -> None:
    uses = {"intermediate.int_both": column_use(SQL, UPSTREAM)}
    assert uses["intermediate.int_both"].columns == {
        "order_id": {("staging.stg_order", "order_id"), ("staging.stg_line", "line_id")},
        "amount": {("staging.stg_order", "amount"), ("staging.stg_line", "net")},
    }
    assert consumed(uses) == set()  # no mart reads it
    mart = 'select amount from "w"."intermediate"."int_both"'
    uses["marts.sums"] = column_use(mart, {"intermediate.int_both": ["order_id", "amount"]})
    assert {field for field in consumed(uses) if field[0].startswith("staging.")} == {
        ("staging.stg_order", "amount"), ("staging.stg_line", "net"),
        # the grouping, the joins and the filters
        ("staging.stg_order", "order_id"), ("staging.stg_line", "line_id"), ("staging.stg_line", "order_id"),
        ("staging.stg_order", "customer_id"), ("staging.stg_customer", "customer_id"), ("staging.stg_order", "status"),
    }  # fmt: skip
