"""``triloop metrics``: published metrics by any published cut, exact to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import (
    Format,
    FormatOption,
    JsonOption,
    LangOption,
    RoleOption,
    SnapshotOption,
    WorkspaceOption,
    plain,
    print_csv,
    print_json,
    print_table,
)
from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.publish.definitions import Definition
    from orchestration.lib.publish.metric_view import Answer
    from orchestration.lib.publish.reader import Snapshot

COMPARISONS = ("prev", "yoy")


def metrics(
    *,
    metric: Annotated[str | None, typer.Option("-m", "--metric", help="metrics, with commas: cac,channel_roi")] = None,
    by: Annotated[str | None, typer.Option("-b", "--by", help="cut by dimensions and a period: channel,month")] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="only these: channel=paid_search,month=2024-05,model=first")
    ] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", help="prev (the period before) or yoy (a year earlier)")
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="month, quarter, half_year, year or all")] = None,
    every: Annotated[bool, typer.Option("--all", help="every variant, view, basis and model")] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="which metrics there are, and why one is not available")
    ] = False,
    explain: Annotated[str | None, typer.Option("--explain", help="what one metric means and how it is made")] = None,
    workspace: WorkspaceOption = None,
    snapshot: SnapshotOption = None,
    role: RoleOption = None,
    format: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Show published metrics, exact; all of them in total when none is named / 查看已发布指标."""
    language = choose_language(lang)
    output = Format.JSON if as_json else format
    if compare is not None and compare not in COMPARISONS:
        raise ConfigurationError(f"cannot compare with '{compare}'", hint=nearest(compare, COMPARISONS))
    wanted, cut, filters = split_words(metric), split_words(by), parse_where(where or [])
    opened = Workspace.open(workspace)
    from orchestration.lib.publish import open_snapshot
    from orchestration.lib.publish.definitions import find, read_definitions
    from orchestration.lib.publish.metric_view import (
        Question,
        ask,
        dimension_columns,
        offered_cuts,
        sort_words,
    )

    with open_snapshot(opened, snapshot, role=role) as found:
        definitions = read_definitions(found.definitions)
        if explain is not None:
            _explain(found, find(definitions, explain), language, output)
            return
        if list_:
            _list(found, definitions, language, output)
            return
        for name in wanted:
            find(definitions, name)
        missing = unavailable(found, wanted or [definition.metric_id for definition in definitions])
        # Asked for nothing in particular, show every metric that this cut is published for.
        dimensions = frozenset(sort_words(cut, filters, dimension_columns(found))[0])
        chosen = wanted or tuple(name for name, cuts in offered_cuts(definitions).items() if dimensions in cuts)
        question = Question(tuple(name for name in chosen if name not in missing), cut, filters, period, compare, every)
        answer = ask(found, question)
        if output is Format.TABLE:
            from orchestration.cli.metric_table import print_cells
            from orchestration.cli.restated_text import print_restated

            print_cells(found, answer, definitions, language)
            print_restated(found, answer, definitions, language)
        else:
            _data(found, answer, definitions, missing, output)
        if output is not Format.JSON:
            for name in missing:
                text = missing[name][language]
                typer.echo(f"{name}: {say('not_available', language)}: {text}", err=output is Format.CSV)


def split_words(text: str | None) -> tuple[str, ...]:
    """``a, b`` → (a, b)."""
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def parse_where(texts: Iterable[str]) -> dict[str, str]:
    """``channel=x,month=2024-05`` (also given several times) → {channel: x, month: 2024-05}.

    A comma that no name=… follows belongs to the value: ``channel=Fair, Shanghai``.

    Raises:
        ConfigurationError: something is not name=value.
    """
    found: dict[str, str] = {}
    for text in texts:
        last: str | None = None
        for part in text.split(","):
            name, separator, value = part.partition("=")
            if separator and name.strip().isidentifier():
                last = name.strip()
                found[last] = value.strip()
            elif last is not None:
                found[last] += "," + part
            else:
                raise ConfigurationError(f"'{part}' is not name=value", hint="write --where channel=paid_search")
    return found


def unavailable(snapshot: Snapshot, metric_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Metric → why no variant of it can be computed, by language."""
    if not snapshot.has("metric_availability"):
        return {}
    rows = snapshot.rows(
        "select metric_id, bool_or(is_available) as is_available, any_value(reason_en) as en, "
        "any_value(reason_zh) as zh from metric_availability group by metric_id"
    )
    asked = set(metric_ids)
    return {
        row["metric_id"]: {"en": row["en"] or "", "zh": row["zh"] or ""}
        for row in sorted(rows, key=lambda row: str(row["metric_id"]))
        if not row["is_available"] and row["metric_id"] in asked
    }


def _data(
    snapshot: Snapshot,
    answer: Answer,
    definitions: Sequence[Definition],
    missing: dict[str, dict[str, str]],
    output: Format,
) -> None:
    """Every field of the cells, numbers exact, one object or line per cell."""
    from orchestration.lib.publish.metric_view import FACTS, FLAVOURS
    from orchestration.lib.trace.restated import definition_of, is_restated, restatement_reasons

    def restated_because(row: dict[str, Any]) -> str | None:
        definition = definition_of(definitions, row) if is_restated(row) else None
        return ", ".join(restatement_reasons(snapshot, definition, answer, row)) if definition else None

    compared = ["compared_period_start", "compared_value", "change", "change_rate"] if answer.question.compare else []
    names = {column: column.removesuffix("_id") for column in answer.dimensions if answer.names.get(column)}
    columns = ["metric_id", *FLAVOURS, "cut", *answer.dimensions, *names.values(), "period_kind", "period_start"]
    columns += [*FACTS, "restated_because", *compared]
    rows = [
        {
            **dict.fromkeys(FACTS),  # a snapshot of an older version lacks some
            **row,
            **{name: answer.name_of(column, row[column]) for column, name in names.items()},
            "restated_because": restated_because(row),
        }
        for row in answer.rows
    ]
    if output is Format.CSV:
        print_csv(columns, rows)
        return
    print_json(
        {
            "rows": [{column: plain(row[column]) for column in columns} for row in rows],
            "not_available": [{"metric_id": name, "reason": reason} for name, reason in missing.items()],
        }
    )


def _list(snapshot: Snapshot, definitions: Sequence[Definition], lang: str, output: Format) -> None:
    missing = unavailable(snapshot, [definition.metric_id for definition in definitions])
    rows: list[dict[str, Any]] = [
        {
            "metric_id": definition.metric_id,
            "variant": definition.variant,
            "basis": definition.basis,
            "view": definition.view,
            "unit": definition.unit,
            "owner": definition.owner,
            "cuts": list(definition.cuts),
            "label": {"en": definition.text("label", "en"), "zh": definition.text("label", "zh")},
            "is_available": definition.metric_id not in missing,
            "reason": missing.get(definition.metric_id),
        }
        for definition in definitions
    ]
    if output is Format.JSON:
        print_json(rows)
        return
    if output is Format.CSV:
        print_csv(list(rows[0]) if rows else [], rows)
        return
    keys = ("metric", "label", "variant", "basis", "unit", "cuts", "state")
    print_table(
        [say(key, lang) for key in keys],
        [
            [
                row["metric_id"],
                row["label"][lang],
                row["variant"],
                row["basis"],
                say(f"unit.{row['unit']}", lang),
                ", ".join(row["cuts"]),
                f"{say('not_available', lang)}: {row['reason'][lang]}" if row["reason"] else say("available", lang),
            ]
            for row in rows
        ],
    )


def _by_entity(columns: Sequence[str], lang: str) -> list[tuple[str, list[str]]]:
    """Columns of the canonical model by entity, with the entity's label."""
    from orchestration.lib.contract import load_contract

    entities = load_contract().entities
    found: dict[str, list[str]] = {}
    for name in columns:
        entity, _, column = name.partition(".")
        found.setdefault(entity, []).append(column)
    return [
        (f"{entity} ({getattr(entities[entity].label, lang)})" if entity in entities else entity, names)
        for entity, names in found.items()
    ]


def _explain(snapshot: Snapshot, found: Sequence[Definition], lang: str, output: Format) -> None:
    missing = unavailable(snapshot, [found[0].metric_id])
    if output is Format.JSON:
        mine = [raw for raw in snapshot.definitions if raw["metric_id"] == found[0].metric_id]
        print_json({"definitions": mine, "not_available": missing.get(found[0].metric_id)})
        return
    for definition in found:
        flavour = ", ".join(part for part in (definition.variant, definition.view, definition.basis) if part)
        typer.echo(f"{definition.text('label', lang)}  {definition.metric_id} ({flavour})")
        typer.echo(f"  {say('formula', lang)}: {definition.text('formula', lang)}")
        typer.echo(f"  {say('grain', lang)}: {definition.text('grain', lang)}")
        typer.echo(f"  {say('unit', lang)}: {say(f'unit.{definition.unit}', lang)}")
        typer.echo(f"  {say('owner', lang)}: {say(f'owner.{definition.owner}', lang)}")
        typer.echo(f"  {say('cuts', lang)}: {', '.join(definition.cuts)}")
        if definition.text("caveat", lang):
            typer.echo(f"  {say('caveat', lang)}: {definition.text('caveat', lang)}")
        for name, side in (("numerator", definition.numerator), ("denominator", definition.denominator)):
            if side is None:
                continue
            typer.echo(f"  {say(name, lang)}: {side.formula}")
            for part in side.parts:
                condition = f" where {part.filter_sql}" if part.filter_sql else ""
                typer.echo(
                    f"    {part.name} = {part.aggregation}({part.expression}) from {part.table}{condition}, "
                    f"by {part.time_column}"
                )
        if definition.source_columns:
            typer.echo(f"  {say('source_columns', lang)}:")
            for entity, names in _by_entity(definition.source_columns, lang):
                typer.echo(f"    {entity}: {', '.join(names)}")
    for reason in missing.values():
        typer.echo(f"  {say('not_available', lang)}: {reason[lang]}")
