"""``triloop trace``: a published number → the rows that add up to it → documents → file, row and hash."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.metrics import parse_where, unavailable
from orchestration.cli.output import (
    JsonOption,
    LangOption,
    RoleOption,
    SnapshotOption,
    WorkspaceOption,
    print_json,
    print_table,
    shown,
)
from orchestration.cli.text import choose_language, member, say
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.publish.tables import TABLES_BY_NAME
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.publish.reader import Snapshot
    from orchestration.lib.trace import CellTrace, Document, PartTrace, Source


def trace(
    metric: Annotated[str | None, typer.Argument(help="the metric of the cell")] = None,
    *,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="which cell: channel=paid_search,month=2024-05")
    ] = None,
    document: Annotated[str | None, typer.Option("--document", help="follow one document instead of a cell")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="rows shown per part; sums cover all")] = 10,
    show_source: Annotated[bool, typer.Option("--show-source", help="print the landed rows too")] = False,
    workspace: WorkspaceOption = None,
    snapshot: SnapshotOption = None,
    role: RoleOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Follow a number to its documents, files and rows / 把一个数字追溯到单据、文件与行."""
    language = choose_language(lang)
    if (metric is None) == (document is None):
        raise ConfigurationError(
            "name either a metric or a document",
            hint="triloop trace cac --where channel=x, or triloop trace --document ID",
        )
    filters = parse_where(where or [])
    opened = Workspace.open(workspace)
    from orchestration.lib.publish import open_snapshot
    from orchestration.lib.trace import sources_of, trace_cell
    from orchestration.lib.trace.restated import is_restated, restatement_reasons

    with open_snapshot(opened, snapshot, role=role) as found:
        if document is not None:
            _document(opened, found, document, limit=limit, show_source=show_source, as_json=as_json, lang=language)
            return
        gap = unavailable(found, [str(metric)]).get(str(metric))
        if gap is not None:
            raise ConfigurationError(f"{metric} {say('not_available', language)}: {gap[language]}")
        traced = trace_cell(found, str(metric), filters, limit=limit)
        reasons = restatement_reasons(found, traced.definition, traced.answer, traced.cell)
        documents = {
            (side.name, part.part.name): sources_of(found, part.rows, part.part.table)
            for side in traced.sides
            for part in side.parts
        }
    if not is_restated(traced.cell):
        reasons = ()
    if as_json:
        print_json({**_as_data(opened, traced, documents, show_source), "restated_because": list(reasons)})
    else:
        print_cell(opened, traced, documents, show_source, language, reasons=reasons)


MARK = "→"
"""Before the rows that a median or percentile is the value of."""
Documents = dict[tuple[str, str], "list[list[Document]]"]


def _as_data(workspace: Workspace, traced: CellTrace, documents: Documents, show_source: bool) -> dict[str, Any]:
    def row_data(row: dict[str, Any], found: list[Document]) -> dict[str, Any]:
        told: dict[str, Any] = {
            "amount": row["_amount"],
            "row": {name: value for name, value in row.items() if name not in ("_amount", "_picked")},
            "documents": [asdict(one) for one in found],
        }
        if "_picked" in row:  # of a median or percentile: whether it is the value of this row
            told["is_picked"] = row["_picked"]
        if show_source:
            told["landed"] = [_landed(workspace, one.source) for one in found if one.source]
        return told

    return {
        "cell": dict(traced.cell),
        "sides": [
            {
                "side": side.name,
                "formula": side.formula,
                "value": side.value,
                "parts": [
                    {
                        "name": part.part.name,
                        "table": part.part.table,
                        "filter": part.part.filter_sql,
                        "coefficient": part.coefficient,
                        "total": part.total,
                        "row_count": part.row_count,
                        "rows": [
                            row_data(row, found)
                            for row, found in zip(part.rows, documents[side.name, part.part.name], strict=True)
                        ],
                    }
                    for part in side.parts
                ],
            }
            for side in traced.sides
        ],
    }


def _landed(workspace: Workspace, source: Source) -> dict[str, Any]:
    """The landed row, or why it cannot be shown: one erased file must not hide the rest of a trace."""
    from orchestration.lib.trace.documents import landed_row

    try:
        return landed_row(workspace, source)
    except DataError as error:
        return {"error": error.message}


def print_cell(
    workspace: Workspace,
    traced: CellTrace,
    documents: Documents,
    show_source: bool,
    lang: str,
    *,
    reasons: Sequence[str] = (),
) -> None:
    from orchestration.cli.metric_table import shown_value
    from orchestration.cli.restated_text import reported_line
    from orchestration.lib.trace.restated import is_restated

    cell, definition, answer = traced.cell, traced.definition, traced.answer
    place = [
        f"{say(column.removesuffix('_id'), lang)} {member(answer.name_of(column, cell[column]), lang)}"
        for column in answer.dimensions
    ]
    place.append(
        say("all", lang) if cell["period_start"] is None else f"{say(answer.period, lang)} {cell['period_start']}"
    )
    place += [str(cell[name]) for name in ("variant", "view", "basis", "model") if cell[name]]
    typer.echo(
        f"{definition.text('label', lang)} = {shown_value(cell['value'], definition.unit)}  ({', '.join(place)})"
    )
    if cell["value"] is not None:
        typer.echo(f"  = {cell['value']:f}")
    if is_restated(cell):
        typer.echo(f"† {reported_line(cell['reported'], cell['value'], definition.unit, reasons, lang)}")
    shown_sources: dict[Source, None] = {}
    for side in traced.sides:
        typer.echo(f"\n{say(side.name, lang)} {shown(side.value)} = {side.formula}")
        for part in side.parts:
            found = documents[side.name, part.part.name]
            _print_part(part, found, lang)
            shown_sources |= {one.source: None for each in found for one in each if one.source}
    if show_source:
        _print_landed(workspace, list(shown_sources), lang)


def _print_part(part: PartTrace, documents: list[list[Document]], lang: str) -> None:
    condition = f" ({part.part.filter_sql})" if part.part.filter_sql else ""
    exactly = say("picked_exactly" if part.is_ranked else "sums_exactly", lang)
    rows_of = say("rows_of", lang, count=part.row_count, table=part.part.table)
    typer.echo(f"\n{part.part.name} {shown(part.total)}: {rows_of}{condition}; {exactly} ✓")
    if not part.rows:
        return
    wanted = (*TABLES_BY_NAME[part.part.table].keys, part.part.time_column)
    columns = [name for name in part.rows[0] if name in wanted and _worth_showing(name, part.rows)]
    body = []
    for row, found in zip(part.rows, documents, strict=True):
        places = "\n".join(_place(one, lang) for one in found) or say("no_source", lang)
        first, *rest = places.splitlines()
        mark = f"{MARK} " if row.get("_picked") else ""
        body.append([f"{mark}{shown(row['_amount'])}", *(row[name] for name in columns), first])
        body += [["", *("" for _ in columns), line] for line in rest]
    headers = [say("amount", lang), *columns, say("source_file", lang)]
    print_table(headers, body, right=(0,))
    if part.row_count > len(part.rows):
        typer.echo(say("more_rows", lang, count=part.row_count - len(part.rows), all=part.row_count))


def _worth_showing(name: str, rows: list[dict[str, Any]]) -> bool:
    """Ids and dates tell which row it is; the rest is in --json."""
    if all(row[name] is None for row in rows):
        return False
    return name.endswith(("_id", "_on", "_no", "month")) or isinstance(rows[0][name], datetime.date)


def _place(document: Document, lang: str) -> str:
    label = "" if document.entity == "row" else f"{document.entity} {document.document_id}: "
    if document.source is None:
        return label + say("no_source", lang)
    source = document.source
    return (
        f"{label}{source.source_file} {say('source_row', lang)} {source.source_row} "
        f"[{source.source_system}.{source.source_object}, sha256 {source.source_sha256[:12]}]"
    )


def _print_landed(workspace: Workspace, sources: list[Source], lang: str) -> None:
    typer.echo(f"\n{say('landed_row', lang)}")
    for source in sources:
        typer.echo(f"{source.source_file} {say('source_row', lang)} {source.source_row}")
        for name, value in _landed(workspace, source).items():
            typer.echo(f"    {name} = {shown(value)}")


def _document(
    workspace: Workspace, snapshot: Snapshot, text: str, *, limit: int, show_source: bool, as_json: bool, lang: str
) -> None:
    from orchestration.lib.trace import find_documents, follow_document

    found = find_documents(snapshot, text)
    followed = [(one, follow_document(snapshot, one, limit=limit)) for one in found]
    if as_json:
        data = []
        for one, tables in followed:
            landed = {"landed": _landed(workspace, one.source)} if show_source and one.source else {}
            data.append({**asdict(one), "appears_in": tables, **landed})
        print_json(data)
        return
    for one, tables in followed:
        typer.echo(_place(one, lang))
        for table, rows in tables.items():
            typer.echo(f"\n{say('appears_in', lang)} {table}: {rows['count']}")
            columns = [name for name in rows["rows"][0] if any(row[name] is not None for row in rows["rows"])]
            columns = [name for name in columns if not name.startswith(("source_", "ingest_"))][:10]
            print_table(columns, [[row[name] for name in columns] for row in rows["rows"]])
        if show_source and one.source:
            _print_landed(workspace, [one.source], lang)
