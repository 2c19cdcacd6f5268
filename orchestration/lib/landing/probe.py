"""Looking whether a server can be read: a database without reading any of it, an API by one page of each object."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.lib.landing.sql_connection import database_error, reading
from orchestration.lib.landing.sql_reader import require_table

if TYPE_CHECKING:
    from orchestration.lib.landing.limits import Limits
    from orchestration.lib.mapping.model import SourceMapping


_PROBE_SECONDS = 120


@dataclass(frozen=True)
class Reached:
    """A database that answers: which it is, and how many of its tables and queries the mapping reads."""

    server: str
    tables: int
    queries: int


def probe_sql(mapping: SourceMapping) -> Reached:
    """Log in and look for each table of the mapping; queries are not run.

    Raises:
        ConfigurationError: the connection is not set up, or the login is refused.
        DataError: the database cannot be reached, or has no such schema or table.
    """
    from sqlalchemy.exc import SQLAlchemyError

    tables = [obj for obj in mapping.objects.values() if obj.table is not None]
    with reading(mapping) as connection:
        try:
            for obj in tables:
                require_table(connection, mapping, obj)
        except SQLAlchemyError as error:
            what, hint = f"the list of tables of source '{mapping.source}'", "see what this user may read"
            raise database_error(mapping, error, what=what, hint=hint) from None
        version = ".".join(map(str, (connection.dialect.server_version_info or ())[:2]))
        server = f"{connection.dialect.name} {version}".strip()
    return Reached(server, len(tables), len(mapping.objects) - len(tables))


def probe_rest(mapping: SourceMapping, limits: Limits) -> dict[str, int]:
    """Ask for the first page of each object, once; object → records on it.

    Raises:
        ConfigurationError: the connection is not set up, or the login is refused.
        DataError: the API does not answer, or not as the mapping says.
    """
    from orchestration.lib.landing.rest_client import Client
    from orchestration.lib.landing.rest_pages import read_pages

    found: dict[str, int] = {}
    with closing(Client(mapping, limits, until=time.monotonic() + _PROBE_SECONDS, attempts=1)) as client:
        for obj in mapping.objects.values():
            if obj.request is not None:
                first = next(read_pages(client, obj.request, changes={}, what=f"{mapping.source}.{obj.name}"))
                first.answer.lines(first.records, what=first.what)
                found[obj.name] = len(first.records)
    return found
