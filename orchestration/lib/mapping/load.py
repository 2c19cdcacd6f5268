"""Reads the mapping files of a workspace and turns them into checked mappings."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.lib.contract import Contract, Label, load_contract
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.mapping.check import Checker, PathedProblems
from orchestration.lib.mapping.expression import knows_timezone
from orchestration.lib.mapping.model import UTM_COLUMNS, Connection, Format, SourceMapping, SourceObject, UtmRule
from orchestration.lib.mapping.spec import FormatSpec, MappingSpec, ObjectSpec, UtmRuleSpec
from orchestration.lib.workspace import Workspace
from orchestration.lib.yaml_source import KeyPath, YamlDocument, load_yaml, validate

if TYPE_CHECKING:
    from orchestration.lib.settings import Settings

_SUFFIXES = {"files": (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".parquet")}


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
        connection=Connection(spec.connection.type, spec.connection.path),
        timezone=zone,
        references=dict(spec.references),
        utm_rules=rules,
        objects=objects,
    )


def _object(
    name: str,
    spec: ObjectSpec,
    mapping: MappingSpec,
    checker: Checker,
) -> SourceObject:
    problems = checker.problems
    path: KeyPath = ("objects", name)
    if mapping.connection.type == "sqlite" and spec.table is None:
        problems.add((*path, "file"), f"{name}: a sqlite source has tables, not files", "write table: NAME")
    if mapping.connection.type == "files":
        if spec.file is None:
            problems.add((*path, "table"), f"{name}: a files source has files, not tables", 'write file: "orders*.csv"')
        elif not spec.file.lower().endswith(_SUFFIXES["files"]):
            problems.add(
                (*path, "file"),
                f"{name}: files such as '{spec.file}' cannot be read",
                "the name must end in one of: " + ", ".join(_SUFFIXES["files"]),
            )
        elif ".." in spec.file.split("/") or spec.file.startswith("/"):
            problems.add((*path, "file"), f"{name}: '{spec.file}' leaves the source's folder", "set connection.path")
    form = _format(mapping.defaults, spec.format)
    checker.check_formats(form, spec.format, path)
    feeds = {entity: checker.feeds(entity, entries, (*path, "feeds", entity)) for entity, entries in spec.feeds.items()}
    privacy = checker.privacy(spec, feeds, path)
    return SourceObject(
        name=name,
        load=spec.load,
        line=problems.line(path),
        file=spec.file,
        table=spec.table,
        format=form,
        snapshot_per=spec.snapshot_per,
        key=tuple(spec.key),
        personal=dict(spec.personal),
        keep=tuple(spec.keep),
        feeds=feeds,
        privacy=privacy,
    )


def _format(defaults: FormatSpec, own: FormatSpec) -> Format:
    chosen: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in {
            **defaults.model_dump(exclude_none=True),
            **own.model_dump(exclude_none=True),
        }.items()
    }
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
