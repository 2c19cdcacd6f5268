"""What closed months reported of a value, beside what is true today."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import typer

from orchestration.cli.metric_table import shown_value
from orchestration.cli.text import member, say
from orchestration.lib.publish.definitions import Definition
from orchestration.lib.publish.metric_view import Answer
from orchestration.lib.publish.periods import Calendar
from orchestration.lib.publish.reader import Snapshot

SHOWN = 20


def reported_line(reported: Decimal, value: Decimal | None, unit: str, reasons: Sequence[str], lang: str) -> str:
    """``as reported 2.50 %, today 2.00 %: late touch, refund``."""
    why = (", " if lang == "en" else "、").join(say(f"restated.{reason}", lang) for reason in reasons)
    told = say("restated", lang, reported=shown_value(reported, unit), today=shown_value(value, unit))
    return f"{told}{': ' if lang == 'en' else '：'}{why}" if why else told


def print_restated(snapshot: Snapshot, answer: Answer, definitions: Sequence[Definition], lang: str) -> None:
    """One line per cell that closed months reported differently; nothing when there is none."""
    from orchestration.lib.trace.restated import definition_of, is_restated, restatement_reasons

    differing = [row for row in answer.rows if is_restated(row)]
    calendar = Calendar(snapshot.manifest.company.fiscal_year_start_month)
    for row in differing[:SHOWN]:
        definition = definition_of(definitions, row)
        if definition is None:
            continue
        place = [str(member(answer.name_of(column, row[column]), lang)) for column in answer.dimensions]
        place += [calendar.label(answer.period, row["period_start"])] if row["period_start"] is not None else []
        reasons = restatement_reasons(snapshot, definition, answer, row)
        where = f" ({', '.join(place)})" if place else ""
        line = reported_line(row["reported"], row["value"], definition.unit, reasons, lang)
        typer.echo(f"† {definition.text('label', lang)}{where}: {line}")
    if len(differing) > SHOWN:
        typer.echo(say("restated.more", lang, count=len(differing) - SHOWN))
