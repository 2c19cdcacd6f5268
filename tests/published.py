"""Reads the published snapshot as any outside program would: the pointer, then Parquet."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.oracles.demo_metrics import Cell


class Published:
    """The current snapshot of a workspace, or an earlier one."""

    def __init__(self, workspace: Path, snapshot_id: str | None = None) -> None:
        folder = workspace / ".triloop" / "published"
        self.snapshot_id = snapshot_id or (folder / "CURRENT").read_text(encoding="utf-8").strip()
        self.folder = folder / self.snapshot_id
        self.manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table; decimals as Decimal, dates as date."""
        return list(pq.read_table(self.folder / "tables" / f"{table}.parquet").to_pylist())

    def sides(self, metric: str, variant: str, basis: str | None) -> dict[Cell, tuple[Decimal, Decimal | None, Any]]:
        """Numerator, denominator and value of a metric, in total and by channel, over all time and by month."""
        found: dict[Cell, tuple[Decimal, Decimal | None, Any]] = {}
        for row in self.rows("metric_value"):
            if (row["metric_id"], row["variant"], row["basis"]) != (metric, variant, basis):
                continue
            if row["cut"] not in {"total", "channel"} or row["period_kind"] not in {"month", "all"}:
                continue
            channel = None if row["cut"] == "total" else bare(row["channel_id"])
            month: date | None = row["period_start"] if row["period_kind"] == "month" else None
            cell = Cell(channel, month)
            assert cell not in found, f"{metric} has {cell} twice"
            found[cell] = (row["numerator"], row["denominator"], row["value"])
        return found


def bare(key: str | None) -> str:
    """``crm:paid_search`` → ``paid_search``; empty for none."""
    return "" if key is None else key.partition(":")[2] or key
