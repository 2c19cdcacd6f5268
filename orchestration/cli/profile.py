"""``triloop profile``: what an unknown file, folder or database holds, and a mapping to start from."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json
from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.progress import report
from orchestration.lib.workspace import SETTINGS_FILE, WORKSPACE_VARIABLE, Workspace

if TYPE_CHECKING:
    from orchestration.lib.profile.place import Place
    from orchestration.lib.profile.profile import SourceProfile
    from orchestration.lib.profile.render import Head
    from orchestration.lib.settings import Settings

_SOURCE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


def profile(
    place: Annotated[str, typer.Argument(help="a file, a folder, a SQLite file, or a database's SQLAlchemy URL")],
    *,
    table: Annotated[str | None, typer.Option("--table", help="only this table")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="only this sheet, by name or number")] = None,
    entity: Annotated[str | None, typer.Option("--entity", help="propose this entity, whatever seems likely")] = None,
    source: Annotated[str | None, typer.Option("--source", help="name of the source in the mapping")] = None,
    schema: Annotated[str | None, typer.Option("--schema", help="schema of the database")] = None,
    write: Annotated[bool, typer.Option("--write", help="write the proposal to mappings/<source>.yml")] = False,
    force: Annotated[bool, typer.Option("--force", help="with --write: over a mapping that is there")] = False,
    sample: Annotated[int, typer.Option("--sample", min=10, help="rows looked at per table")] = 100_000,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Look into an unknown source and propose a mapping / 查看未知数据源并建议映射."""
    language = choose_language(lang)
    from orchestration.lib.contract import load_contract

    entities = load_contract().entities
    if entity is not None and entity not in entities:
        raise ConfigurationError(f"there is no entity '{entity}'", hint=nearest(entity, entities))
    opened = _workspace(workspace, needed=write)
    settings = _settings(opened)
    from orchestration.lib.profile.place import pick
    from orchestration.lib.profile.profile import profile_place, remarks
    from orchestration.lib.profile.render import render_mapping

    found = _place(place, sheet=sheet, schema=schema)
    name = source or _source_name(place)
    if not _SOURCE.fullmatch(name):
        raise ConfigurationError(
            f"'{name}' cannot name a source", hint="use --source NAME: a letter, then letters, digits and _"
        )
    target = opened.mappings_dir / f"{name}.yml" if opened is not None else None
    if write and target is not None and target.exists() and not force:
        raise ConfigurationError(
            f"there is already a mapping of '{name}'", file=target, hint="use --source NAME, or --force to replace it"
        )
    items = pick(found, table)
    if entity is not None and len(items) > 1:
        raise ConfigurationError("--entity needs a single table", hint="name it with --table NAME")
    result = profile_place(
        found,
        items,
        _head(found, name, opened, settings),
        settings,
        entity=entity,
        sample=sample,
        progress=report if len(items) > 5 else None,
    )
    text = render_mapping(replace(result.head, remarks=remarks(result)), result.proposed, lang=language)
    if write and target is not None:
        _write(target, text)
    _show(result, text, target if write else None, as_json=as_json, lang=language, whole=table is not None)


def _show(result: SourceProfile, text: str, written: Path | None, *, as_json: bool, lang: str, whole: bool) -> None:
    from orchestration.cli.profile_output import as_data, print_profile

    if as_json:
        print_json(as_data(result, text, lang=lang, written=written))
        return
    print_profile(result, lang, whole=whole)
    if written is None:
        typer.echo(f"\n{say('profile.mapping', lang)}\n\n{text}", nl=False)
        typer.echo(f"\n{say('profile.write', lang)}")
    else:
        typer.echo(f"\n{say('profile.written', lang, file=written)}")


def _workspace(path: Path | None, *, needed: bool) -> Workspace | None:
    """The workspace, when there is one or one is needed: a file may be profiled before that."""
    root = Path(path or os.environ.get(WORKSPACE_VARIABLE) or ".").expanduser()
    if path is None and not needed and not (root / SETTINGS_FILE).is_file():
        return None
    return Workspace.open(path)


def _settings(workspace: Workspace | None) -> Settings:
    from orchestration.lib.settings import Settings, load_settings

    return load_settings(workspace) if workspace is not None else Settings()


def _place(text: str, *, sheet: str | None, schema: str | None) -> Place:
    from orchestration.lib.profile.place import is_url, open_path
    from orchestration.lib.profile.vocabulary import load_vocabulary

    if is_url(text) or text.startswith("${"):
        from orchestration.lib.profile.database import open_url

        if sheet is not None:
            raise ConfigurationError("a database has no sheets", hint="leave --sheet out; --table names a table")
        return open_url(text, load_vocabulary(), schema=schema)
    if schema is not None:
        raise ConfigurationError("--schema is for the address of a database", hint="leave it out")
    return open_path(Path(text).expanduser().resolve(), load_vocabulary(), sheet=sheet)


def _source_name(text: str) -> str:
    """A name for the source from the place's own."""
    from orchestration.lib.profile.place import family, is_url

    if is_url(text) or text.startswith("${"):
        base = text.strip("${}") if text.startswith("$") else re.sub(r"[?#].*", "", text).rpartition("/")[2]
        base = base.lower().removesuffix("_url")
    else:
        path = Path(text).resolve()
        base = path.name if path.is_dir() else family(path.name).partition(".")[0]
    slug = re.sub(r"[^A-Za-z0-9]+", "_", base).strip("_").lower()
    slug = re.sub(r"^[0-9_]+", "", slug)
    return slug[:60] or "source"


def _head(place: Place, name: str, workspace: Workspace | None, settings: Settings) -> Head:
    from orchestration.lib.profile.render import Head

    connection: dict[str, str] = {"type": place.kind}
    if place.path is not None:
        inside = workspace is not None and place.path.is_relative_to(workspace.root)
        shown = place.path.relative_to(workspace.root) if workspace is not None and inside else place.path
        connection["path"] = shown.as_posix()
    else:
        connection["url"] = place.url if place.url and place.url.startswith("${") else f"${{{name.upper()}_URL}}"
        if place.schema is not None:
            connection["schema"] = place.schema
    return Head(name, connection, settings.company.timezone)


def _write(target: Path, text: str) -> None:
    """Write beside, then move: a full disk leaves no half mapping."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.new")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, target)
