"""Printing the run summary (orchestration/lib/summary.py) for people."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer

from orchestration.cli.output import NULL_MARK, group_digits, print_table, shown
from orchestration.cli.snapshots import age
from orchestration.cli.text import member, say
from orchestration.lib.summary import ChannelLine, Summary
from orchestration.lib.summary_gates import GateLine

MARKS = {"passed": "✓", "warned": "!", "failed": "✗", "not_evaluated": "?", "not_applicable": "–"}
CHECKS_SHOWN, ROWS_SHOWN, UNUSUAL_SHOWN = 5, 3, 5


def draw(summary: Summary, lang: str) -> None:
    """Print the picture: figures, gates, rows, quarantine, gaps, where things are, what to type next.

    A run that stopped before any gate was asked (a file that cannot be read, say) has made nothing to show: what the
    working database holds is of an earlier run, and a page of it would only hide the error.
    """
    if summary.stopped is not None and not summary.is_refused:
        _stopped(summary, lang)
        return
    _figures(summary, lang)
    _gates(summary, lang)
    _rows(summary, lang)
    _quarantine(summary, lang)
    _unusual(summary, lang)
    _identity(summary, lang)
    if summary.not_available:
        typer.echo(f"\n{say('picture.gaps', lang)}")
        for gap in summary.not_available:
            typer.echo(f"  {gap['metric_id']}: {gap['reason'][lang]}")
    for note in summary.notes:
        typer.echo(f"\n! {note}")
    _stages(summary, lang)
    _places(summary, lang)


def _stages(summary: Summary, lang: str) -> None:
    if summary.stages:
        told = ", ".join(f"{stage.stage} {stage.seconds:,.1f}" for stage in summary.stages)
        typer.echo(f"\n{say('picture.stages', lang)}\n  {told}")


def _stopped(summary: Summary, lang: str) -> None:
    typer.echo(f"\n! {say('picture.stopped', lang)}")
    if summary.snapshot_path is None:
        typer.echo(f"  {say('none_published', lang)}")
        return
    old = age(timedelta(seconds=summary.snapshot_age_seconds or 0))
    typer.echo(f"  {say('picture.stays', lang, age=old)}: {_short(summary.snapshot_path)}")


def _figures(summary: Summary, lang: str) -> None:
    if summary.snapshot_id is None:
        return
    if summary.is_refused:
        old = age(timedelta(seconds=summary.snapshot_age_seconds or 0))
        typer.echo(f"\n! {say('picture.stale', lang, age=old)}")
    if not summary.channels and summary.total is None:
        return
    keys = ("channel", "cost", "contribution", "roi", "leads", "new_customers", "cac")
    lines = [*summary.channels, *([summary.total] if summary.total else [])]
    body = [_figure_cells(line, lang, is_total=line is summary.total) for line in lines]
    title = f"\n{say('picture.channels', lang, currency=summary.currency)}"
    print_table([say(f"picture.{key}", lang) for key in keys], body, right=range(1, len(keys)), title=title)


def _figure_cells(line: ChannelLine, lang: str, *, is_total: bool) -> list[str]:
    name = say("total", lang) if is_total else member(line.name, lang)
    return [
        name,
        _money(line.cost),
        _money(line.contribution),
        NULL_MARK if line.roi is None else f"{group_digits(line.roi * 100, 2)} %",
        _count(line.leads),
        _count(line.new_customers),
        _money(line.cac),
    ]


def _money(value: Decimal | None) -> str:
    return NULL_MARK if value is None else group_digits(value, 2)


def _count(value: Decimal | None) -> str:
    """Whole numbers as they are; shared customers with two places."""
    return NULL_MARK if value is None else group_digits(value, 0 if value == value.to_integral_value() else 2)


def _gates(summary: Summary, lang: str) -> None:
    if not summary.gates:
        return
    typer.echo(f"\n{say('picture.gates', lang)}")
    for gate in summary.gates:
        counts = ", ".join(f"{count} {say(status, lang)}" for status, count in gate.checks.items())
        typer.echo(
            f"  {MARKS.get(gate.status, '?')} {gate.gate:<12} {say(gate.status, lang)}"
            + (f": {counts}" if counts else "")
        )
        if gate.reason is not None:
            typer.echo(f"      {shown(gate.reason[lang])}")
        _not_passed(gate, lang)


def _not_passed(gate: GateLine, lang: str) -> None:
    for check in gate.not_passed[:CHECKS_SHOWN]:
        many = "" if check.violations is None else f" ({say('picture.count', lang, count=f'{check.violations:,}')})"
        head = f"{MARKS[check.status]} {check.check_id} {say(check.status, lang)}{many}"
        typer.echo(f"      {head}: {check.reason[lang]}")
        for example in check.examples[:ROWS_SHOWN]:
            parts = (_place(example, lang), example.get("key"), example.get("detail"))
            typer.echo("          " + "; ".join(shown(part) for part in parts if part))
        if check.fix[lang]:
            typer.echo(f"        → {check.fix[lang]}")
    more = len(gate.not_passed) - CHECKS_SHOWN
    if more > 0:
        typer.echo(f"      {say('picture.more_checks', lang, count=more)}")


def _place(example: Mapping[str, Any], lang: str) -> str | None:
    """Where a row stands: file and row, as far as the check knows them."""
    if not example.get("source_file"):
        return None
    row = example.get("source_row")
    return str(example["source_file"]) + ("" if row is None else f" {say('source_row', lang)} {row}")


def _rows(summary: Summary, lang: str) -> None:
    if not summary.rows:
        return
    keys = ("source", "entity", "rows_in", "loaded", "quarantined", "merged", "filtered", "unchanged")
    body = [
        [str(getattr(line, key)) if key in ("source", "entity") else f"{getattr(line, key):,}" for key in keys]
        for line in summary.rows
    ]
    print_table(
        [say(f"picture.{key}", lang) for key in keys],
        body,
        right=range(2, len(keys)),
        title=f"\n{say('picture.rows', lang)}",
    )


def _quarantine(summary: Summary, lang: str) -> None:
    if not summary.quarantine:
        return
    typer.echo(f"\n{say('picture.quarantine', lang)}")
    for line in summary.quarantine:
        typer.echo(
            f"  {line.row_count:,} × {line.rule_id}: {line.reason[lang]} "
            f"({line.source_file} {say('source_row', lang)} {line.first_row})"
        )


def _unusual(summary: Summary, lang: str) -> None:
    if not summary.unusual:
        return
    typer.echo(f"\n{say('picture.unusual', lang, count=len(summary.unusual))}")
    for one in summary.unusual[:UNUSUAL_SHOWN]:
        value, usual = (_amount(Decimal(one[key])) for key in ("value", "expected"))
        change = NULL_MARK if one["change_rate"] is None else f"{Decimal(one['change_rate']) * 100:+.0f} %"
        told = say("picture.unusual_line", lang, value=value, usual=usual, change=change)
        movers = "; ".join(f"{mover['cut']} {mover['member']}" for mover in one["movers"][:2])
        typer.echo(f"  {one['anomaly_id']}: {told}" + (f" - {movers}" if movers else ""))
    more = len(summary.unusual) - UNUSUAL_SHOWN
    if more > 0:
        typer.echo(f"  {say('picture.more_unusual', lang, count=more)}")


def _amount(value: Decimal) -> str:
    return group_digits(value, 2 if abs(value) >= 1 else 4)


def _identity(summary: Summary, lang: str) -> None:
    if summary.identity:
        told = {one: f"{summary.identity.get(one, 0):,}" for one in ("merged", "review", "rejected")}
        typer.echo(f"\n{say('picture.identity', lang)}\n  {say('picture.identity_line', lang, **told)}")


def _places(summary: Summary, lang: str) -> None:
    root = _short(summary.workspace)
    option = "" if root == "." else f" --workspace {shlex.quote(root)}"
    if summary.snapshot_path is not None:
        typer.echo(f"\n{say('snapshot', lang)}  {_short(summary.snapshot_path)}")
    typer.echo(f"\n{say('picture.next', lang)}")
    commands = []
    if summary.snapshot_id is not None:
        dearest = next((line.channel_id for line in summary.channels if line.channel_id and line.roi is not None), None)
        commands.append(("triloop metrics -m cac,channel_roi -b channel,month", "help.metrics"))
        if dearest is not None:
            commands.append((f"triloop trace channel_roi --where {shlex.quote(f'channel={dearest}')}", "help.trace"))
        commands.append(("triloop query 'from quarantine_summary'", "help.query"))
    commands.append(("triloop ui", "help.ui"))
    for command, key in commands:
        typer.echo(f"  {command}{option}   # {say(key, lang)}")


def _short(path: Path) -> str:
    """A path as one would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
