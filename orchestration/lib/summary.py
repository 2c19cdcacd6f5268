"""The picture at the end of a run: what the channels brought, how the gates ended, what became of every row.

The gates, row accounts and quarantine are those of the working database, so a refused run shows why it was refused;
the figures are those of the published snapshot, which such a run leaves as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.lib.errors import DataError, TriloopError
from orchestration.lib.stage_times import StageTime
from orchestration.lib.summary_gates import BAD, GateLine, gate_lines
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

    from orchestration.lib.publish.reader import Snapshot

TOP_RULES = 5


@dataclass(frozen=True)
class ChannelLine:
    """One channel over all time, in functional currency; None where a metric has no value."""

    channel_id: str | None
    name: str | None
    cost: Decimal | None
    contribution: Decimal | None
    roi: Decimal | None
    leads: Decimal | None
    new_customers: Decimal | None
    cac: Decimal | None


@dataclass(frozen=True)
class RowLine:
    """What became of the rows of one source object for one entity."""

    source: str
    entity: str
    rows_in: int
    loaded: int
    quarantined: int
    merged: int
    filtered: int
    unchanged: int


@dataclass(frozen=True)
class QuarantineLine:
    """One rule that holds rows of one file back."""

    rule_id: str
    source_file: str
    first_row: int | None
    row_count: int
    reason: dict[str, str]


@dataclass(frozen=True)
class Summary:
    """Everything that the end of a run shows."""

    workspace: Path
    currency: str
    snapshot_id: str | None
    snapshot_path: Path | None
    snapshot_age_seconds: int | None
    channels: list[ChannelLine]
    total: ChannelLine | None
    gates: list[GateLine]
    rows: list[RowLine]
    quarantine: list[QuarantineLine]
    not_available: list[dict[str, Any]]
    notes: list[str]
    unusual: list[dict[str, Any]] = field(default_factory=list)
    """What is unusual in the latest closed month and nobody spoke of, most unusual first."""
    identity: dict[str, int] = field(default_factory=dict)
    """How many names and numbers were merged, stand for review, or were rejected by people."""
    stages: list[StageTime] = field(default_factory=list)
    """What each stage of the run took; empty when no run has just ended."""
    stopped: str | None = None
    """What stopped the run; None when it ended well."""

    @property
    def is_refused(self) -> bool:
        """A gate stopped the last run, so the figures are those of an earlier one."""
        return any(gate.status in BAD for gate in self.gates)


def build_summary(
    workspace: Workspace, failure: TriloopError | None = None, stages: Sequence[StageTime] = ()
) -> Summary:
    """The picture of a workspace as it is now. What cannot be read is a note, never an exception.

    Args:
        failure: what stopped the run that has just ended.
        stages: what its stages took.
    """
    notes: list[str] = []
    working = _working(workspace, notes)
    figures = _published(workspace, notes)
    stopped = failure.message if failure is not None else None
    return Summary(
        workspace=workspace.root,
        notes=notes,
        stages=list(stages),
        stopped=stopped,
        **working,
        **figures,
    )


def to_json(summary: Summary) -> dict[str, Any]:
    """The summary as plain data; decimals and paths as text."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return f"{value:f}" if isinstance(value, Decimal) else str(value) if isinstance(value, Path) else value

    told: dict[str, Any] = plain(asdict(summary))
    return {**told, "is_refused": summary.is_refused}


def render(summary: Summary, lang: str) -> None:
    """Print the summary in ``en`` or ``zh``."""
    from orchestration.cli.picture import draw

    draw(summary, lang)


def _working(workspace: Workspace, notes: list[str]) -> dict[str, Any]:
    from orchestration.lib.anomalies.listing import anomalies, as_json
    from orchestration.lib.contract import load_contract
    from orchestration.lib.publish.provenance import relations_of
    from orchestration.lib.publish.sources import DERIVED
    from orchestration.lib.warehouse import connect

    keys = {name: entity.key for name, entity in load_contract().entities.items()}
    try:
        with connect(workspace, read_only=True) as connection:
            relations = relations_of(connection)
            queries = {name: query(relations, keys) for name, query in DERIVED.items()}
            matches = "select decision, count(*) from identity.match group by 1 order by 1"
            return {
                "unusual": [as_json(one) for one in anomalies(workspace)],
                "gates": gate_lines(connection, queries["gate_result"], "gate.token" in relations),
                "rows": _rows(connection, queries["row_account"]),
                "quarantine": _quarantine(connection, queries["quarantine_summary"]),
                "identity": dict(connection.execute(matches).fetchall()) if "identity.match" in relations else {},
            }
    except TriloopError as error:
        notes.append(error.message)
        return {"gates": [], "rows": [], "quarantine": []}


def _rows(connection: duckdb.DuckDBPyConnection, query: str | None) -> list[RowLine]:
    counts = "rows_in", "loaded", "quarantined", "merged", "filtered", "unchanged"
    sums = ", ".join(f"sum({name})::bigint" for name in counts)
    found = connection.execute(
        f"select source_system || '.' || source_object, entity, {sums} from ({query}) group by all order by 1, 2"
    ).fetchall()
    return [RowLine(*row) for row in found]


def _quarantine(connection: duckdb.DuckDBPyConnection, query: str | None) -> list[QuarantineLine]:
    found = connection.execute(
        f"select rule_id, source_file, first_row, row_count, reason_en, reason_zh from ({query}) where row_count > 0 "
        f"order by row_count desc, source_file, rule_id limit {TOP_RULES}"
    ).fetchall()
    return [
        QuarantineLine(rule, file, first, count, {"en": english or "", "zh": chinese or ""})
        for rule, file, first, count, english, chinese in found
    ]


def _published(workspace: Workspace, notes: list[str]) -> dict[str, Any]:
    from orchestration.lib.publish.pointer import created_at
    from orchestration.lib.publish.reader import open_snapshot

    empty: dict[str, Any] = {
        "currency": "",
        "snapshot_id": None,
        "snapshot_path": None,
        "snapshot_age_seconds": None,
        "channels": [],
        "total": None,
        "not_available": [],
    }
    try:
        with open_snapshot(workspace) as snapshot:
            age = datetime.now(UTC) - created_at(snapshot.snapshot_id)
            return {
                "currency": snapshot.manifest.company.currency,
                "snapshot_id": snapshot.snapshot_id,
                "snapshot_path": snapshot.folder,
                "snapshot_age_seconds": max(int(age.total_seconds()), 0),
                "channels": _channels(snapshot, ("channel",)),
                "total": next(iter(_channels(snapshot, ())), None),
                "not_available": _not_available(snapshot),
            }
    except DataError as error:
        notes.append(error.message)
        return empty


def _channels(snapshot: Snapshot, by: tuple[str, ...]) -> list[ChannelLine]:
    """Cost, return and customers per channel (or in total), all from metric_value."""
    from orchestration.lib.publish.definitions import read_definitions
    from orchestration.lib.publish.metric_view import Question, ask, offered_cuts

    offered = offered_cuts(read_definitions(snapshot.definitions))
    metrics = tuple(
        name
        for name in ("channel_roi", "marketing_spend", "leads", "cac")
        if frozenset(by) in offered.get(name, frozenset())
    )
    answer = ask(snapshot, Question(metrics, by))
    cells: dict[str | None, dict[str, dict[str, Any]]] = {}
    for row in answer.rows:
        member = row["channel_id"] if by else None
        cells.setdefault(member, {}).setdefault(row["metric_id"], row)
    lines = []
    for member, found in cells.items():
        roi, spend, cac = found.get("channel_roi"), found.get("marketing_spend"), found.get("cac")
        lines.append(
            ChannelLine(
                channel_id=member,
                name=answer.name_of("channel_id", member) if by else None,
                cost=roi["denominator"] if roi else spend["value"] if spend else None,
                contribution=roi["numerator"] + roi["denominator"] if roi else None,
                roi=roi["value"] if roi else None,
                leads=found["leads"]["value"] if "leads" in found else None,
                new_customers=cac["denominator"] if cac else None,
                cac=cac["value"] if cac else None,
            )
        )
    return sorted(lines, key=lambda line: (-(line.contribution or line.cost or Decimal(0)), str(line.name)))


def _not_available(snapshot: Snapshot) -> list[dict[str, Any]]:
    if not snapshot.has("metric_availability"):
        return []
    return [
        {"metric_id": row["metric_id"], "reason": {"en": row["reason_en"] or "", "zh": row["reason_zh"] or ""}}
        for row in snapshot.rows(
            "select metric_id, any_value(reason_en) as reason_en, any_value(reason_zh) as reason_zh "
            "from metric_availability group by metric_id having not bool_or(is_available) order by metric_id"
        )
    ]
