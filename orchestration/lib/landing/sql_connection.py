"""Connecting to a database through SQLAlchemy: to read, in one transaction, and with secrets from the environment only.

Whatever goes wrong is told without the password: drivers are free to quote it, so it is taken out of their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from orchestration.lib.errors import ConfigurationError, DataError, TriloopError
from orchestration.lib.landing.source_files import fill_variables

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.exc import SQLAlchemyError

    from orchestration.lib.mapping.model import SourceMapping

CONNECT_SECONDS = 15
# Addresses that name no driver mean the one that is there.
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mssql": "mssql+pymssql",
}
_TIMEOUT = {
    "postgresql+psycopg": "connect_timeout",
    "mysql+pymysql": "connect_timeout",
    "mariadb+pymysql": "connect_timeout",
    "mssql+pymssql": "login_timeout",
}
_PASSWORD_PLACE = re.compile(r"(://[^/?#@:]*:)(\$\{[A-Za-z_][A-Za-z0-9_]*\})(?=@)")
_LOGIN = re.compile(r"password|authentication|access denied|login failed|not permitted|invalid username", re.IGNORECASE)
# What a database wants to hear before a transaction that only reads and sees one state; PostgreSQL has options for it,
# see _transaction. Times without a zone come as they are stored, TIMESTAMP columns of MySQL in UTC.
_MYSQL = (
    "SET time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "ROLLBACK",  # the driver has begun one, under the level of before
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_READ_ONLY = {"mysql": _MYSQL, "mariadb": _MYSQL, "oracle": ("SET TRANSACTION READ ONLY",)}
# Values come as PostgreSQL writes them, in a writing that does not depend on how the server is set up.
_POSTGRES_SESSION = "set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set intervalstyle to 'iso_8601'"


class AwayError(DataError):
    """The database cannot be reached, or broke off: asked again in a while it may well answer."""


def database_url(mapping: SourceMapping) -> URL:
    """The address of a source of type ``sql``, with the environment's values filled in.

    Raises:
        ConfigurationError: a variable is not set, or what comes out is no address of a database that can be read.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    def quoted(match: re.Match[str]) -> str:
        return match[1] + quote(fill_variables(match[2], mapping, "connection.url"), safe="")

    written = _PASSWORD_PLACE.sub(quoted, mapping.connection.url or "")
    text = fill_variables(written, mapping, "connection.url")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # their message may quote the address, and with it the password
        raise ConfigurationError(
            f"connection.url of source '{mapping.source}' is not the address of a database",
            file=mapping.file,
            hint="write it as postgresql+psycopg://user:password@host:5432/database (signs such as @ or / in a "
            "password percent-encoded)",
        ) from None
    if url.get_backend_name() == "sqlite":
        raise ConfigurationError(
            f"the database of source '{mapping.source}' is SQLite",
            file=mapping.file,
            hint="write connection: {type: sqlite, path: FILE}: its reader keeps every digit",
        )
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


@contextmanager
def reading(mapping: SourceMapping) -> Iterator[Connection]:
    """A connection in a transaction that only reads and sees one state of the database; rolled back at the end.

    Raises:
        ConfigurationError: the address or the login is wrong, or the driver is not installed.
        DataError: the database cannot be reached.
    """
    from sqlalchemy.exc import SQLAlchemyError

    url = database_url(mapping)
    engine = _engine(mapping, url)
    try:
        try:
            connection = engine.connect()
        except (SQLAlchemyError, OSError) as error:
            raise _no_connection(mapping, url, error) from None
        with connection:
            yield _transaction(connection)
            connection.rollback()
    finally:
        engine.dispose()


def _engine(mapping: SourceMapping, url: URL) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    is_psycopg = url.drivername == "postgresql+psycopg"
    option = _TIMEOUT.get(url.drivername)
    options = {option: CONNECT_SECONDS} if option is not None and option not in url.query else {}
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)
    except (ModuleNotFoundError, SQLAlchemyError) as error:
        raise ConfigurationError(
            f"the driver of source '{mapping.source}' ({url.drivername}) is not installed: {_told(error, url)}",
            file=mapping.file,
            hint="install the package of the driver into the same environment; those of PostgreSQL "
            "(postgresql+psycopg://), MariaDB and MySQL (mysql+pymysql://) and SQL Server (mssql+pymssql://) are there",
        ) from None
    if is_psycopg:
        event.listen(engine, "connect", _as_text)
    return engine


def _as_text(connection: Any, _: object) -> None:
    """Let psycopg hand over PostgreSQL's own text of every value that Python's types do not hold exactly."""
    from psycopg import postgres
    from psycopg.types.string import TextLoader

    with connection.cursor() as cursor:
        cursor.execute(_POSTGRES_SESSION)
    connection.commit()
    native = {"bool", "int2", "int4", "int8", "oid", "float4", "float8", "bytea"}
    for info in postgres.types:
        if info.name not in native:
            connection.adapters.register_loader(info.oid, TextLoader)
        if info.array_oid:
            connection.adapters.register_loader(info.array_oid, TextLoader)


def _transaction(connection: Connection) -> Connection:
    backend = connection.dialect.name
    if backend == "postgresql":
        return connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
    for statement in _READ_ONLY.get(backend, ()):
        connection.exec_driver_sql(statement)
    return connection


def database_error(mapping: SourceMapping, error: SQLAlchemyError, *, what: str, hint: str) -> DataError:
    """What the database said about a statement, as an error of ours."""
    if _is_away(error):
        return AwayError(
            f"the database of source '{mapping.source}' broke off: {_told(error, database_url(mapping))}",
            hint="nothing of this reading is landed; it is asked again with the next run",
        )
    own = getattr(getattr(getattr(error, "orig", None), "diag", None), "message_hint", None)
    return DataError(f"{what} cannot be read: {_told(error, database_url(mapping))}", hint=own or hint)


def _is_away(error: SQLAlchemyError) -> bool:
    """Whether the connection was lost, or the database gave way to somebody else; not a fault of the statement."""
    if getattr(error, "connection_invalidated", False):
        return True
    original = getattr(error, "orig", None)
    state = getattr(original, "sqlstate", None) or ""
    number = original.args[0] if original is not None and original.args else None
    # connection lost, shut down, serialization failure, deadlock; the same of MySQL
    return state[:2] in {"08", "57"} or state in {"40001", "40P01"} or number in {1205, 1213, 2003, 2006, 2013}


def _no_connection(mapping: SourceMapping, url: URL, error: Exception) -> TriloopError:
    told = _told(error, url)
    if _LOGIN.search(told):
        return ConfigurationError(
            f"the database of source '{mapping.source}' refuses the login: {told}",
            file=mapping.file,
            hint="correct the user or password in the variable of connection.url (.env of the workspace)",
        )
    return AwayError(
        f"the database of source '{mapping.source}' cannot be reached: {told}",
        hint="see that host, port and database in connection.url are right, the server runs, and no firewall is "
        "between; then run again",
    )


def _told(error: Exception, url: URL) -> str:
    """The first line that a driver said, without the password in any writing."""
    lines = [line.strip() for line in str(getattr(error, "orig", None) or error).splitlines()]
    text = next((line for line in lines if line), type(error).__name__)
    password = str(url.password) if url.password else ""
    for secret in {password, quote(password, safe=""), quote(password)} - {""}:
        text = text.replace(secret, "***")
    return re.sub(r"(://[^/\s:@]*:)[^@\s]*@", r"\1***@", text)[:400]
