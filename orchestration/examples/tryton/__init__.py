"""The example on a real ERP: Tryton, from campaign to complaint, out of its SQLite file or its PostgreSQL database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from orchestration.lib.errors import ConfigurationError

__all__ = ["MAPPING", "SETTINGS", "VARIABLE", "is_url", "mapping_text", "write_example"]

MAPPING = Path(__file__).parent / "mappings" / "tryton.yml"
VARIABLE = "TRILOOP_TRYTON_DATA"
"""The environment variable (kept in the workspace's ``.env``) that the mapping reads the file or the address from."""

SETTINGS: dict[str, Any] = {
    "company": {"currency": "CNY", "timezone": "Asia/Shanghai"},
    # the ERP has one rate a month, and takes it for every day of that month
    "currency": {"max_rate_age_days": 31, "carried_rate_days": 31},
}
_FILE_CONNECTION = f'connection: {{type: sqlite, path: "${{{VARIABLE}}}"}}'
_URL_CONNECTION = f'connection: {{type: sql, url: "${{{VARIABLE}}}"}}'
_DRIVERLESS = ("postgres://", "postgresql://")


def is_url(data: str) -> bool:
    """Whether ``--data`` names a database rather than a file."""
    return "://" in data


def mapping_text(*, database: bool) -> str:
    """The mapping, for a SQLite file or for a ``database``: the queries are the same, only the connection differs."""
    text = MAPPING.read_text(encoding="utf-8")
    return text.replace(_FILE_CONNECTION, _URL_CONNECTION) if database else text


def write_example(workspace_root: Path, data: str) -> dict[str, Any]:
    """Put the mapping into a workspace and tell it where the data is; returns the settings that belong to it.

    The address of a database may hold a password, so it goes into ``.env`` (mode 0600) and nowhere else.

    Raises:
        ConfigurationError: ``data`` is neither a Tryton database file nor the address of a PostgreSQL database.
    """
    place = _address(data) if is_url(data) else str(_database_file(data))
    target = workspace_root / "mappings" / MAPPING.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(mapping_text(database=is_url(data)), encoding="utf-8")
    environment = workspace_root / ".env"
    lines = environment.read_text(encoding="utf-8").splitlines() if environment.is_file() else []
    kept = [line for line in lines if not line.startswith(f"{VARIABLE}=")]
    environment.write_text("\n".join([*kept, f"{VARIABLE}={place}"]) + "\n", encoding="utf-8")
    environment.chmod(0o600)
    return SETTINGS


def _address(data: str) -> str:
    """The address as SQLAlchemy wants it, with the driver that is installed."""
    scheme = next((one for one in _DRIVERLESS if data.startswith(one)), None)
    if scheme is not None:
        return "postgresql+psycopg://" + data.removeprefix(scheme)
    if data.startswith("postgresql+"):
        return data
    # what stands behind the scheme may be a password, so it is not repeated
    raise ConfigurationError(
        f"--data has an address of type '{data.partition('://')[0]}', and Tryton runs on PostgreSQL or SQLite",
        hint="give postgresql://USER:PASSWORD@HOST:5432/DATABASE, or the path of its SQLite file",
    )


def _database_file(data: str) -> Path:
    """The file, once it is sure that a Tryton database with sales and opportunities is in it."""
    file = Path(data).expanduser().resolve()
    if file.suffix == ".gz" and file.is_file():
        raise ConfigurationError(
            f"{file} is compressed", hint=f"gunzip --keep '{file}', then name the file without .gz"
        )
    if not file.is_file():
        raise ConfigurationError(
            f"the database file {file} does not exist", hint="--data names Tryton's .sqlite file, or postgresql://…"
        )
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            tables = {row[0] for row in database.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.Error as error:
        raise ConfigurationError(f"{file} cannot be read as a SQLite database: {error}", hint="check --data") from error
    if not {"sale_opportunity", "account_invoice"} <= tables:
        raise ConfigurationError(
            f"{file} is no Tryton database with opportunities and invoices",
            hint="activate Tryton's modules sale_opportunity and account_invoice; docs/tutorial/tryton.md lists all",
        )
    return file
