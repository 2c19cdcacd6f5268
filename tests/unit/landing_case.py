"""A workspace with one source of files or one database, for the tests of landing and of the vault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.contract import Label
from orchestration.lib.landing import Batch, LandResult, Ledger, land_object
from orchestration.lib.mapping.model import ColumnRule, Connection, Feed, Format, SourceMapping, SourceObject
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace

KEY = "a-key-for-the-tests-of-landing-0123456789"


@dataclass(frozen=True)
class Case:
    """A workspace, and how to put files in, map them and land them."""

    workspace: Workspace

    @property
    def inbox(self) -> Path:
        return self.workspace.inbox_dir / "crm"

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.workspace)

    def put(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def land(self, said: list[str] | None = None, **how: Any) -> LandResult:
        """Land the object ``leads``; see :func:`source_object` for ``how``."""
        connection = how.pop("connection", Connection("files", "inbox/crm"))
        obj = source_object(**how)
        mapping = SourceMapping(
            source="crm",
            label=Label(en="CRM", zh="客户管理"),
            file=self.workspace.mappings_dir / "crm.yml",
            connection=connection,
            timezone="Asia/Shanghai",
            references={},
            utm_rules=(),
            objects={"leads": obj},
        )
        progress = None if said is None else said.append
        return land_object(self.workspace, load_settings(self.workspace), mapping, obj, progress=progress)


def source_object(
    *,
    used: Iterable[str] = (),
    personal: dict[str, str] | None = None,
    keep: Iterable[str] = (),
    file: str | None = "*.csv",
    table: str | None = None,
    query: str | None = None,
    sheet: str | int | None = None,
    load: str = "append",
    **layout: Any,
) -> SourceObject:
    """An object that uses the columns ``used``; ``layout`` is the format of its text (and ``snapshot_per``)."""
    per = layout.pop("snapshot_per", "file")
    rules = {f"c{number}": ColumnRule(name=f"c{number}", line=1, column=one) for number, one in enumerate(used)}
    feed = Feed(entity="lead", name="lead", line=1, columns=rules)
    return SourceObject(
        name="leads",
        load=load,  # type: ignore[arg-type]
        line=7,
        file=None if table or query else file,
        table=table,
        query=query,
        sheet=sheet,
        format=Format(**layout),
        snapshot_per=per,
        keep=tuple(keep),
        feeds={"lead": (feed,)},
        privacy=personal or {},  # type: ignore[arg-type]
    )


def rows(batch: Batch) -> list[tuple[Any, ...]]:
    """What landed, in the order of the file itself."""
    with duckdb.connect() as connection:
        return connection.execute(f"select * from read_parquet('{batch.landed_path}')").fetchall()


def new_case(root: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A fresh workspace at ``root`` with a vault key in the environment."""
    monkeypatch.setenv("TRILOOP_VAULT_KEY", KEY)
    monkeypatch.delenv("TRILOOP_WORKSPACE", raising=False)
    root.mkdir(parents=True, exist_ok=True)
    (root / "triloop.yml").write_text("company: {name: Test}\n", encoding="utf-8")
    case = Case(Workspace(root))
    case.inbox.mkdir(parents=True)
    return case
