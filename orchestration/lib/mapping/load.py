"""Reads the mapping files of a workspace and turns them into checked mappings."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.lib.contract import Contract, Label, load_contract
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.mapping.check import Checker, PathedProblems
from orchestration.lib.mapping.expression import knows_timezone
from orchestration.lib.mapping.model import (
    EXCEL_DATE,
    EXCEL_TIMESTAMP,
    SUFFIXES,
    TOTAL_REASON,
    TOTAL_ROWS,
    UTM_COLUMNS,
    Connection,
    Cursor,
    DropRule,
    Feed,
    FileKind,
    Format,
    SourceMapping,
    SourceObject,
    UtmRule,
    file_kind,
)
from orchestration.lib.mapping.spec import CursorSpec, FormatSpec, MappingSpec, ObjectSpec, UtmRuleSpec
from orchestration.lib.workspace import Workspace
from orchestration.lib.yaml_source import KeyPath, YamlDocument, load_yaml, validate

if TYPE_CHECKING:
    from orchestration.lib.settings import Settings

_WITH_HEADER: tuple[FileKind, ...] = ("csv", "excel")


def load_mappings(workspace: Workspace, settings: Settings, *, contract: Contract | None = None) -> list[SourceMapping]:
    """Every ``mappings/*.yml`` of the workspace, checked against the contract, in the order of the file names.

    That order is also the precedence when two sources bring the same entity under the same id.

    Raises:
        ConfigurationError: a file is wrong; the error lists every problem with file, line, key and nearest name.
    """
    known = contract or load_contract()
    zone = settings.company.timezone
    documents = [load_yaml(file) for file in sorted(workspace.mappings_dir.glob("*.yml"))]
    stray = sorted(workspace.mappings_dir.glob("*.yaml"))
    if stray:
        raise ConfigurationError(
            f"{stray[0].name} would be ignored: mappings end in .yml",
            file=stray[0],
            hint=f"name it {stray[0].stem}.yml",
        )
    mappings = [_mapping(document, known, zone) for document in documents]
    for document, mapping in zip(documents, mappings, strict=True):
        _check_references(document, mapping, {one.source for one in mappings})
    return mappings


def _mapping(document: YamlDocument, contract: Contract, company_zone: str) -> SourceMapping:
    spec = validate(MappingSpec, document)
    problems = PathedProblems(document)
    if spec.source != document.file.stem:
        problems.add(
            ("source",),
            f"{document.file.name} describes the source '{spec.source}'",
            f"name the file {spec.source}.yml, or write source: {document.file.stem}",
        )
    for entity in spec.references:
        if entity not in contract.entities:
            problems.add(("references", entity), f"there is no entity '{entity}'", nearest(entity, contract.entities))
    zone = spec.timezone or company_zone
    if not _is_zone(zone):
        problems.add(("timezone",), f"'{zone}' is not a time zone", "write one such as Asia/Shanghai")
    rules = tuple(_utm_rule(rule) for rule in spec.utm_rules)
    checker = Checker(contract, problems, spec)
    objects = {name: _object(name, one, spec, checker) for name, one in spec.objects.items()}
    problems.raise_if_any()
    return SourceMapping(
        source=spec.source,
        label=spec.label or Label(en=spec.source, zh=spec.source),
        file=document.file,
        connection=Connection(
            spec.connection.type,
            spec.connection.path or "",
            spec.connection.url,
            spec.connection.schema_,
            spec.connection if spec.connection.type == "rest" else None,
        ),
        timezone=zone,
        references=dict(spec.references),
        utm_rules=rules,
        objects=objects,
        owner=spec.owner,
        freshness_hours=spec.freshness.hours if spec.freshness else None,
    )


def _object(
    name: str,
    spec: ObjectSpec,
    mapping: MappingSpec,
    checker: Checker,
) -> SourceObject:
    problems = checker.problems
    path: KeyPath = ("objects", name)
    _check_place(name, spec, mapping.connection.type, problems)
    form = _format(mapping.defaults, spec.format, file_kind(spec.file) if spec.file is not None else None)
    checker.check_formats(form, spec.format, path)
    feeds = {entity: checker.feeds(entity, entries, (*path, "feeds", entity)) for entity, entries in spec.feeds.items()}
    if form.total_rows:
        totals = DropRule(TOTAL_REASON, problems.line(path), totals=True)
        feeds = {entity: tuple(_dropping(feed, totals) for feed in several) for entity, several in feeds.items()}
    privacy = checker.privacy(spec, feeds, path)
    made = SourceObject(
        name=name,
        load=spec.load,
        line=problems.line(path),
        file=spec.file,
        table=spec.table,
        query=spec.query,
        request=spec.request,
        sheet=spec.sheet,
        cursor=_cursor(spec.cursor),
        format=form,
        snapshot_per=spec.snapshot_per,
        key=tuple(spec.key),
        personal=dict(spec.personal),
        keep=tuple(spec.keep),
        renamed=dict(spec.renamed),
        feeds=feeds,
        privacy=privacy,
    )
    _check_renamed(made, problems, (*path, "renamed"))
    return made


def _check_renamed(obj: SourceObject, problems: PathedProblems, path: KeyPath) -> None:
    """A column takes the name of one that the mapping knows, and of no other that is there."""
    used = obj.raw_columns_used() | set(obj.personal) | set(obj.keep)
    for new, old in obj.renamed.items():
        if old not in used:
            problems.add(
                (*path, new), f"{obj.name}: the mapping reads no column '{old}'", f"{nearest(old, used)}; write "
                "{name in the file: name in the mapping}",
            )  # fmt: skip
        elif new in used:
            problems.add((*path, new), f"{obj.name}: the mapping reads '{new}' under this name, too", "keep one name")


def _cursor(spec: CursorSpec | None) -> Cursor | None:
    if spec is None:
        return None
    return Cursor(spec.column, spec.overlap, spec.deletions == "compare_keys", spec.parameter, spec.format)


def _check_place(name: str, spec: ObjectSpec, connection: str, problems: PathedProblems) -> None:
    """Refuse an object that a connection of this type cannot have."""
    path: KeyPath = ("objects", name)
    if connection == "rest" and spec.request is None:
        problems.add(path, f"{name}: a rest source has requests", "write request: {path: /orders}")
    elif connection != "files" and spec.file is not None:
        problems.add((*path, "file"), f"{name}: a {connection} source has tables, not files", "write table: NAME")
    if connection != "rest" and spec.request is not None:
        problems.add((*path, "request"), f"{name}: 'request' is for APIs (type: rest)", "remove it")
    kind = file_kind(spec.file) if spec.file is not None else None
    if connection == "files":
        if spec.file is None and spec.request is None:
            problems.add((*path, "table"), f"{name}: a files source has files, not tables", 'write file: "orders*.csv"')
        elif spec.file is not None and kind is None:
            problems.add(
                (*path, "file"),
                f"{name}: files such as '{spec.file}' cannot be read",
                "the name must end in one of: " + ", ".join(one for several in SUFFIXES.values() for one in several),
            )
        elif spec.file is not None and (".." in spec.file.split("/") or spec.file.startswith("/")):
            problems.add((*path, "file"), f"{name}: '{spec.file}' leaves the source's folder", "set connection.path")
    if spec.cursor is not None:
        _check_cursor(name, spec.cursor, connection, problems)
    if spec.sheet is not None and kind != "excel":
        problems.add((*path, "sheet"), f"{name}: 'sheet' is for spreadsheets", "remove it")
    for key in ("header", "total_rows"):
        if getattr(spec.format, key) is not None and kind not in _WITH_HEADER:
            problems.add((*path, "format", key), f"{name}: '{key}' is for CSV files and spreadsheets", "remove it")


def _check_cursor(name: str, cursor: CursorSpec, connection: str, problems: PathedProblems) -> None:
    path: KeyPath = ("objects", name, "cursor")
    if connection not in {"sql", "rest"}:
        problems.add(path, f"{name}: 'cursor' is for database servers and APIs (type: sql, rest)", "remove it")
    elif connection == "rest" and cursor.parameter is None:
        problems.add(
            path,
            f"{name}: the cursor of an API needs 'parameter'",
            "add parameter: updated_since, or as the API calls it",
        )
    elif connection == "sql" and (cursor.parameter is not None or cursor.format is not None):
        problems.add(path, f"{name}: 'parameter' and 'format' of a cursor are for APIs (type: rest)", "remove them")


def _dropping(feed: Feed, totals: DropRule) -> Feed:
    """The feed with total rows left out before any other reason is looked at."""
    return replace(feed, drops=(totals, *feed.drops))


def _format(defaults: FormatSpec, spec: FormatSpec, kind: FileKind | None) -> Format:
    chosen: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in {
            **defaults.model_dump(exclude_none=True),
            **spec.model_dump(exclude_none=True),
        }.items()
    }
    if kind == "excel":
        own = {"own_dates": EXCEL_DATE, "own_timestamps": EXCEL_TIMESTAMP}
        chosen = {"header": "auto", "total_rows": TOTAL_ROWS, **own, **chosen}
    elif kind not in _WITH_HEADER:
        chosen = {key: value for key, value in chosen.items() if key not in {"header", "total_rows"}}
    return Format(**chosen)


def _utm_rule(spec: UtmRuleSpec) -> UtmRule:
    patterns = {name: getattr(spec, name) for name in UTM_COLUMNS if name in spec.model_fields_set}
    return UtmRule(patterns=patterns, channel_id=spec.channel_id, campaign_id=spec.campaign_id)


def _is_zone(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return knows_timezone(zone)


def _check_references(document: YamlDocument, mapping: SourceMapping, sources: set[str]) -> None:
    """Refuse a misspelt source; one that is simply not mapped yet is allowed."""
    for entity, owner in mapping.references.items():
        meant = None if owner in sources else _misspelt(owner, sources)
        if meant is not None:
            raise ConfigurationError(
                f"references.{entity}: there is no source '{owner}'",
                file=document.file,
                line=document.line_of(("references", entity)),
                hint=f"did you mean '{meant}'?",
            )


def _misspelt(name: str, sources: set[str]) -> str | None:
    """The source that ``name`` was meant to be: nearly the same letters, or the same in another order or case.

    Short names need the second rule: 'epr' is no close match of 'erp', while 'mes' and 'wms' are two systems.
    """
    for source in sorted(sources):
        if sorted(source.lower()) == sorted(name.lower()):
            return source
    close = difflib.get_close_matches(name, sources, n=1, cutoff=0.75)
    return close[0] if close else None
