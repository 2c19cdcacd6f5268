"""Everything about one row: in quarantine now, or released from it."""

from __future__ import annotations

from typing import Any

from orchestration.lib.errors import DataError
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.releases import Release, Releases
from orchestration.lib.quarantine.advice import how_to_fix
from orchestration.lib.quarantine.rows import PENDING, held_rows, landed_row, one_row, unknown_row
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace


def tell_row(workspace: Workspace, asked: str) -> dict[str, Any]:
    """A row as it landed, why it is or was held back, and its releases. Personal values are tokens.

    Raises:
        DataError: no row has that id.
    """
    row = one_row(held_rows(workspace), asked)
    if row is None:
        return _released_row(workspace, asked)
    return {
        "quarantine_id": row.quarantine_id,
        "state": row.state,
        "source": f"{row.source_system}.{row.source_object}",
        "entity": row.entity,
        "feed": row.feed,
        "file": row.source_file,
        "row": row.source_row,
        "sha256": row.sha256,
        "rules": list(row.rules),
        "column": row.column,
        "value": row.raw_value,
        "reason": {"en": row.reason_en, "zh": row.reason_zh},
        "fix": how_to_fix(row.rule_id),
        "raw_row": landed_row(workspace, row.source_system, row.source_object, row.sha256, row.source_row),
        "releases": [_plain(one) for one in Releases(workspace).of(row.quarantine_id)],
    }


def _released_row(workspace: Workspace, asked: str) -> dict[str, Any]:
    """A row that is not in quarantine (any more), as far as it was ever released."""
    several = [one for one in Releases(workspace).all() if one.quarantine_id.startswith(asked)]
    if len({one.quarantine_id for one in several}) != 1:
        raise unknown_row(asked)
    last = several[-1]
    batch = Ledger(workspace).find(last.source_system, last.source_object, last.sha256)
    if batch is None:
        raise DataError(f"the landed copy of {last.source_file} is gone")
    return {
        "quarantine_id": last.quarantine_id,
        "state": _state(workspace, last),
        "source": f"{last.source_system}.{last.source_object}",
        "entity": last.feed.partition("#")[0],
        "feed": last.feed,
        "file": batch.source_file,
        "row": last.source_row,
        "sha256": last.sha256,
        "rules": [],
        "column": None,
        "value": None,
        "reason": None,
        "fix": None,
        "raw_row": landed_row(workspace, last.source_system, last.source_object, last.sha256, last.source_row),
        "releases": [_plain(one) for one in several],
    }


def _state(workspace: Workspace, last: Release) -> str:
    with connect(workspace, read_only=True) as connection:
        found = connection.execute(
            "SELECT outcome FROM canonical.release WHERE release_id = ?", [last.release_id]
        ).fetchone()
    if found is not None:
        return str(found[0]) if last.is_active else "revoked_pending"
    return PENDING if last.is_active else "gone"


def _plain(one: Release) -> dict[str, Any]:
    return {
        "release_id": one.release_id,
        "released_at": one.released_at.isoformat(),
        "user": one.user,
        "reason": one.reason,
        "rules": list(one.rules),
        "waived": list(one.waived),
        "changes": dict(one.changes),
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        "revoked_by": one.revoked_by,
        "revoked_because": one.revoked_because,
    }
