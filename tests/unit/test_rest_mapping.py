"""What a mapping may say of an API, and what it may not: above all no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.mapping import load_mappings
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace
from tests.unit.landing_case import new_case

FEED = {"payment": {"columns": {"payment_id": "id", "paid_on": "d", "amount": "a", "currency": {"value": "CNY"}}}}


def problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: dict[str, Any], **obj: Any) -> str:
    workspace = new_case(tmp_path / "w", monkeypatch).workspace
    whole = {
        "source": "crm",
        "connection": {"type": "rest", "url": "https://crm.example/api"} | connection,
        "objects": {"o": {"load": "snapshot", "request": {"path": "/o"}, "feeds": FEED} | obj},
    }
    workspace.mappings_dir.mkdir()
    (workspace.mappings_dir / "crm.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    try:
        load_mappings(workspace, load_settings(workspace))
    except ConfigurationError as error:
        return str(error)
    return ""


def request(**more: Any) -> dict[str, Any]:
    return {"path": "/o"} | more


@pytest.mark.parametrize(
    ("connection", "obj", "told"),
    [
        ({}, {}, ""),
        ({"auth": {"type": "bearer", "token": "abc"}}, {}, "a mapping file is no place for a secret"),
        ({"auth": {"type": "bearer"}}, {}, "auth of type bearer needs 'token'"),
        ({"auth": {"type": "basic", "user": "u", "password": "${P}", "token": "${P}"}}, {}, "'token' does not go with"),
        ({"auth": {"type": "key", "value": "${K}"}}, {}, "needs either 'header' or 'parameter'"),
        ({"headers": {"Authorization": "Bearer abc"}}, {}, "the header 'Authorization' looks like a secret"),
        ({"headers": {"X-Api-Key": "${K}"}}, {}, ""),
        (
            {},
            {"request": request(parameters={"access_token": "abc"})},
            "the parameter 'access_token' looks like a secret",
        ),
        ({"url": "https://u:p@crm.example"}, {}, "the url holds a password"),
        ({"url": "https://crm.example/?key=1"}, {}, "has no user, no parameters"),
        ({"url": "crm.example"}, {}, "begins with https://"),
        ({"schema": "x"}, {}, "'schema' goes with type: sql only"),
        ({"type": "sql", "timeout_seconds": 5}, {}, "'timeout_seconds' goes with type: rest only"),
        ({"requests_per_minute": 0}, {}, "requests_per_minute"),
        ({}, {"request": request(path="https://elsewhere/o")}, "is no path below the url"),
        ({}, {"request": request(path="/../admin")}, "is no path below the url"),
        ({}, {"request": request(pages={"by": "page"})}, "pages by page need 'parameter'"),
        ({}, {"request": request(pages={"by": "link", "next": "n", "first": 1})}, "'first' does not go with"),
        ({}, {"request": request(pages={"by": "offset", "parameter": "o", "size": 5})}, "'size' and 'size_parameter'"),
        ({}, {"request": request(), "file": "a.csv"}, "exactly one of 'file', 'table', 'query' and 'request'"),
        ({}, {"request": None, "table": "t"}, "a rest source has requests"),
        ({"type": "sqlite", "path": "a.db", "url": None}, {}, "'request' is for APIs"),
        ({}, {"load": "upsert", "key": ["id"], "cursor": {"column": "u"}}, "the cursor of an API needs 'parameter'"),
    ],
)
def test_what_a_mapping_may_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: dict[str, Any], obj: dict[str, Any], told: str
) -> None:
    found = problem(tmp_path, monkeypatch, connection, **obj)
    if told:
        assert told in found
        assert "crm.yml:" in found
    else:
        assert found == ""


def test_dagster_sees_the_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.defs.ingest.assets import _landing_asset, _source_asset

    assert problem(tmp_path, monkeypatch, {}) == ""
    workspace = Workspace(tmp_path / "w")
    (mapping,) = load_mappings(workspace, load_settings(workspace))
    (spec,) = _landing_asset(mapping, mapping.objects["o"]).specs
    assert str(spec.description).startswith("crm: API /o → payment / crm：接口 /o → payment")
    assert (spec.kinds, _source_asset(mapping).kinds) == ({"rest", "parquet"}, {"rest"})
