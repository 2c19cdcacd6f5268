"""Published snapshots: versioned Parquet behind an atomic pointer, the only thing that readers read.

``.triloop/published/<snapshot id>/{tables/*.parquet, roles/<role>/, manifest.json, metric_definitions.json}`` and
``.triloop/published/CURRENT``. The writer is imported on first use, so that readers start fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestration.lib.publish.reader import Snapshot, open_snapshot
    from orchestration.lib.publish.writer import PublishResult, publish_snapshot

__all__ = ["PublishResult", "Snapshot", "open_snapshot", "publish_snapshot"]

_HOMES = {
    "PublishResult": "writer",
    "publish_snapshot": "writer",
    "Snapshot": "reader",
    "open_snapshot": "reader",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"orchestration.lib.publish.{_HOMES[name]}"), name)
