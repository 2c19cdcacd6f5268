"""``triloop anomalies``: what is unusual in the latest closed month, what moved it, and what people say of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from orchestration.cli.anomalies_text import tell
from orchestration.cli.output import (
    NULL_MARK,
    JsonOption,
    LangOption,
    WorkspaceOption,
    group_digits,
    print_json,
    print_table,
)
from orchestration.cli.text import choose_language
from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.workspace import Workspace

app = typer.Typer(
    name="anomalies",
    help="Unusual values: list, show, acknowledge, mute, unmute / 异常波动：列出、查看、确认、静音、恢复",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="the anomaly's id, as the list shows it")]
SeriesArgument = Annotated[
    str, typer.Argument(metavar="SERIES", help="a series (an id without its month) or a whole metric")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="why; kept with your name")]


@app.command("list")
def list_anomalies(
    workspace: WorkspaceOption = None,
    every: Annotated[bool, typer.Option("--all", help="those acknowledged or muted too")] = False,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """What is unusual, most unusual first / 列出异常，最异常者在前."""
    from orchestration.lib.anomalies.listing import EVERY, SHOWN, anomalies, judged_count
    from orchestration.lib.anomalies.listing import as_json as data

    language = choose_language(lang)
    opened = Workspace.open(workspace)
    found = anomalies(opened, EVERY if every else SHOWN)
    if as_json:
        print_json([data(one) for one in found])
        return
    if not found:
        judged = judged_count(opened)
        typer.echo(tell("never", language) if judged is None else tell("none", language, judged=f"{judged:,}"))
        return
    print_table(
        [tell(key, language) for key in ("id", "value", "usual", "change", "score", "status", "movers")],
        [
            [
                one.anomaly_id,
                _number(one.value),
                _number(one.expected),
                _rate(one.change_rate),
                _number(one.score),
                tell(one.status, language) + (f": {one.said}" if one.said else ""),
                "; ".join(f"{mover.cut} {mover.member}" for mover in one.movers[:2]),
            ]
            for one in found
        ],
        right=(1, 2, 3, 4),
    )
    typer.echo(f"({tell('score', language)}: {tell('score_unit', language)})")


@app.command("show")
def show(
    anomaly: IdArgument,
    workspace: WorkspaceOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="rows shown per part")] = 5,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """One of them: the months before, what moved it, and the rows behind it / 查看一项：历史、变动来源与明细."""
    from orchestration.lib.anomalies.listing import anomaly_of, months_before
    from orchestration.lib.anomalies.listing import as_json as data

    language = choose_language(lang)
    opened = Workspace.open(workspace)
    found = anomaly_of(opened, anomaly)
    months = months_before(opened, found)
    if as_json:
        print_json({**data(found), "months": [{"month": month, "value": value} for month, value in months]})
        return
    typer.echo(
        f"{found.anomaly_id}: {_number(found.value)} ({tell('usual', language)} {_number(found.expected)}, "
        f"{_rate(found.change_rate)}) - {tell(found.status, language)}" + (f": {found.said}" if found.said else "")
    )
    print_table(
        [tell("month", language), tell("value", language)],
        [[f"{month:%Y-%m}", _number(value)] for month, value in months],
        right=(1,),
        title=f"\n{tell('history', language)}",
    )
    if found.movers:
        print_table(
            [tell(key, language) for key in ("cut", "member", "value", "usual", "effect")],
            [
                [one.cut, one.member or NULL_MARK, *(_number(part) for part in (one.value, one.usual, one.effect))]
                for one in found.movers
            ],
            right=(2, 3, 4),
            title=f"\n{tell('movers', language)}",
        )
    _rows(opened, found, limit, language)


@app.command("acknowledge")
def acknowledge(
    anomaly: IdArgument,
    workspace: WorkspaceOption = None,
    reason: ReasonOption = "",
    lang: LangOption = None,
) -> None:
    """Say that a value is right, as it stands now / 确认当前数值属实."""
    from orchestration.lib.anomalies.listing import anomaly_of
    from orchestration.lib.anomalies.words import ANOMALY

    opened = Workspace.open(workspace)
    found = anomaly_of(opened, anomaly)
    user = _note(opened, ANOMALY, found.anomaly_id, found.content, reason)
    typer.echo(tell("done", choose_language(lang), anomaly=found.anomaly_id, user=user))


@app.command("mute")
def mute(
    series: SeriesArgument,
    workspace: WorkspaceOption = None,
    reason: ReasonOption = "",
    until: Annotated[str | None, typer.Option("--until", help="last day of the mute, YYYY-MM-DD")] = None,
    lang: LangOption = None,
) -> None:
    """Do not tell of a series or a whole metric / 不再提示某个序列或整个指标."""
    from orchestration.lib.anomalies.words import ALWAYS, MUTE

    language = choose_language(lang)
    opened = Workspace.open(workspace)
    _require_series(opened, series)
    if until is not None:
        try:
            date.fromisoformat(until)
        except ValueError:
            raise ConfigurationError(f"'{until}' is not a day", hint="write it as YYYY-MM-DD") from None
    user = _note(opened, MUTE, series, until or ALWAYS, reason)
    told = tell("until", language, day=until) if until else tell("for_good", language)
    typer.echo(tell("mute_done", language, series=series, user=user, until=told))


@app.command("unmute")
def unmute(series: SeriesArgument, workspace: WorkspaceOption = None, lang: LangOption = None) -> None:
    """Tell of it again / 恢复提示."""
    from orchestration.lib.anomalies.words import ALWAYS, MUTE, UNMUTE, said
    from orchestration.lib.landing.acknowledgements import acknowledgements
    from orchestration.lib.landing.ledger import Ledger

    opened = Workspace.open(workspace)
    muted = [one.subject for one in said(acknowledgements(Ledger(opened))) if one.kind == MUTE]
    if series not in muted:
        raise DataError(f"'{series}' is not muted", hint=nearest(series, muted) if muted else "nothing is")
    _note(opened, UNMUTE, series, ALWAYS, "unmuted")
    typer.echo(tell("unmute_done", choose_language(lang), series=series))


def _rows(workspace: Workspace, found: Any, limit: int, lang: str) -> None:
    """The largest rows behind a metric's cell, with their files; told why where there are none to show."""
    from orchestration.cli.trace import print_cell
    from orchestration.lib.anomalies.listing import trace_command, trace_where
    from orchestration.lib.publish import open_snapshot
    from orchestration.lib.trace import sources_of, trace_cell

    command = trace_command(found)
    if command is None:
        return
    typer.echo(f"\n{tell('rows', lang)}")
    try:
        with open_snapshot(workspace) as snapshot:
            traced = trace_cell(snapshot, found.metric_id, trace_where(found), limit=limit)
            documents = {
                (side.name, part.part.name): sources_of(snapshot, part.rows, part.part.table)
                for side in traced.sides
                for part in side.parts
            }
    except (ConfigurationError, DataError) as error:
        typer.echo(f"  {tell('no_rows', lang, reason=error.message)}")
        return
    print_cell(workspace, traced, documents, False, lang)


def _note(workspace: Workspace, kind: str, subject: str, content: str, reason: str) -> str:
    from orchestration.defs.who_why import account
    from orchestration.lib.landing.acknowledgements import acknowledge as note
    from orchestration.lib.landing.ledger import Ledger

    if not reason.strip():
        raise ConfigurationError("a word on an anomaly needs a reason", hint="add --reason 'why this is right'")
    with workspace.writer_lock("anomalies"):
        user = account()
        # of a subject the latest word stands, so a mute said again replaces the one before
        note(Ledger(workspace), kind=kind, subject=subject, content=content, reason=reason.strip(), user=user)
    return user


def _require_series(workspace: Workspace, series: str) -> None:
    from orchestration.lib.anomalies.listing import series_ids

    known = series_ids(workspace)
    if series not in known:
        raise DataError(f"no series or metric '{series}' is watched", hint=nearest(series, known) if known else None)


def _number(value: Any) -> str:
    if value is None:
        return NULL_MARK
    return group_digits(value, 0 if value == value.to_integral_value() else 2 if abs(value) >= 1 else 4)


def _rate(value: Any) -> str:
    return NULL_MARK if value is None else f"{'+' if value > 0 else ''}{group_digits(value * 100, 1)} %"
