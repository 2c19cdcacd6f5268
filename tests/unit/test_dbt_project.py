"""Layering and naming of the dbt project, read from its manifest: what CONTRIBUTING.md asks, held by a machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from expectations.suites.grain import GRAINS, KEYS
from orchestration.lib.contract import load_contract
from orchestration.lib.dbt_runner import DbtError, DbtRunner
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import Workspace
from tests.unit.scratch_project import ScratchProject

# floor → what its models may read, beside the sources named behind it
MAY_READ = {
    "staging": {"source canonical"},
    "intermediate": {"staging", "intermediate", "source identity"},
    "marts": {"staging", "intermediate", "marts", "source identity"},
    "attribution": {"intermediate", "marts", "attribution", "source data_driven", "source closing"},
    "metrics": {
        *("intermediate", "marts", "attribution", "metrics"),
        *("source metrics", "source lifetime", "source data_driven"),
    },
}
CHINESE, LATIN = re.compile("[一-鿿]"), re.compile("[A-Za-z]")
DATED = re.compile(r".*_(on|from|to|until|start|month)|month|day|fiscal_.*")
NAMES = {
    "staging": re.compile("stg_.+"),
    "intermediate": re.compile("int_.+"),
    "marts": re.compile("(?!stg_|int_).+"),
    "attribution": re.compile("(?!stg_|int_).+"),
    "metrics": re.compile("(?!stg_|int_).+"),
}
# what is an estimate of statistics and no sum of the books may be binary floating point, nothing else
FLOAT = {"double", "float", "real"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    workspace = Workspace(tmp_path_factory.mktemp("project"))
    read: dict[str, Any] = json.loads(DbtRunner(workspace, Settings()).prepare().read_text(encoding="utf-8"))
    return read


def floor_of(node: dict[str, Any]) -> str:
    folders = Path(node["original_file_path"]).parts
    return "attribution" if folders[1:3] == ("marts", "attribution") else folders[1]


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def published(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in models(manifest) if floor_of(node) not in ("staging", "intermediate")]


def layering_faults(manifest: dict[str, Any]) -> Iterator[str]:
    for node in models(manifest):
        for unique_id in node["depends_on"]["nodes"]:
            parent = manifest["nodes"].get(unique_id)
            read = floor_of(parent) if parent else f"source {manifest['sources'][unique_id]['source_name']}"
            if read not in MAY_READ[floor_of(node)]:
                yield f"{node['name']} ({floor_of(node)}) reads {unique_id.rpartition('.')[2]} ({read})"


def naming_faults(manifest: dict[str, Any]) -> Iterator[str]:
    for node in models(manifest):
        if not NAMES[floor_of(node)].fullmatch(node["name"]):
            yield f"{node['name']} is no name for {floor_of(node)}"
        for column in node["columns"].values():
            name, kind = column["name"], (column.get("data_type") or "").lower()
            if name != name.lower():
                yield f"{node['name']}.{name} is not in lower case"
            if not kind:
                continue
            wrong = [
                (kind == "boolean") != name.startswith(("is_", "has_")) and "a boolean, and only it, is is_ or has_",
                kind == "date" and not DATED.fullmatch(name) and "a date ends in _on",
                name.endswith("_on") and kind not in {"date", "boolean"} and "_on is a date",
                kind.startswith("timestamp") != name.endswith("_at") and "a moment, and only it, ends in _at",
                name.endswith("_id") and kind != "varchar" and "a key is text",
            ]
            yield from (f"{node['name']}.{name} {kind}: {text}" for text in wrong if text)


def test_floors_read_only_what_is_below(manifest: dict[str, Any]) -> None:
    assert list(layering_faults(manifest)) == []


def test_names_say_what_things_are(manifest: dict[str, Any]) -> None:
    assert list(naming_faults(manifest)) == []


def test_every_entity_of_the_contract_is_staged_once_and_nothing_else(manifest: dict[str, Any]) -> None:
    staged = {node["name"].removeprefix("stg_") for node in models(manifest) if floor_of(node) == "staging"}
    assert staged == set(load_contract().entities)


def test_every_mart_has_an_enforced_contract(manifest: dict[str, Any]) -> None:
    assert [node["name"] for node in published(manifest) if not node["config"]["contract"]["enforced"]] == []


def test_never_empty_is_said_in_the_contract_where_there_is_one(manifest: dict[str, Any]) -> None:
    """As a constraint it costs nothing and stops the table itself; as a data test each column is a query of its own.

    Models without a contract say it with one test for all their columns.
    """
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    kinds = [(node.get("test_metadata") or {}).get("name") for node in tests]
    assert kinds.count("never_empty") > 30
    assert [node["name"] for node, kind in zip(tests, kinds, strict=True) if kind == "not_null"] == []
    constrained = [
        column["name"]
        for node in published(manifest)
        for column in node["columns"].values()
        if any(constraint["type"] == "not_null" for constraint in column["constraints"])
    ]
    assert len(constrained) > 500


def test_never_empty_fails_for_each_of_its_columns(tmp_path: Path) -> None:
    case = ScratchProject(tmp_path, copied=[], upstream={})
    folder = case.project / "models" / "intermediate"
    folder.mkdir(parents=True)
    (folder / "some.yml").write_text(
        "models: [{name: int_some, data_tests: [{never_empty: {arguments: {columns: [one, other]}}}]}]\n",
        encoding="utf-8",
    )
    for one, other in (("1", "null"), ("null", "2"), ("1", "2")):
        (folder / "int_some.sql").write_text(f"select {one} as one, {other} as other\n", encoding="utf-8")
        if "null" in (one, other):
            with pytest.raises(DbtError, match="never_empty_int_some"):
                case.build("int_some")
        else:
            assert case.build("int_some").success


def test_every_mart_and_column_is_described_in_both_languages(manifest: dict[str, Any]) -> None:
    told = [(node["name"], node["description"]) for node in published(manifest)]
    told += [
        (f"{node['name']}.{column['name']}", column["description"])
        for node in published(manifest)
        for column in node["columns"].values()
    ]
    assert len(told) > 900
    assert [name for name, text in told if not (CHINESE.search(text) and LATIN.search(text))] == []


def test_every_mart_has_a_key_that_is_tested(manifest: dict[str, Any]) -> None:
    """By a dbt test of the model, or by the grain suite of the gates."""
    tested = {
        manifest["nodes"][node["attached_node"]]["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") in {"unique", "one_row_per"}
    }
    tested |= {key.table.partition(".")[2] for key in KEYS} | {grain.table.partition(".")[2] for grain in GRAINS}
    assert [node["name"] for node in published(manifest) if node["name"] not in tested] == []


def test_every_column_of_a_mart_is_decimal_where_it_could_be_money(manifest: dict[str, Any]) -> None:
    floats = {
        f"{node['name']}.{column['name']}"
        for node in models(manifest)
        for column in node["columns"].values()
        if (column.get("data_type") or "").lower() in FLOAT
    }
    assert floats == set()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "orders_int"}, "orders_int is no name for intermediate"),
        ({"columns": {"paid": {"name": "paid", "data_type": "boolean"}}}, "int_order.paid boolean: a boolean"),
        ({"columns": {"is_x": {"name": "is_x", "data_type": "varchar"}}}, "int_order.is_x varchar: a boolean"),
        ({"columns": {"paid": {"name": "paid", "data_type": "date"}}}, "int_order.paid date: a date ends in _on"),
        ({"columns": {"x_at": {"name": "x_at", "data_type": "date"}}}, "int_order.x_at date: a moment"),
        ({"columns": {"x_id": {"name": "x_id", "data_type": "bigint"}}}, "int_order.x_id bigint: a key is text"),
        (
            {"depends_on": {"nodes": ["model.triloop.order_facts"]}},
            "int_order (intermediate) reads order_facts (marts)",
        ),
        ({"depends_on": {"nodes": ["source.triloop.canonical.lead"]}}, "int_order (intermediate) reads lead"),
    ],
)
def test_the_lint_sees_a_fault(change: dict[str, Any], told: str) -> None:
    """A lint that finds nothing might look at nothing."""
    sound = {
        "resource_type": "model", "name": "int_order", "original_file_path": "models/intermediate/int_order.sql",
        "depends_on": {"nodes": []}, "columns": {},
    }  # fmt: skip
    mart = {**sound, "name": "order_facts", "original_file_path": "models/marts/shared/order_facts.sql"}
    made = {
        "nodes": {"model.triloop.int_order": {**sound, **change}, "model.triloop.order_facts": mart},
        "sources": {"source.triloop.canonical.lead": {"source_name": "canonical"}},
    }
    found = [*layering_faults(made), *naming_faults(made)]
    assert any(fault.startswith(told) for fault in found), found
