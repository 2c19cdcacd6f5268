"""Tables of any database that SQLAlchemy has an address for, through the reader that landing has for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.lib.contract import Label
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.landing.scratch import Scratch, quoted
from orchestration.lib.mapping.model import Connection, Format, SourceMapping, SourceObject
from orchestration.lib.profile.place import Item, Place, sqlite_place, without_system_tables
from orchestration.lib.profile.sample import Sample, drop
from orchestration.lib.profile.vocabulary import Vocabulary
from orchestration.lib.profile.words import Words

if TYPE_CHECKING:
    from sqlalchemy import Connection as Open

_COUNTED = 2_000_000  # rows beyond which counting them all takes longer than a look at some
_NAME = "the given address"


def open_url(text: str, vocabulary: Vocabulary, *, schema: str | None) -> Place:
    """The tables and views at an address, which may hold ``${VARIABLE}`` from the environment.

    Raises:
        ConfigurationError: it is no address, its driver is not installed, or there is no such schema.
        DataError: the database cannot be reached.
    """
    if text.lower().startswith("sqlite"):
        path = Path("/" + text.partition(":////")[2] if ":////" in text else text.partition(":///")[2])
        if not path.is_file():
            raise ConfigurationError("there is no such SQLite file", hint="name the file itself, without sqlite://")
        return sqlite_place(path.resolve(), vocabulary)
    from sqlalchemy import inspect

    from orchestration.lib.landing.sql_connection import database_url, reading

    mapping = _mapping(text, schema)
    url = database_url(mapping)
    with reading(mapping) as connection:
        found = inspect(connection)
        if schema is not None and schema not in found.get_schema_names():
            raise ConfigurationError(
                f"the database has no schema '{schema}'", hint=nearest(schema, found.get_schema_names())
            )
        names = sorted([*found.get_table_names(schema=schema), *found.get_view_names(schema=schema)])
    kept, skipped = without_system_tables(names, vocabulary)
    items = tuple(Item(one, table=one) for one in kept)
    shown = f"{url.get_backend_name()}:{url.database}"  # no host, no user: this ends in the mapping's first line
    return Place("sql", shown, None, items, url=text, schema=schema, skipped=tuple(skipped))


def load_rows(scratch: Scratch, place: Place, item: Item, *, table: str, most: int) -> Sample:
    """The first ``most`` rows of a table, in the types that landing gives them.

    Raises:
        DataError: they cannot be read.
    """
    from orchestration.lib.landing.sql_connection import reading
    from orchestration.lib.landing.sql_reader import read_sql

    name = item.table or item.name
    mapping = _mapping(place.url or "", place.schema)
    with reading(mapping) as connection:
        rows, statement = _count(connection, name, place.schema), _first(connection, name, place.schema, most)
    if rows == 0:
        scratch.connection.execute(f"create temp table {table} as select null::varchar as nothing where false")
        return Sample(table, ("nothing",), 0, Format())
    key, foreign = _declared(mapping, name, place.schema)
    obj = SourceObject(name, "append", 1, query=statement)
    columns = read_sql(scratch, mapping, obj, table=f"{table}_all")
    picked = ", ".join(quoted(one) for one in columns)
    scratch.connection.execute(f"create temp table {table} as select {picked} from {table}_all")
    drop(scratch, f"{table}_all")
    notes = item.notes
    if rows is None or rows > most:
        notes += (Words(f"only the first {most:,} rows were read", f"只读取了前 {most:,} 行"),)
    return Sample(table, columns, rows, Format(), notes, key, foreign)


def _declared(
    mapping: SourceMapping, name: str, schema: str | None
) -> tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]:
    """Primary key and references, over a connection of its own: landing's hands lists over as text."""
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.pool import NullPool

    from orchestration.lib.landing.sql_connection import database_url

    engine = create_engine(database_url(mapping), poolclass=NullPool, hide_parameters=True)
    found = inspect(engine)
    key = tuple(found.get_pk_constraint(name, schema=schema).get("constrained_columns") or ())
    foreign = tuple(
        (one["constrained_columns"][0], one["referred_table"], one["referred_columns"][0])
        for one in found.get_foreign_keys(name, schema=schema)
        if len(one["constrained_columns"]) == 1
    )
    return key, foreign


def _mapping(text: str, schema: str | None) -> SourceMapping:
    """What landing's reader wants to know of a source; the address stays in it and is never shown."""
    connection = Connection("sql", url=text, schema=schema)
    label = Label(en=_NAME, zh="给定地址")
    return SourceMapping(_NAME, label, Path("profile"), connection, "UTC", {}, (), {})


def _count(connection: Open, name: str, schema: str | None) -> int | None:
    """The number of rows, None when there are too many to count."""
    from sqlalchemy import func, select, table
    from sqlalchemy import text as sql_text

    some = select(sql_text("1 AS one")).select_from(table(name, schema=schema)).limit(_COUNTED).subquery()
    counted = int(connection.execute(select(func.count()).select_from(some)).scalar_one())
    return counted if counted < _COUNTED else None


def _first(connection: Open, name: str, schema: str | None, most: int) -> str:
    """The statement for the first rows, in the database's own SQL."""
    from sqlalchemy import select, table
    from sqlalchemy import text as sql_text

    statement = select(sql_text("*")).select_from(table(name, schema=schema)).limit(most)
    return str(statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
