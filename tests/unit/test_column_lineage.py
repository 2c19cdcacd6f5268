"""Column lineage: hand-traced statements, and the cache that keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.lib import column_lineage as module
from orchestration.lib.column_lineage import LineageCache, column_lineage
from orchestration.lib.shared_cache import FOLDER_VARIABLE
from orchestration.lib.workspace import Workspace

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


def test_a_new_workspace_begins_with_what_another_traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    one, same, other = (Workspace(tmp_path / name) for name in ("one", "same", "other"))
    for workspace, key in ((one, "project 1"), (same, "project 1"), (other, "project 2")):
        workspace.dbt_target_dir.mkdir(parents=True)
        (workspace.dbt_target_dir / "manifest.key").write_text(key, encoding="utf-8")
    cache = LineageCache.of(one)
    first = cache.get(SQL, UPSTREAM)
    cache.save()
    cache.share(one)

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(module, "column_lineage", never)
    assert LineageCache.of(same).get(SQL, UPSTREAM) == first
    with pytest.raises(AssertionError, match="computed again"):
        LineageCache.of(other).get(SQL, UPSTREAM)
