"""How commands print: a table for people, CSV and JSON for programs; numbers exact in all of them."""

from __future__ import annotations

import csv
import datetime
import io
import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.lib.spreadsheet_text import neutral

NULL_MARK = "–"

WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="the workspace folder (default: the current folder)")
]
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", help="a snapshot id or its beginning (default: the current one)")
]
RoleOption = Annotated[str | None, typer.Option("--role", help="see only what this role may see")]
LangOption = Annotated[str | None, typer.Option("--lang", help="en or zh (default: from the environment)")]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON")]


class Format(StrEnum):
    """Output formats."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="table, csv or json")]


def plain(value: Any) -> Any:
    """A value as CSV and JSON carry it: decimals as exact text, times as ISO text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime.date | datetime.datetime | datetime.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def print_json(value: Any) -> None:
    """Print JSON with exact numbers (decimals are strings)."""
    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def print_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print CSV; text that a spreadsheet would take for a formula is quoted with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([neutral(column) for column in columns])
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    typer.echo(buffer.getvalue(), nl=False)


def _cell(value: Any) -> Any:
    told = plain(value)
    return json.dumps(told, ensure_ascii=False) if isinstance(told, list | dict) else neutral(told)


def group_digits(value: Decimal, places: int) -> str:
    """A decimal rounded half up, with thousands separated."""
    return f"{value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP):,f}"


def shown(value: Any) -> str:
    """A value in a table for people; nothing is a dash."""
    if value is None:
        return NULL_MARK
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, Decimal):
        return _plain_decimal(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    # A control character in a name must not steer the reader's terminal.
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else "�" for c in str(plain(value)))


def _plain_decimal(value: Decimal) -> str:
    """Every digit that says something: 73109.540000000 is 73109.54, 583.000000000 is 583, 12.50 stays."""
    exponent = value.as_tuple().exponent
    text = f"{value:f}"
    if not isinstance(exponent, int) or exponent >= -2:
        return text
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction.ljust(2, '0')}" if fraction else whole


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[int] = (), title: str | None = None
) -> None:
    """Print a table: drawn with Rich on a terminal, else plain aligned text (no colours, no cut-off columns)."""
    cells = [[shown(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(title=title, title_justify="left", header_style="bold")
        for index, header in enumerate(headers):
            table.add_column(Text(header), justify="right" if index in right else "left", overflow="fold")
        for row in cells:
            table.add_row(*(Text(cell) for cell in row))
        Console().print(table)
        return
    if title:
        typer.echo(title)
    widths = [max([width(header), *(width(row[index]) for row in cells)]) for index, header in enumerate(headers)]
    for row in [list(headers), ["-" * one for one in widths], *cells]:
        padded = [pad(cell, widths[index], right=index in right) for index, cell in enumerate(row)]
        typer.echo("  ".join(padded).rstrip())


def width(text: str) -> int:
    """Columns that text takes on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, to: int, *, right: bool = False) -> str:
    """Text filled up with spaces to a terminal width."""
    fill = " " * max(to - width(text), 0)
    return fill + text if right else text + fill
