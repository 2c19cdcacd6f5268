"""Matches as people look at them: the list to review, one match with its evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration.lib.errors import DataError, nearest
from orchestration.lib.identity.tables import SCHEMA, TABLES
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace

DECISIONS = ("review", "merged", "rejected")
LEAST_ID = 4


@dataclass(frozen=True)
class Listed:
    """One row of ``identity.match``; see :mod:`.tables`."""

    match_id: str
    kind: str
    left_ref: str
    left_name: str
    right_ref: str
    right_name: str
    rule: str
    decision: str
    weight: Decimal | None
    probability: Decimal | None
    reason_en: str
    reason_zh: str
    evidence: list[dict[str, Any]]
    decided_by: str | None
    decided_on: str | None
    decided_reason: str | None

    def reason(self, language: str) -> str:
        """Why it was decided so."""
        return self.reason_zh if language == "zh" else self.reason_en


def matches(workspace: Workspace, *, decision: str | None = None, kind: str | None = None) -> list[Listed]:
    """All matches of a workspace, those with the most weight first.

    Raises:
        DataError: nobody has decided anything yet: the workspace has not been run.
    """
    conditions = ["($1 IS NULL OR decision = $1)", "($2 IS NULL OR kind = $2)"]
    return _read(workspace, " AND ".join(conditions), [decision, kind])


def match_of(workspace: Workspace, identifier: str) -> Listed:
    """The match whose id begins with ``identifier``.

    Raises:
        DataError: there is none, or more than one.
    """
    found = _read(workspace, "starts_with(match_id, $1)", [identifier])
    if len(identifier) >= LEAST_ID and len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise DataError(f"{len(found)} matches begin with '{identifier}'", hint="give more characters of the id")
    known = [one.match_id for one in _read(workspace, "true", [])]
    raise DataError(f"there is no match '{identifier}'", hint=nearest(identifier, known))


def _read(workspace: Workspace, condition: str, values: list[Any]) -> list[Listed]:
    columns = list(TABLES["match"][1])
    with connect(workspace, read_only=True) as connection:
        there = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = 'match'", [SCHEMA]
        ).fetchone()
        if not there or not there[0]:
            raise DataError("nobody has told who is who yet", hint=f"run: triloop run --workspace {workspace.root}")
        rows = connection.execute(
            f"SELECT {', '.join(columns)} FROM {SCHEMA}.match WHERE {condition} "
            "ORDER BY weight DESC NULLS LAST, left_ref, right_ref",
            values,
        ).fetchall()
    at = columns.index("evidence")
    return [Listed(**dict(zip(columns, row, strict=True)) | {"evidence": json.loads(row[at])}) for row in rows]
