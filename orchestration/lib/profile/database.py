"""Tables of any database that SQLAlchemy has an address for."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.landing.columns import Collector
from orchestration.lib.landing.csv_structure import check_header
from orchestration.lib.landing.model import ROW
from orchestration.lib.landing.scratch import Scratch, quoted
from orchestration.lib.mapping.model import Format
from orchestration.lib.profile.place import Item, Place, sqlite_place, without_system_tables
from orchestration.lib.profile.sample import Sample
from orchestration.lib.profile.vocabulary import Vocabulary
from orchestration.lib.profile.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_AT_ONCE = 10_000
_COUNTED = 2_000_000  # rows beyond which counting them all takes longer than a look at some


def open_url(text: str, vocabulary: Vocabulary, *, schema: str | None) -> Place:
    """The tables and views at an address, which may hold ``${VARIABLE}`` from the environment.

    Raises:
        ConfigurationError: it is no address, its driver is not installed, or there is no such schema.
        DataError: the database cannot be reached.
    """
    from sqlalchemy import inspect
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    filled = _VARIABLE.sub(_from_environment, text)
    try:
        url = make_url(filled)
    except ArgumentError:
        raise ConfigurationError(
            "that is no address of a database", hint="write dialect://user@host/database, such as postgresql://…"
        ) from None
    if url.get_backend_name() == "sqlite":
        if not url.database or not Path(url.database).is_file():
            raise ConfigurationError("there is no such SQLite file", hint="name the file itself, without sqlite://")
        return sqlite_place(Path(url.database).resolve(), vocabulary)
    shown = url.render_as_string(hide_password=True)
    with _connected(filled, shown) as connection:
        found = inspect(connection)
        if schema is not None and schema not in found.get_schema_names():
            raise ConfigurationError(
                f"{shown} has no schema '{schema}'", hint=nearest(schema, found.get_schema_names())
            )
        names = sorted([*found.get_table_names(schema=schema), *found.get_view_names(schema=schema)])
    kept, skipped = without_system_tables(names, vocabulary)
    items = tuple(Item(one, table=one) for one in kept)
    return Place("sql", shown, None, items, url=text, schema=schema, skipped=tuple(skipped))


def load_rows(scratch: Scratch, place: Place, item: Item, *, table: str, most: int) -> Sample:
    """The first ``most`` rows of a table, in the types that landing gives them.

    Raises:
        DataError: they cannot be read.
    """
    from sqlalchemy import func, inspect, select
    from sqlalchemy import table as sql_table
    from sqlalchemy import text as sql_text

    name = item.table or item.name
    with _connected(_VARIABLE.sub(_from_environment, place.url or ""), place.shown) as connection:
        target = sql_table(name, schema=place.schema)
        counted = connection.execute(
            select(func.count()).select_from(select(sql_text("1")).select_from(target).limit(_COUNTED).subquery())
        ).scalar_one()
        rows = connection.execution_options(stream_results=True).execute(
            select(sql_text("*")).select_from(target).limit(most)
        )
        columns = check_header(list(rows.keys()), f"{place.shown}#{name}")
        collector = Collector(scratch.connection, columns)
        while some := rows.fetchmany(_AT_ONCE):
            collector.add_rows([tuple(row) for row in some])
        rows.close()
        found = inspect(connection)
        key = tuple(found.get_pk_constraint(name, schema=place.schema).get("constrained_columns") or ())
        foreign = tuple(
            (one["constrained_columns"][0], one["referred_table"], one["referred_columns"][0])
            for one in found.get_foreign_keys(name, schema=place.schema)
            if len(one["constrained_columns"]) == 1
        )
    collector.finish(f"{table}_all", row=ROW, by_value=False)
    picked = ", ".join(quoted(one) for one in columns)
    scratch.connection.execute(f"create or replace temp table {table} as select {picked} from {table}_all")
    scratch.connection.execute(f"drop table {table}_all")
    whole = int(counted) if counted < _COUNTED else None
    notes = item.notes
    if whole is None or whole > most:
        notes += (Words(f"only the first {most:,} rows were read", f"只读取了前 {most:,} 行"),)
    return Sample(table, columns, whole, Format(), notes, key, foreign)


def _from_environment(match: re.Match[str]) -> str:
    value = os.environ.get(match[1])
    if not value:
        raise ConfigurationError(f"{match[1]} is not set", hint=f"put {match[1]}=... into .env of the workspace")
    return value


@contextmanager
def _connected(address: str, shown: str) -> Iterator[Connection]:
    """A connection whose errors never show the address with its password."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    try:
        engine: Any = create_engine(address, pool_pre_ping=False)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            f"there is no driver for {shown}: {error}", hint="install the database's driver beside triloop"
        ) from None
    try:
        with engine.connect() as connection:
            yield connection
            connection.rollback()
    except SQLAlchemyError as error:
        told = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DataError(
            f"{shown} cannot be read: {told}", hint="check address, user and rights; reading is all that is needed"
        ) from None
    finally:
        engine.dispose()
