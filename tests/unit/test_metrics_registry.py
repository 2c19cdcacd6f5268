"""The registry: what it reads from dbt's semantic manifest, and what it refuses, by name."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.metrics import load_registry
from orchestration.lib.metrics.exact import quotient_sql
from orchestration.lib.metrics.generate import PAGE, project_registry, render_page
from orchestration.lib.metrics.registry import Registry

META = {
    "label_en": "Margin", "label_zh": "毛利", "formula_en": "a", "formula_zh": "b", "grain_en": "c", "grain_zh": "d",
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


def _meta(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest["metrics"][-1]["config"]["meta"]["triloop"].update(changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_meta(cuts=[["chanel"]]), "metric 'margin' has the unknown dimension 'chanel'\n.*\n.*did you mean 'channel'"),
        (_meta(cuts=[["campaign"]]), r"is cut by 'campaign', but 'net' \(sale_facts\) has no entity of that name"),
        (_meta(cuts=[[]]), "lists an empty cut"),
        (_meta(lable_en="x"), "wrong config.meta.triloop: lable_en.*\n.*\n.*did you mean 'label_en'"),
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
        assert ("channel",) in metric.cuts or metric.metric_id == "total_roi"
        assert metric.meta.n is not None
    assert PAGE.read_text(encoding="utf-8") == render_page(registry), "make docs"
