"""Why a value is told differently today than closed months reported it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestration.lib.publish.definitions import Definition
from orchestration.lib.publish.metric_view import Answer
from orchestration.lib.publish.reader import Snapshot
from orchestration.lib.trace.cell import cell_conditions

CREDITS, RESTATED = "attribution_credit", "attribution_restatement"


def is_restated(cell: Mapping[str, Any]) -> bool:
    """Whether what was reported of a cell of ``metric_value`` is not what is true today.

    A metric that is never restated has no reported value, nor has a snapshot that an older version published; a ratio
    that had nothing to divide by when it was reported cannot be told from them.
    """
    return cell.get("reported") is not None and cell["reported"] != cell["value"]


def definition_of(definitions: Iterable[Definition], cell: Mapping[str, Any]) -> Definition | None:
    """The definition that a cell follows."""
    wanted = tuple(cell[name] for name in ("metric_id", "variant", "basis", "view"))
    return next((one for one in definitions if (one.metric_id, one.variant, one.basis, one.view) == wanted), None)


def restatement_reasons(
    snapshot: Snapshot, definition: Definition, answer: Answer, cell: Mapping[str, Any]
) -> tuple[str, ...]:
    """The reasons of the restated credits that count in a cell, sorted; none where the reader may not see them."""
    if not snapshot.has(RESTATED):
        return ()
    found: set[str] = set()
    for side in (definition.numerator, definition.denominator):
        for part in side.parts if side else ():
            if part.table != CREDITS:
                continue
            conditions, values = cell_conditions(snapshot, part, cell, answer)
            # a restatement is the second version of a credit, by the model that the cell is of
            credits = f"select *, difference as amount, 2 as version, model = ? as is_default_model from {RESTATED}"
            rows = snapshot.rows(
                f"select distinct reason from ({credits}) where {conditions}", [cell["model"], *values]
            )
            found.update(row["reason"] for row in rows)
    return tuple(sorted(found))
