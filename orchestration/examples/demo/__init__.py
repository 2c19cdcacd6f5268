"""The demo: a small maker of medical devices, its four systems exported into an inbox."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile
from typing import Any

from orchestration.examples.demo.build import build, exports, write_all
from orchestration.examples.demo.faults import plant_currency_fault, plant_time_fault
from orchestration.examples.demo.fields import AS_OF
from orchestration.examples.demo.truth import tell

__all__ = ["MAPPINGS", "plant_currency_fault", "plant_time_fault", "truth", "write_demo"]

MAPPINGS = Path(__file__).parent / "mappings"
SETTINGS: dict[str, Any] = {
    "company": {"name": "云锐医疗（演示）", "currency": "CNY", "timezone": "Asia/Shanghai"},
    # the exports were made at the end of this day; without it "today" would drift away from the data
    "as_of": AS_OF,
    # advertising runs every day; no rates are quoted at weekends and in the holidays of a week
    "time": {
        "daily_sources": {"ads.media": {"every": "day"}, "erp.exchange_rates": {"every": "weekday", "gap_days": 5}}
    },
    "metrics": {"sales_hour_cost": 150},
}


def write_demo(workspace_root: Path, scale: int = 1, seed: int = 20240101) -> dict[str, Any]:
    """Fill ``inbox/`` and ``mappings/`` of a workspace; returns the settings that the demo wants in ``triloop.yml``.

    Args:
        scale: how many times 1,000 leads, 10,000 touches and 300 orders.
        seed: same scale and seed, same rows.
    """
    write_all(build(scale, seed), workspace_root / "inbox")
    target = workspace_root / "mappings"
    target.mkdir(parents=True, exist_ok=True)
    for mapping in sorted(MAPPINGS.glob("*.yml")):
        copyfile(mapping, target / mapping.name)
    return SETTINGS


def truth(scale: int = 1, seed: int = 20240101) -> dict[str, Any]:
    """What was planted, how many rows each file has, true identities and true causes (see ``truth.tell``)."""
    factory = build(scale, seed)
    for _ in exports(factory):
        pass
    return {**factory.planted, **tell(factory)}
