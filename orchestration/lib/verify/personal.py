"""I9: what a person is called stands in the vault and the closed archive, and nowhere else.

Every value of the vault is opened in memory and looked for in the working database, the ledger, Dagster's storage,
logs, metadata, snapshots, and what an export of quarantine would say. A value that a mapping lands in clear
elsewhere (an employee's name, a status word in a column nobody maps) is no secret, and so is left
out; how many is told. What dbt writes of the project holds dbt's own macros as well: a word of theirs is left out
there, and only there.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.landing.model import ADDED
from orchestration.lib.publish.content import quote, text_literal
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.store import open_vault
from orchestration.lib.vault.tokens import TOKEN
from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated
from orchestration.lib.verify.search import Needles
from orchestration.lib.workspace import PROJECT_ROOT

SHORTEST = 3
_SMALL = 1_000  # rows
_CLOSED = ("vault.sqlite", "archive", "landing", "tmp")
_SQLITE = b"SQLite format 3\0"
_DATE = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}")
_NUMBER = re.compile(r"[\d\s.,:+/%()*#-]*")
_OWN_TEXT = (("orchestration", (".py", ".yml")), ("dbt_project", (".sql", ".yml")), ("expectations", (".py",)))
_DBT_TEXT = (".sql", ".yml", ".py")
Place = tuple[str, str]
"""Where a text is (a table and column, or a file), and the text."""


def check(context: Context) -> Outcome:
    """Look for every value, and check that personal columns landed as tokens."""
    found = Outcome()
    _tokens_only(context, found)
    try:
        values = list(_values(context))
    except ConfigurationError as error:
        if not context.canaries and not found.violations:
            return not_evaluated(f"the vault cannot be opened: {error.message}", f"无法打开保险库：{error.message}")
        values = []
    told = dict(values)
    wanted = [one for value, token in values for one in _writings(value, token)]
    needles = Needles(wanted)
    strict = Needles((line.strip(), f"canary {n}") for n, line in enumerate(context.canaries, 1) if line.strip())
    found.compared |= {"values": len(told), "canaries": len(context.canaries)}
    hits: list[tuple[str, str, str]] = []  # place, what it is, the text
    for place, text in _places(context):
        data = text.encode("utf-8", "surrogateescape")
        found.add("bytes", len(data))
        hits += [(place, meaning, needle) for needle, meaning in needles.found_in(data)]
        for _needle, meaning in strict.found_in(data):
            _violate(found, place, meaning)
    for place, text in _landed(context) if context.canaries else ():
        for _needle, meaning in strict.found_in(text.encode()):
            _violate(found, place, meaning)
    open_words = _in_clear(context, {needle for _, _, needle in hits})
    found.compared["in clear by the mapping"] = len(open_words)
    secret = [hit for hit in hits if hit[2] not in open_words]
    parsed = f"{context.workspace.dbt_target_dir.name}/"
    dbt_words = _words_of_dbt({needle for place, _, needle in secret if place.startswith(parsed)})
    found.compared["words of dbt's own"] = len(dbt_words)
    for place, meaning, needle in secret:
        if not (place.startswith(parsed) and needle in dbt_words):
            _violate(found, place, meaning)
    return found


def _violate(found: Outcome, place: str, meaning: str) -> None:
    found.violate(place, f"it holds the value of {meaning} in clear", f"含有 {meaning} 的明文值")


def _values(context: Context) -> Iterator[tuple[str, str]]:
    """Value and token of everything in the vault that can be told from ordinary data."""
    if not context.workspace.vault_file.is_file():
        return
    with open_vault(context.workspace, VaultKeys.from_environment()) as vault:
        for token, value in vault.values():
            if _is_telling(token.split("_")[1], value.strip()):
                yield value.strip(), token


def _is_telling(kind: str, value: str) -> bool:
    """Whether finding the value somewhere would mean anything: three characters, and not just a number or a date."""
    digits = sum(one.isdigit() for one in value)
    if len(value) < SHORTEST:
        return False
    if kind == "phone":
        return digits >= 7
    return not (_NUMBER.fullmatch(value) and digits < 9) and not _DATE.match(value)


def _writings(value: str, token: str) -> Iterator[tuple[str, str]]:
    """The ways in which a value may be written."""
    yield value, token
    if token.startswith("tok_phone_"):
        plain = re.sub(r"\D", "", re.sub(r"\.0+$", "", value))
        local = plain[-11:] if len(plain) > 11 else plain
        for one in {plain, local, f"86{local}"} - {value}:
            yield one, token
    if not value.isascii():
        yield json.dumps(value)[1:-1], token
    elif value != value.lower():
        yield value.lower(), token


def _tokens_only(context: Context, found: Outcome) -> None:
    """Personal columns of landed files hold tokens and nothing else."""
    for batch in context.batches:
        if not batch.privacy or not batch.landed_path.is_file():
            continue
        relation = f"read_parquet({text_literal(str(batch.landed_path))})"
        there = {row[0] for row in context.rows(f"describe select * from {relation}")}
        columns = [name for name in batch.privacy if name in there]
        if not columns:
            continue
        found.add("personal columns", len(columns))
        tests = ", ".join(
            f"min(_row) filter (not regexp_full_match({quote(name)}::varchar, {text_literal(TOKEN.pattern)}))"
            for name in columns
        )
        for name, row in zip(columns, context.rows(f"select {tests} from {relation}")[0], strict=True):
            if row is not None:
                found.violate(
                    f"landing {batch.source_system}.{batch.source_object}",
                    f"the personal column '{name}' holds a value in clear",
                    f"个人列“{name}”含明文值",
                    file=batch.source_file,
                    row=row,
                )


# Where to look -------------------------------------------------------------------------------------------------------


def _places(context: Context) -> Iterator[Place]:
    yield from _warehouse(context)
    yield from _files(context)
    if context.has("canonical.quarantine") and "feed" in context.relations["canonical.quarantine"]:
        yield "quarantine export", _export(context)


def _warehouse(context: Context) -> Iterator[Place]:
    for relation, columns in context.relations.items():
        schema, _, table = relation.partition(".")
        yield from _columns(context.connection, f"{quote(schema)}.{quote(table)}", columns.items(), relation)


def _columns(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Iterable[tuple[str, str]], name: str
) -> Iterator[Place]:
    """The values of each column that may hold a text or a long number; of a large table each once."""
    typed = dict(columns)
    wanted = [one for one, kind in typed.items() if "VARCHAR" in kind or kind in {"BIGINT", "HUGEINT", "JSON"}]
    if not wanted:
        return
    (counted,) = connection.execute(f"select count(*) from {relation}").fetchall()
    # To tell what was there before costs a hash table per column, a small table's texts again next to nothing.
    once = "distinct " if counted[0] > _SMALL else ""
    parts = ", ".join(
        f"string_agg({once}{quote(one)}::varchar, chr(31))"
        + ("" if "VARCHAR" in typed[one] or typed[one] == "JSON" else f" filter ({quote(one)} > 999999)")
        for one in wanted
    )
    row = connection.execute(f"select {parts} from {relation}").fetchone()
    for one, text in zip(wanted, row or (), strict=True):
        if text:
            yield f"{name}.{one}", text


def _files(context: Context) -> Iterator[Place]:
    state = context.workspace.state_dir
    warehouse = context.workspace.warehouse_file
    for path in sorted(state.rglob("*")):
        part = path.relative_to(state).parts[0]
        if part.startswith(_CLOSED) or not path.is_file() or path.name.startswith(warehouse.name):
            continue
        name = path.relative_to(state).as_posix()
        if path.suffix == ".parquet":
            if "roles" in path.parts:
                continue  # the same files as in tables/, which I4 checks
            relation = f"read_parquet({text_literal(str(path))})"
            described = context.rows(f"describe select * from {relation}")
            yield from _columns(context.connection, relation, [(row[0], row[1]) for row in described], name)
            continue
        data = path.read_bytes()
        # raw bytes also show what was deleted from a database but is still on the disk
        yield name, data.decode("utf-8", "surrogateescape")
        if data.startswith(_SQLITE):
            yield from _sqlite(path, name)


def _sqlite(path: Path, name: str) -> Iterator[Place]:
    """The texts of a database one by one: in the raw file they stand wall to wall, and long ones are in pieces."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        db.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
            rows = db.execute(f"select * from {quote(table)}")
            texts = [_decoded(value) for row in rows for value in row if isinstance(value, str | bytes)]
            if texts:
                yield f"{name} {table}", "\x1f".join(texts)


def _decoded(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _export(context: Context) -> str:
    rows = context.rows("select raw_value, raw_row, reason_en, reason_zh from canonical.quarantine")
    return "\x1f".join(TOKEN.sub("[personal]", str(value)) for row in rows for value in row if value is not None)


def _landed(context: Context, *, clear_only: bool = False) -> Iterator[Place]:
    for batch in context.batches:
        if not batch.landed_path.is_file():
            continue
        relation = f"read_parquet({text_literal(str(batch.landed_path))})"
        hidden = set(batch.privacy) | set(ADDED) if clear_only else set()
        columns = [
            (row[0], "VARCHAR") for row in context.rows(f"describe select * from {relation}") if row[0] not in hidden
        ]
        yield from _columns(context.connection, relation, columns, f"landing {batch.source_file}")


def _in_clear(context: Context, texts: set[str]) -> set[str]:
    """Those of the texts that a mapping lands in clear, or that the settings or the program itself say."""
    if not texts:
        return set()
    needles = Needles((text, text) for text in texts)
    found: set[str] = set()
    for _place, text in _landed(context, clear_only=True):
        found |= {needle for needle, _ in needles.found_in(text.encode())}
    for path in _open_files(context):
        found |= {needle for needle, _ in needles.found_in(path.read_bytes())}
    # what is open as it stands is open as JSON writes it, too
    return found | {text for text in texts if _unescaped(text) in found}


def _words_of_dbt(texts: set[str]) -> set[str]:
    """Those of the texts that the installed dbt says itself, in its macros or as names of what it writes."""
    if not texts:
        return set()
    needles = Needles((text, text) for text in texts)
    found: set[str] = set()
    package = importlib.util.find_spec("dbt")  # dbt itself is not imported: that takes seconds
    for folder in package.submodule_search_locations or () if package else ():
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in _DBT_TEXT and path.is_file():
                found |= {needle for needle, _ in needles.found_in(path.read_bytes())}
    return found


def _unescaped(text: str) -> str:
    return str(json.loads(f'"{text}"')) if re.fullmatch(r'(?:[^"\\]|\\u[0-9a-f]{4})+', text) else text


def _open_files(context: Context) -> Iterator[Path]:
    yield context.workspace.settings_file
    yield from sorted(context.workspace.mappings_dir.glob("*.yml"))
    for folder, suffixes in _OWN_TEXT:
        for path in sorted((PROJECT_ROOT / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path
