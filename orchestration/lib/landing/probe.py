"""Looking whether a database server can be read, without reading anything of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.lib.landing.sql_connection import database_error, reading
from orchestration.lib.landing.sql_reader import require_table

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceMapping


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
