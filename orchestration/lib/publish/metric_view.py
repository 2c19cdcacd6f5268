"""Cells of ``metric_value``: what ``triloop metrics`` and the run summary show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.publish.content import quote
from orchestration.lib.publish.definitions import Definition, read_definitions
from orchestration.lib.publish.periods import KINDS, MONTHS, Calendar
from orchestration.lib.publish.reader import Snapshot

FLAVOURS = ("variant", "view", "basis", "model")
FACTS = ("numerator", "denominator", "value", "value_low", "value_high", "n", "is_mature", "reported")
_FIXED = {"metric_id", "cut", "period_kind", "period_start", *FLAVOURS, *FACTS}
# Without a wish of the user these are shown where a metric has several; every other flavour is one option away.
_PREFERRED = {"variant": ("standard", "direct"), "view": ("period",), "basis": ("invoiced",), "model": ()}


@dataclass(frozen=True)
class Question:
    """What the user asks for. ``by`` and ``where`` use dimension names (channel, campaign …) and period names."""

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    period: str | None = None
    compare: str | None = None
    every_flavour: bool = False


@dataclass(frozen=True)
class Answer:
    """Cells as rows of metric_value; when compared with ``compared_period_start``, ``compared_value``, ``change`` and
    ``change_rate`` too. ``names`` maps a dimension column's values to display names."""

    question: Question
    dimensions: tuple[str, ...]
    period: str
    rows: list[dict[str, Any]]
    names: Mapping[str, Mapping[str, str]]

    def name_of(self, column: str, value: Any) -> str | None:
        """Display name of a dimension's value; its id when it has none; None for what belongs to no member."""
        return self.names.get(column, {}).get(value, value) if value is not None else None


def dimension_columns(snapshot: Snapshot) -> dict[str, str]:
    """Dimension name → column of metric_value (``channel`` → ``channel_id``)."""
    return {column.removesuffix("_id"): column for column in snapshot.columns("metric_value") if column not in _FIXED}


def cut_dimensions(cut: str) -> frozenset[str]:
    """The dimensions of a cut: ``total`` → none, ``channel+campaign`` → both."""
    return frozenset() if cut == "total" else frozenset(cut.split("+"))


def ask(snapshot: Snapshot, question: Question) -> Answer:
    """Answer a question from the snapshot.

    Raises:
        ConfigurationError: an unknown dimension, period, value or cut; names the nearest.
    """
    known = dimension_columns(snapshot)
    calendar = Calendar(snapshot.manifest.company.fiscal_year_start_month)
    wanted, flavours, periods = sort_words(question.by, question.where, known)
    period = _period(question, periods)
    start = calendar.parse(period, question.where[period]) if period in question.where else None
    cut = _cut(read_definitions(snapshot.definitions), question.metrics, wanted)
    names = {name: _names(snapshot, name) for name in wanted}
    where = {word.removesuffix("_id"): value for word, value in question.where.items()}
    filters = {
        known[name]: _value(snapshot, name, where[name], column=known[name], names=names[name], cut=cut)
        for name in wanted
        if name in where
    }
    rows = _rows(snapshot, question, cut, period, filters)
    rows = _choose_flavours(snapshot, rows, flavours, question.every_flavour)
    if start is not None:
        rows = [row for row in rows if row["period_start"] == start]
    return Answer(
        question, tuple(known[name] for name in wanted), period, rows, {known[k]: v for k, v in names.items()}
    )


def sort_words(
    by: Sequence[str], where: Mapping[str, str], known: Mapping[str, str]
) -> tuple[list[str], dict[str, str], list[str]]:
    """Split what was asked into dimensions, flavours (variant, view, basis, model) and periods."""
    dimensions: list[str] = []
    flavours: dict[str, str] = {}
    periods: list[str] = []
    for word in (*by, *where):
        name = word.removesuffix("_id")
        if word in KINDS:
            periods.append(word)
        elif word in FLAVOURS and word in where:
            flavours[word] = where[word]
        elif name in known:
            if name not in dimensions:
                dimensions.append(name)
        else:
            options = (*known, *KINDS, *FLAVOURS)
            raise ConfigurationError(f"'{word}' is neither a dimension nor a period", hint=nearest(word, options))
    return dimensions, flavours, periods


def _period(question: Question, periods: Sequence[str]) -> str:
    if question.period is not None and question.period not in KINDS:
        raise ConfigurationError(f"'{question.period}' is not a period", hint=nearest(question.period, KINDS))
    named = set(periods) | ({question.period} if question.period else set())
    if len(named) > 1:
        raise ConfigurationError(
            f"one period at a time, not {', '.join(sorted(named))}", hint="ask once per period: -b channel,month"
        )
    period = named.pop() if named else "all"
    if question.compare and period not in MONTHS:
        raise ConfigurationError(
            "there is nothing to compare a total of all time with", hint="name a period too, for example: -b month"
        )
    return period


def offered_cuts(definitions: Iterable[Definition]) -> dict[str, frozenset[frozenset[str]]]:
    """Metric → the sets of dimensions it is published by."""
    found: dict[str, set[frozenset[str]]] = {}
    for definition in definitions:
        found.setdefault(definition.metric_id, set()).update(map(cut_dimensions, definition.cuts))
    return {metric: frozenset(cuts) for metric, cuts in found.items()}


def _cut(definitions: Sequence[Definition], metrics: Sequence[str], wanted: Sequence[str]) -> str:
    offered = offered_cuts(definitions)
    for metric in metrics:
        if frozenset(wanted) not in offered.get(metric, frozenset()):
            names = sorted(" + ".join(sorted(cut)) or "total" for cut in offered.get(metric, ()))
            raise ConfigurationError(
                f"{metric} is not published by {' + '.join(wanted) or 'total'}",
                hint=f"it is by: {'; '.join(names)}" if names else "see: triloop metrics --list",
            )
    every = (cut for definition in definitions if definition.metric_id in metrics for cut in definition.cuts)
    return next((cut for cut in every if cut_dimensions(cut) == frozenset(wanted)), "total")


def _names(snapshot: Snapshot, dimension: str) -> dict[str, str]:
    table, key = f"dim_{dimension}", f"{dimension}_id"
    if not snapshot.has(table) or not {key, "name"} <= set(snapshot.columns(table)):
        return {}
    return {row["id"]: row["name"] or row["id"] for row in snapshot.rows(f"select {key} as id, name from {table}")}


def _value(
    snapshot: Snapshot, dimension: str, text: str, *, column: str, names: Mapping[str, str], cut: str
) -> str | None:
    """The id that a user means: the id itself, its part after the source, or the display name."""
    found = snapshot.rows(f"select distinct {quote(column)} as id from metric_value where cut = ?", [cut])
    ids = [row["id"] for row in found if row["id"] is not None]
    if text in ids:
        return text
    if text.lower() in ("", "–", "-", "null", "none") and len(ids) < len(found):
        return None
    folded = text.casefold()
    fits = [
        one
        for one in ids
        if folded in (one.casefold(), one.partition(":")[2].casefold(), names.get(one, "").casefold())
    ]
    if len(fits) == 1:
        return str(fits[0])
    if fits:
        raise ConfigurationError(f"'{text}' fits several: {', '.join(sorted(fits))}", hint="write the whole id")
    options = {*ids, *(names[one] for one in ids if one in names)}
    raise ConfigurationError(f"there is no {dimension} '{text}'", hint=nearest(text, options))


def _rows(
    snapshot: Snapshot, question: Question, cut: str, period: str, filters: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    if not question.metrics:
        return []
    relation = "metric_value"
    if question.compare:
        from orchestration.lib.metrics.compare import comparison_sql

        own = dimension_columns(snapshot).values()
        relation = f"({comparison_sql('metric_value', question.compare, own)})"
    conditions = "".join(f" and {quote(column)} is not distinct from ?" for column in filters)
    return snapshot.rows(
        f"select * from {relation} where metric_id in ({', '.join('?' * len(question.metrics))}) and cut = ? "
        f"and period_kind = ?{conditions} order by all",
        [*question.metrics, cut, period, *filters.values()],
    )


def _choose_flavours(
    snapshot: Snapshot, rows: list[dict[str, Any]], wished: Mapping[str, str], every: bool
) -> list[dict[str, Any]]:
    """Keep what was asked for, else one flavour per metric, so that no number stands there twice."""
    for column in FLAVOURS:
        kept = []
        for metric in dict.fromkeys(row["metric_id"] for row in rows):
            mine = [row for row in rows if row["metric_id"] == metric]
            offered = sorted({row[column] for row in mine if row[column] is not None})
            if column in wished:
                # A metric that knows no such flavour (spend has no model) is not what the wish is about.
                if offered and wished[column] not in offered:
                    raise ConfigurationError(
                        f"{metric} has no {column} '{wished[column]}'", hint=nearest(wished[column], offered)
                    )
                mine = [row for row in mine if row[column] in (wished[column], None) or not offered]
            elif not every and len({row[column] for row in mine}) > 1:
                choice = default_flavour(snapshot, column, offered)
                if choice is not None:
                    mine = [row for row in mine if row[column] == choice]
            kept += mine
        rows = kept
    return rows


def default_flavour(snapshot: Snapshot, column: str, offered: Sequence[str]) -> str | None:
    """Which variant, view, basis or model is shown when the user names none; None shows them all."""
    preferred = (snapshot.manifest.default_model,) if column == "model" else _PREFERRED[column]
    return next((choice for choice in preferred if choice in offered), None)
