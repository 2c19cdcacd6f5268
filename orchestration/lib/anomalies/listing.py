"""What is unusual, as people read it: from the working database, so that a run that was refused shows it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from orchestration.lib import warehouse
from orchestration.lib.errors import DataError, nearest
from orchestration.lib.workspace import Workspace

SHOWN = ("unusual",)
EVERY = ("unusual", "acknowledged", "muted")


@dataclass(frozen=True)
class Mover:
    """A member (or file) that moved a value: its value and usual value, and what the difference did to the whole."""

    cut: str
    member: str | None
    value: Decimal | None
    usual: Decimal | None
    effect: Decimal


@dataclass(frozen=True)
class Anomaly:
    """One judged month of a series; ``score`` in robust standard deviations, None where the history never varied."""

    anomaly_id: str
    series_id: str
    kind: str
    metric_id: str
    variant: str
    basis: str | None
    cut: str
    member: str | None
    month: date
    value: Decimal
    expected: Decimal
    change: Decimal
    change_rate: Decimal | None
    score: Decimal | None
    history: int
    status: str
    said: str | None
    content: str
    movers: list[Mover] = field(default_factory=list)


_COLUMNS = [name for name in Anomaly.__dataclass_fields__ if name != "movers"]


def anomalies(workspace: Workspace, statuses: Sequence[str] = SHOWN) -> list[Anomaly]:
    """Anomalies of these statuses, the most unusual first; none where the run never came so far."""
    if not _is_there(workspace):
        return []
    with warehouse.connect(workspace, read_only=True) as database:
        rows = database.execute(
            f"select {', '.join(_COLUMNS)} from metrics.metric_anomaly where status in "
            f"({', '.join('?' * len(statuses))}) order by abs(score) desc nulls first, anomaly_id",
            list(statuses),
        ).fetchall()
        moved: dict[str, list[Mover]] = {}
        for anomaly_id, *values in database.execute(
            "select anomaly_id, mover_cut, mover, value, usual, effect from metrics.anomaly_mover "
            "order by anomaly_id, abs(effect) desc, mover_cut, mover"
        ).fetchall():
            moved.setdefault(anomaly_id, []).append(Mover(*values))
    found = [Anomaly(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
    for one in found:
        one.movers.extend(moved.get(one.anomaly_id, ()))
    return found


def anomaly_of(workspace: Workspace, anomaly_id: str) -> Anomaly:
    """One anomaly by its id.

    Raises:
        DataError: there is none; names the nearest.
    """
    found = {one.anomaly_id: one for one in anomalies(workspace, EVERY)}
    if anomaly_id not in found:
        hint = nearest(anomaly_id, found) if found else "nothing is unusual at present"
        raise DataError(f"there is no anomaly '{anomaly_id}'", hint=hint)
    return found[anomaly_id]


def trace_command(one: Anomaly) -> str | None:
    """What to type to see the rows behind it; None for a source."""
    if one.kind != "metric":
        return None
    where = ",".join(f"{name}={value}" for name, value in trace_where(one).items())
    return f"triloop trace {one.metric_id} --where {where}"


def trace_where(one: Anomaly) -> dict[str, str]:
    """Which cell of ``metric_value`` it is, as ``triloop trace`` takes it."""
    where = {"month": f"{one.month:%Y-%m}"}
    if one.cut != "total":
        where[one.cut] = one.member or ""
    if one.variant != "standard":
        where["variant"] = one.variant
    if one.basis is not None:
        where["basis"] = one.basis
    return where


def months_before(workspace: Workspace, one: Anomaly) -> list[tuple[date, Decimal | None]]:
    """The months before it and itself, as they were judged, the earliest first."""
    with warehouse.connect(workspace, read_only=True) as database:
        found = database.execute(
            "select month, value from metrics.anomaly_series where series_id = ? order by month", [one.series_id]
        ).fetchall()
    return [(month, value) for month, value in found]


def judged_count(workspace: Workspace) -> int | None:
    """How many series the last run judged; None where no run came so far."""
    if not _is_there(workspace):
        return None
    with warehouse.connect(workspace, read_only=True) as database:
        [(count,)] = database.execute("select count(*) from metrics.metric_anomaly").fetchall()
    return int(count)


def series_ids(workspace: Workspace) -> set[str]:
    """What can be muted: each watched series, and each metric or source as a whole."""
    if not _is_there(workspace):
        return set()
    with warehouse.connect(workspace, read_only=True) as database:
        found = database.execute("select distinct series_id, metric_id from metrics.metric_anomaly").fetchall()
    return {name for row in found for name in row}


def _is_there(workspace: Workspace) -> bool:
    with warehouse.connect(workspace, read_only=True) as database:
        return bool(
            database.execute(
                "select 1 from duckdb_tables() where schema_name = 'metrics' and table_name = 'metric_anomaly'"
            ).fetchone()
        )


def markdown(found: Sequence[Anomaly]) -> str:
    """A table for Dagster, in both languages; '' for nothing."""
    if not found:
        return ""
    lines = [
        "| what / 内容 | value / 数值 | usual / 通常 | change / 变动 | moved by / 变动来源 |",
        "|---|---:|---:|---:|---|",
    ]
    for one in found:
        rate = "" if one.change_rate is None else f" ({one.change_rate * 100:+.0f} %)"
        movers = "; ".join(f"{mover.cut} {mover.member}: {mover.effect:+,.2f}" for mover in one.movers[:3])
        lines.append(
            f"| `{one.anomaly_id}` | {one.value:,.2f} | {one.expected:,.2f} | {one.change:+,.2f}{rate} | "
            f"{_cell(movers)} |"
        )
    return "\n".join([*lines, "", "`triloop anomalies show ID`, `acknowledge ID --reason …`, `mute …`"])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def as_json(one: Anomaly) -> dict[str, Any]:
    """Plain data: decimals and days as text."""

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"{value.normalize():f}"
        return value.isoformat() if isinstance(value, date) else value

    told = {name: plain(getattr(one, name)) for name in _COLUMNS}
    movers = [{key: plain(value) for key, value in vars(mover).items()} for mover in one.movers]
    return {**told, "movers": movers}
