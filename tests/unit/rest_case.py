"""A source of type ``rest`` on a server of the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.lib.canonical import build_canonical
from orchestration.lib.landing import LandResult, land_object
from orchestration.lib.mapping import SourceMapping, load_mappings
from orchestration.lib.settings import load_settings
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace
from tests.rest_api import Api
from tests.unit.landing_case import new_case, rows

COLUMNS = {"payment_id": "id", "paid_on": "day", "amount": "amount", "currency": {"value": "CNY"}}


class RestCase:
    """A workspace whose source ``crm`` is the API; ``waited`` are the pauses that were made, none of them real."""

    def __init__(self, root: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workspace: Workspace = new_case(root, monkeypatch).workspace
        self.api, self._monkeypatch = api, monkeypatch
        self.said: list[str] = []
        self.waited: list[float] = []
        monkeypatch.setattr("orchestration.lib.landing.rest_client.time.sleep", self.waited.append)
        monkeypatch.setattr("orchestration.lib.landing.rest_client.random.uniform", lambda low, high: high)
        self.connection: dict[str, Any] = {"type": "rest", "url": api.url}
        self.object: dict[str, Any] = {"load": "snapshot", "key": ["id"], "keep": ["updated", "n"]}
        self.request: dict[str, Any] = {"path": "/payments"}
        self.columns: dict[str, Any] = dict(COLUMNS)

    def variable(self, name: str, value: str) -> None:
        self._monkeypatch.setenv(name, value)

    def mapping(self) -> SourceMapping:
        feeds = {"payment": {"columns": self.columns}}
        whole = {
            "source": "crm",
            "connection": self.connection,
            "timezone": "Asia/Shanghai",
            "objects": {"payments": {**self.object, "request": self.request, "feeds": feeds}},
        }
        self.workspace.mappings_dir.mkdir(exist_ok=True)
        file = self.workspace.mappings_dir / "crm.yml"
        file.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
        return load_mappings(self.workspace, load_settings(self.workspace))[0]

    def land(self) -> LandResult:
        mapping = self.mapping()
        settings = load_settings(self.workspace)
        return land_object(self.workspace, settings, mapping, mapping.objects["payments"], progress=self.said.append)

    def landed(self) -> list[dict[str, Any]]:
        """The rows of the newest content, by column."""
        batch = self.land().batches[-1]
        return [dict(zip(("_row", *batch.columns), row, strict=True)) for row in rows(batch)]

    def payments(self) -> list[tuple[str, str]]:
        """What is in canonical, after building it."""
        settings = load_settings(self.workspace)
        build_canonical(self.workspace, settings, [self.mapping()])
        with connect(self.workspace, read_only=True) as connection:
            return connection.execute(
                "select payment_id, amount::varchar from canonical.payment order by payment_id"
            ).fetchall()


def record(number: int, amount: str = "1.10", **more: Any) -> dict[str, Any]:
    """One record as the API holds it."""
    return {"id": number, "day": "2026-01-01", "amount": amount, "n": 1} | more
