"""Column lineage: hand-traced statements, and the cache that keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.lib import column_lineage as module
from orchestration.lib.column_lineage import LineageCache, column_lineage

UPSTREAM = {
    "staging.stg_order": ["order_id", "customer_id", "amount"],
    "staging.stg_customer": ["customer_id", "name"],
}
SQL = """
with orders as (select * from "work"."staging"."stg_order"),
     totals as (select customer_id, sum(amount) as total from orders group by customer_id)
select c.name as customer_name, t.total, round(t.total * 2, 2) as doubled, 'x' as constant
from totals as t join "work"."staging"."stg_customer" as c on c.customer_id = t.customer_id
"""


def test_columns_are_traced_through_ctes_stars_and_aggregates() -> None:
    assert column_lineage(SQL, UPSTREAM) == {
        "customer_name": [("staging.stg_customer", "name")],
        "total": [("staging.stg_order", "amount")],
        "doubled": [("staging.stg_order", "amount")],
        "constant": [],
    }


def test_union_branches_are_both_parents() -> None:
    sql = (
        'select order_id as id from "w"."staging"."stg_order" '
        'union all select customer_id from "w"."staging"."stg_customer"'
    )
    assert column_lineage(sql, UPSTREAM) == {
        "id": [("staging.stg_customer", "customer_id"), ("staging.stg_order", "order_id")]
    }


def test_cache_computes_a_statement_once_even_across_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = LineageCache(tmp_path / "lineage.json")
    first = cache.get(SQL, UPSTREAM)
    cache.save()

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(module, "column_lineage", never)
    assert LineageCache(tmp_path / "lineage.json").get(SQL, UPSTREAM) == first
    with pytest.raises(AssertionError, match="computed again"):
        LineageCache(tmp_path / "lineage.json").get(SQL + " where true", UPSTREAM)
