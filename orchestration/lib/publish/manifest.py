"""The manifest of a snapshot: what it holds, from which inputs and code, after which gates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.lib.errors import DataError

MANIFEST_FILE = "manifest.json"
DEFINITIONS_FILE = "metric_definitions.json"
FORMAT = 1


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TableEntry(_Model):
    """One Parquet file: ``sha256`` of its bytes, ``content_hash`` of what it says."""

    rows: int
    sha256: str
    content_hash: str
    columns: dict[str, str]


class GateEntry(_Model):
    """How one gate ended for the data of the snapshot: number of checks by status."""

    gate: str
    status: str
    checks: dict[str, int] = {}


class InputEntry(_Model):
    """One landed batch that the snapshot is made of."""

    ingest_id: str
    source_system: str
    source_object: str
    source_file: str
    sha256: str
    row_count: int


class Company(_Model):
    """What a reader needs to label money and periods."""

    name: str = ""
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    fiscal_year_start_month: int = 1


class Manifest(_Model):
    """``manifest.json``. ``created_at`` is UTC, ISO 8601."""

    format: int = FORMAT
    snapshot_id: str
    created_at: str
    run_id: str
    code_version: str
    settings_hash: str
    content_hash: str
    company: Company = Company()
    default_model: str = "position_based"
    as_of: str | None = None
    keys: dict[str, str] = {}  # entity → its key column, so that readers can follow ids to documents
    inputs: list[InputEntry] = []
    gates: list[GateEntry] = []
    tables: dict[str, TableEntry] = {}
    absent: dict[str, str] = {}  # table → why it is not in this snapshot
    roles: dict[str, list[str]] = {}

    @property
    def rows(self) -> int:
        return sum(entry.rows for entry in self.tables.values())

    def to_json(self) -> str:
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest in ``folder``.

    Raises:
        DataError: it is missing, not readable, or of a later version.
    """
    path = folder / MANIFEST_FILE
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(raw, dict) and int(raw.get("format", FORMAT)) > FORMAT:
            raise DataError(
                "the snapshot was written by a newer triloop", file=path, hint="upgrade triloop, then try again"
            )
        return Manifest.model_validate(raw)
    except FileNotFoundError as error:
        raise DataError(f"snapshot {folder.name} has no manifest", file=path) from error
    except (OSError, ValueError, ValidationError) as error:
        raise DataError(f"the manifest of snapshot {folder.name} is damaged", file=path) from error
