"""The registry: what it reads from dbt's semantic manifest, and what it refuses, by name."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.metrics import load_registry
from orchestration.lib.metrics.dimensions import DIMENSIONS
from orchestration.lib.metrics.exact import quotient_sql
from orchestration.lib.metrics.generate import PAGE, project_registry, render_page
from orchestration.lib.metrics.intervals import wilson_sql
from orchestration.lib.metrics.model import Registry
from orchestration.lib.metrics.period_tables import merged_base_sql, period_table_inserts

META = {
    "label_zh": "毛利", "grain_en": "c", "grain_zh": "d",
    "unit": "ratio", "owner": "finance", "cuts": [["channel"]], "n": "rows",
}  # fmt: skip


def simple(name: str) -> dict[str, Any]:
    return {"name": name, "type": "simple", "type_params": {"measure": {"name": name}}, "filter": None, "config": {}}


MANIFEST: dict[str, Any] = {
    "semantic_models": [
        {
            "name": "sale",
            "node_relation": {"alias": "sale_facts", "schema_name": "marts"},
            "defaults": {"agg_time_dimension": "sold_on"},
            "entities": [
                {"name": "sale_row", "type": "primary", "expr": "sale_id"},
                {"name": "channel", "type": "foreign", "expr": "coalesce(channel_id, 'unknown')"},
            ],
            "dimensions": [{"name": "sold_on", "type": "time", "expr": "day"}],
            "measures": [
                {"name": "net", "agg": "sum", "expr": "case when not is_excluded then amount end"},
                {"name": "cost", "agg": "sum", "expr": None},
                {"name": "rows", "agg": "sum", "expr": "1"},
            ],
        }
    ],
    "metrics": [
        *(simple(name) for name in ("net", "cost", "rows")),
        {
            "name": "gain",
            "type": "derived",
            "config": {},
            "type_params": {"expr": "net - c", "metrics": [{"name": "net"}, {"name": "cost", "alias": "c"}]},
        },
        {
            "name": "margin",
            "label": "Margin",
            "description": "a · b",
            "type": "ratio",
            "type_params": {"numerator": {"name": "gain"}, "denominator": {"name": "net"}},
            "config": {"meta": {"triloop": META}},
        },
    ],
}


def read(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _manifest: None) -> Registry:
    manifest = copy.deepcopy(MANIFEST)
    change(manifest)
    (folder / "semantic_manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return load_registry(folder)


def test_a_ratio_is_resolved_to_simple_metrics(tmp_path: Path) -> None:
    registry = read(tmp_path)
    margin = registry.metric("margin")
    assert margin.numerator.expression == "(net) - (cost)"
    assert margin.simple_metrics == ("net", "cost", "rows")
    net = registry.simple["net"]
    assert (net.table, net.aggregation, net.expression, net.filter_sql, net.time_column) == (
        "sale_facts", "sum", "amount", "NOT is_excluded", "day",
    )  # fmt: skip
    assert net.dimensions == {"channel": "coalesce(channel_id, 'unknown')"}
    assert registry.simple["cost"].expression == "cost"
    assert registry.cut_metrics() == {(): ("cost", "net", "rows"), ("channel",): ("cost", "net", "rows")}


def test_a_period_table_is_not_asked_of_metricflow(tmp_path: Path) -> None:
    def make(manifest: dict[str, Any]) -> None:
        model = manifest["semantic_models"][0]
        model["dimensions"].append({"name": "period_kind", "type": "categorical", "expr": None})

    registry = read(tmp_path, make)
    assert registry.cut_metrics() == {}
    [(table, simples)] = registry.period_tables().items()
    assert table == ("marts", "sale_facts")
    assert [simple.name for simple in simples] == ["cost", "net", "rows"]


def test_cells_of_a_period_table_stand_beside_sums_of_events(tmp_path: Path) -> None:
    """Two period tables and a row of events fill one cell; other cuts, kinds and later periods stay out."""

    def make(manifest: dict[str, Any]) -> None:
        [sale] = manifest["semantic_models"]
        stock = copy.deepcopy(sale)
        stock["node_relation"]["alias"] = "stock"
        stock["measures"] = [{"name": "closing", "agg": "max", "expr": "case when is_known then amount end"}]
        stock["dimensions"].append({"name": "period_kind", "type": "categorical", "expr": None})
        manifest["semantic_models"].append(stock)
        manifest["metrics"].append(simple("closing"))
        manifest["metrics"][-2]["type_params"]["denominator"] = {"name": "closing"}

    registry = read(tmp_path, make)
    with duckdb.connect() as database:
        database.execute("create schema marts")
        database.execute(
            "create table marts.stock as select * from (values "
            "('total', 'month', date '2024-01-01', null, true, 5), ('total', 'all', null, null, true, 9), "
            "('channel', 'month', date '2024-01-01', 'ad', true, 3), ('channel', 'month', date '2024-01-01', 'show', "
            "false, 7), ('other', 'month', date '2024-01-01', null, true, 1), ('total', 'month', date '2025-01-01', "
            "null, true, 4)) as t (cut, period_kind, day, channel_id, is_known, amount)"
        )
        columns = ", ".join(f"{dimension.column} varchar" for dimension in DIMENSIONS.values())
        numbers = ", ".join(f'"{name}" decimal(28, 9)' for name in registry.simple)
        database.execute(
            "create temporary table metric_base (cut varchar, period_kind varchar, period_start date, "
            f"{columns}, {numbers})"
        )
        database.execute(
            "insert into metric_base (cut, period_kind, period_start, net, cost) values ('total', 'month', "
            "'2024-01-01', 8, 2)"
        )
        for insert in period_table_inserts(registry, "metric_base", "decimal(28, 9)", date(2024, 12, 31)):
            database.execute(insert)
        database.execute(merged_base_sql(registry, "metric_base"))
        found = database.execute(
            "select cut, period_kind, channel_id, net, cost, closing from metric_base order by all"
        ).fetchall()
    assert found == [
        ("channel", "month", "ad", None, None, 3),
        ("channel", "month", "show", None, None, None),
        ("total", "all", None, None, None, 9),
        ("total", "month", None, 8, 2, 5),
    ]


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    [
        # from the literature's tables (Newcombe 1998, method 3): 81/263, 15/148, 0/20, 1/29
        (81, 263, "0.2553", "0.3662"), (15, 148, "0.0624", "0.1605"), (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"), (20, 20, "0.8389", "1.0000"),
        (3, 0, None, None), (3, 2, None, None),
    ],
)  # fmt: skip
def test_wilson_intervals_are_those_of_the_literature(hits: int, cases: int, low: str | None, high: str | None) -> None:
    [ends] = duckdb.sql("select " + ", ".join(wilson_sql(str(hits), str(cases)))).fetchall()
    assert [None if end is None else str(round(end, 4)) for end in ends] == [low, high]


def _meta(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest["metrics"][-1]["config"]["meta"]["triloop"].update(changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_meta(cuts=[["chanel"]]), "metric 'margin' has the unknown dimension 'chanel'\n.*\n.*did you mean 'channel'"),
        (_meta(cuts=[["campaign"]]), r"is cut by 'campaign', but 'net' \(sale_facts\) has no entity of that name"),
        (_meta(cuts=[[]]), "lists an empty cut"),
        (_meta(lable_zh="x"), "wrong config.meta.triloop: lable_zh.*\n.*\n.*did you mean 'label_zh'"),
        (_meta(caveat_en="x"), "caveat_en and caveat_zh belong together"),
        (lambda m: m["metrics"][-1].update(description="only English"), "needs a description 'formula in English · "),
        (lambda m: m["metrics"][-1].update(label=None), "metric 'margin' has no label"),
        (_meta(unit="percent"), "wrong config.meta.triloop: unit: Input should be"),
        (_meta(n="row"), "metric 'row' is not defined\n.*\n.*did you mean 'rows'"),
        (lambda m: m["metrics"][0].update(filter={"where_filters": []}), "metric 'net' has a filter"),
        (
            lambda m: m["metrics"].append({**m["metrics"][-1], "name": "margin_again", "config": {
                "meta": {"triloop": META | {"metric_id": "margin"}}}}),
            "'margin_again' has the id and variant of metric 'margin'",
        ),
    ],
)  # fmt: skip
def test_a_wrong_metric_is_refused_by_name(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, change)


def test_an_unknown_metric_or_variant_names_the_nearest(tmp_path: Path) -> None:
    registry = read(tmp_path)
    with pytest.raises(ConfigurationError, match="did you mean 'margin'"):
        registry.metric("margins")
    with pytest.raises(ConfigurationError, match="no variant 'loaded'"):
        registry.metric("margin", "loaded")


def test_no_manifest_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="run: triloop run"):
        load_registry(tmp_path)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        ("1", "3", "0.33333333"),
        ("-2", "3", "-0.66666667"),
        ("1", "-8", "-0.12500000"),
        # half of the last place goes away from zero
        ("0.00000001", "2", "0.00000001"),
        ("-0.00000001", "2", "-0.00000001"),
        ("9999999999999.99", "0.5", "19999999999999.98000000"),
        # a weight has nine places; rounded to eight it would give 450.03000540
        ("150.01", "0.333333333", "450.03000045"),
        ("5", "0", None),
        ("null", "5", None),
    ],
)
def test_division_is_exact(numerator: str, denominator: str, expected: str | None) -> None:
    cast = "cast({} as decimal(28, 8))".format
    ((found,),) = duckdb.sql(f"select {quotient_sql(cast(numerator), denominator)}").fetchall()
    assert found == (expected and Decimal(expected))


def test_the_project_publishes_what_is_promised_and_its_page_is_current() -> None:
    registry = project_registry()
    promised = {
        "marketing_spend", "leads", "cpl", "lead_to_opportunity_rate", "opportunity_to_order_rate", "win_rate", "cac",
        "aov", "gross_margin_rate", "collection_days", "on_time_delivery_rate", "channel_roi", "roas",
    }  # fmt: skip
    assert promised <= {metric.metric_id for metric in registry.metrics}
    assert registry.metric("opportunity_to_order_rate", "value").meta.maturity_days == 180
    for metric in registry.metrics:
        by_channel = metric.metric_id in promised and metric.meta.variant not in {"product", "unallocated"}
        assert ("channel",) in metric.cuts or not by_channel
        assert metric.meta.n is not None
    assert PAGE.read_text(encoding="utf-8") == render_page(registry), "make docs"
