"""The real ERP beside the tests: its SQLite file, its client library for more business, its tables in PostgreSQL."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

CLIENT_VARIABLE = "TRILOOP_TRYTON_PYTHON"
"""A Python that has trytond and proteus; without it, a test that needs one makes an environment of its own."""

RARE = Path(__file__).with_name("tryton_rare.py")
SECONDS = 1200
_TYPES = {"FLOAT": "DOUBLE PRECISION", "BLOB": "BYTEA"}  # all other names mean the same in both
_DO_WITHOUT = ("ir_", "res_", "sqlite_")  # the ERP's own machinery: screens, users, translations


def unpack(data: Path, target: Path) -> Path:
    """The ready-made database, as a file that can be written to."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(data / "tryton_30_leads.sqlite.gz") as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return target


def client_python(data: Path, folder: Path) -> Path:
    """A Python with the ERP's client library as ``data`` pins it (it is GPL, so never part of triloop)."""
    if given := os.environ.get(CLIENT_VARIABLE):
        return Path(given)
    environment = folder / "tryton-client"
    python = environment / "bin" / "python"
    if not python.exists():
        uv = str(Path(sys.executable).parent / "uv")
        _run([uv, "venv", "-q", "--python", sys.executable, str(environment)])
        _run([uv, "pip", "install", "-q", "--python", str(python), "-r", str(data / "requirements.lock")])
    return python


def do_business(data: Path, python: Path, folder: Path, *, uri: str, leads: int, seed: int) -> None:
    """Let ``fill.py`` play ``leads`` more chains through the ERP's business rules.

    ``uri``: ``sqlite:///tryton`` for ``folder/tryton.sqlite``, else the server's address with the database's name.
    """
    config = _config(folder, uri)
    _run([str(python), str(data / "fill.py"), uri, str(config), str(leads), str(seed)], cwd=folder)


def do_rare_business(python: Path, folder: Path, *, uri: str) -> None:
    """What ``fill.py`` never does, all under one campaign of its own; see ``tryton_rare.py``."""
    _run([str(python), str(RARE), uri, str(_config(folder, uri))], cwd=folder)


def _config(folder: Path, uri: str) -> Path:
    # an absolute path: a relative one ends up in the host part of the address that the ERP makes of it
    place = f"uri = sqlite://\npath = {folder}" if uri.startswith("sqlite") else f"uri = {uri.rpartition('/')[0]}/"
    config = folder / "trytond.conf"
    config.write_text(f"[database]\n{place}\ndefault_name = tryton\n[session]\nsuper_pwd =\n", encoding="utf-8")
    return config


def install(data: Path, python: Path, folder: Path, *, address: str) -> None:
    """Make the ERP's tables in an empty PostgreSQL database and activate all its modules (two minutes)."""
    config, password = _config(folder, address), folder / "pass.txt"
    database = address.rpartition("/")[2]
    password.write_text("for-this-test-only\n", encoding="utf-8")
    admin = [str(python.parent / "trytond-admin"), "-c", str(config), "-d", database]
    modules = (data / "modules.txt").read_text(encoding="utf-8").split()
    environment = {"TRYTONPASSFILE": str(password)}
    _run([*admin, "--all", "--email", "admin@example.com"], cwd=folder, environment=environment)
    _run([*admin, "-u", *modules, "--activate-dependencies"], cwd=folder, environment=environment)


def copy_to_postgres(file: Path, address: str) -> None:
    """Every table of business of the SQLite file, with PostgreSQL's own types, as the ERP itself makes them there."""
    import psycopg

    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as source, psycopg.connect(address) as target:
        names = [row[0] for row in source.execute("select name from sqlite_master where type = 'table' order by name")]
        for name in names:
            if name.startswith(_DO_WITHOUT):
                continue
            columns = [(row[1], row[2]) for row in source.execute(f'pragma table_info("{name}")')]
            described = ", ".join(f'"{column}" {_TYPES.get(kind, kind)}' for column, kind in columns)
            target.execute(f'create table "{name}" ({described})')
            rows = source.execute(f'select * from "{name}"')
            with target.cursor() as cursor, cursor.copy(f'copy "{name}" from stdin') as copy:
                for row in rows:
                    copy.write_row(_typed(row, columns))


def _typed(row: Iterable[Any], columns: list[tuple[str, str]]) -> list[Any]:
    return [_value(value, kind) for value, (_, kind) in zip(row, columns, strict=True)]


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "NUMERIC":
        return value.decode() if isinstance(value, bytes) else str(value)  # the ERP stores decimals as BLOBs
    if kind == "INTERVAL":
        return timedelta(seconds=value)
    return bool(value) if kind == "BOOLEAN" else value


def _run(command: list[str], *, cwd: Path | None = None, environment: dict[str, str] | None = None) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TRYTON", "VIRTUAL"))}
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={**clean, **(environment or {})},
    )
    if done.returncode != 0:
        pytest.fail(
            f"{' '.join(command[:3])} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        )
