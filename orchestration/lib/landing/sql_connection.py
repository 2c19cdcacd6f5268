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
from orchestration.lib.landing.away import AwayError, LoginError
from orchestration.lib.landing.source_files import fill_variables

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.exc import SQLAlchemyError

    from orchestration.lib.mapping.model import SourceMapping

CONNECT_SECONDS = 15
MINUTES = 60  # for one statement, where the settings say nothing
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
# How long the driver waits for a server that says nothing, in seconds: the only thing that ends a statement when the
# server is gone without a word. PostgreSQL's has no such option; its connection is watched by the system instead.
_SILENCE = {"mysql+pymysql": "read_timeout", "mariadb+pymysql": "read_timeout", "mssql+pymssql": "timeout"}
_WATCHED = {"keepalives_idle": 60, "keepalives_interval": 15, "keepalives_count": 4}
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
_AWAY_NUMBERS = {
    *(1205, 1213, 1969, 2003, 2006, 2013, 3024),  # MySQL and MariaDB; 1205 is SQL Server's deadlock
    *(3960, 20002, 20003, 20004, 20006, 20009, 20017, 20047),  # SQL Server, and the library that pymssql is made with
}
_SETTING = "see that this user may begin a transaction that only reads"
# Values come as PostgreSQL writes them, in a writing that does not depend on how the server is set up.
_POSTGRES_SESSION = "set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set intervalstyle to 'iso_8601'"


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
def reading(mapping: SourceMapping, *, minutes: float = MINUTES) -> Iterator[Connection]:
    """A connection in a transaction that only reads and sees one state of the database; rolled back at the end.

    Args:
        minutes: how long one statement may take.

    Raises:
        ConfigurationError: the address or the login is wrong, or the driver is not installed.
        DataError: the database cannot be reached.
    """
    from sqlalchemy.exc import SQLAlchemyError

    url = database_url(mapping)
    engine = _engine(mapping, url, minutes)
    try:
        try:
            connection = engine.connect()
        except (SQLAlchemyError, OSError) as error:
            raise _no_connection(mapping, url, error) from None
        with connection:
            try:
                prepared = _transaction(mapping, connection, minutes)
            except SQLAlchemyError as error:
                raise database_error(mapping, error, what=f"source '{mapping.source}'", hint=_SETTING) from None
            yield prepared
            connection.rollback()
    finally:
        engine.dispose()


def _engine(mapping: SourceMapping, url: URL, minutes: float) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    is_psycopg = url.drivername == "postgresql+psycopg"
    wanted: dict[str | None, int] = {
        _TIMEOUT.get(url.drivername): CONNECT_SECONDS,
        _SILENCE.get(url.drivername): max(int(minutes * 60), 1),
    }
    if is_psycopg:
        wanted.update(_WATCHED)
    options = {name: value for name, value in wanted.items() if name is not None and name not in url.query}
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


def _transaction(mapping: SourceMapping, connection: Connection, minutes: float) -> Connection:
    backend = connection.dialect.name
    if backend == "postgresql":
        connection = connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(minutes * 60_000)}")
        return connection
    if backend == "mssql":
        return _snapshot(mapping, connection)
    for statement in _READ_ONLY.get(backend, ()):
        connection.exec_driver_sql(statement)
    if getattr(connection.dialect, "is_mariadb", False):
        connection.exec_driver_sql(f"SET SESSION max_statement_time = {minutes * 60}")
    elif backend == "mysql":
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {int(minutes * 60_000)}")
    return connection


def _snapshot(mapping: SourceMapping, connection: Connection) -> Connection:
    """SQL Server: one state without locking anybody out, which the database must allow.

    Raises:
        DataError: it does not. Its default may pass over rows that move while they are read, and count others twice.
    """
    allowed = connection.exec_driver_sql(
        "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
    ).scalar()
    if allowed != 1:
        raise DataError(
            f"the database of source '{mapping.source}' allows no reading of one state",
            hint="let its administrator run once: ALTER DATABASE name SET ALLOW_SNAPSHOT_ISOLATION ON; or let "
            "connection.url name a copy that allows it",
        )
    connection.rollback()  # the level is that of the next transaction
    return connection.execution_options(isolation_level="SNAPSHOT")


def too_slow(what: str, minutes: int) -> AwayError:
    """What is said of a reading that takes longer than allowed."""
    return AwayError(
        f"{what}: took longer than {minutes} minutes",
        hint="raise limits: {max_reading_minutes: ...} in triloop.yml, or read only what changed (cursor)",
    )


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
    # connection lost, shut down, stopped by a limit of time, serialization failure, deadlock; the same of MySQL
    # and MariaDB; the same of SQL Server and its library
    return state[:2] in {"08", "57"} or state in {"40001", "40P01"} or number in _AWAY_NUMBERS


def _no_connection(mapping: SourceMapping, url: URL, error: Exception) -> TriloopError:
    told = _told(error, url)
    if _LOGIN.search(told):
        return LoginError(
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
    text = next((line for line in _lines(getattr(error, "orig", None) or error) if line), type(error).__name__)
    password = str(url.password) if url.password else ""
    for secret in {password, quote(password, safe=""), quote(password)} - {""}:
        text = text.replace(secret, "***")
    return re.sub(r"(://[^/\s:@]*:)[^@\s]*@", r"\1***@", text)[:400]


def _lines(error: Exception) -> list[str]:
    """What a driver said, by lines; pymssql gives bytes, at the login in a tuple, among the noise of its library."""
    first = error.args[0] if error.args else None
    parts = first if isinstance(first, tuple) else error.args if len(error.args) > 1 else ()
    told = next((one for one in parts if isinstance(one, bytes)), None)
    if told is None:
        return [line.strip() for line in str(error).splitlines()]
    text = re.sub(r"DB-Lib error message [0-9]+, severity [0-9]+:", "\n", told.decode(errors="replace"))
    return [line.strip() for line in text.splitlines()]
