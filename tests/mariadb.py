"""A MariaDB server of the tests' own: fresh data on a free port of the loopback, gone with the session."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

USER = "triloop"
_READY_SECONDS = 60


class NoServerError(Exception):
    """There is nothing to start a server with here; the text says what is missing."""


@dataclass(frozen=True)
class MariaServer:
    """A running server; the user ``triloop`` may do everything."""

    folder: str
    port: int
    password: str
    pid: int

    def url(self, database: str, *, port: int | None = None, password: str | None = None) -> str:
        """The address for SQLAlchemy."""
        return f"mysql+pymysql://{USER}:{password or self.password}@127.0.0.1:{port or self.port}/{database}"

    def execute(self, *statements: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run statements and commit; the rows of the last one."""
        import pymysql

        rows: tuple[tuple[Any, ...], ...] = ()
        with pymysql.connect(
            host="127.0.0.1", port=self.port, user=USER, password=self.password, database=database, autocommit=True
        ) as connection, connection.cursor() as cursor:  # fmt: skip
            for statement in statements:
                cursor.execute(statement)
                rows = cursor.fetchall()
        return list(rows)

    def new_database(self, name: str) -> str:
        """An empty database (one of that name is dropped first) and its address."""
        self.execute(f"drop database if exists `{name}`", f"create database `{name}` character set utf8mb4")
        return self.url(name)


def require() -> tuple[str, str]:
    """The programs that make and run a server.

    Raises:
        NoServerError: no server is installed.
    """
    install, daemon = shutil.which("mariadb-install-db"), shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    if install is None or not Path(daemon).exists():
        raise NoServerError("no MariaDB server is installed (Debian: apt-get install mariadb-server)")
    return install, daemon


def start(folder: Path) -> None:
    """Start a server and note in ``folder`` where it is."""
    install, daemon = require()
    home = Path(tempfile.mkdtemp(prefix="triloop-mariadb-"))
    data, password = home / "data", secrets.token_hex(12)
    owner = ["--user=mysql"] if os.getuid() == 0 else []
    if owner:
        home.chmod(0o755)
    subprocess.run(
        [install, "--no-defaults", *owner, f"--datadir={data}", "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    setup = home / "setup.sql"
    setup.write_text(
        f"create user '{USER}'@'127.0.0.1' identified by '{password}';\n"
        f"grant all on *.* to '{USER}'@'127.0.0.1' with grant option;\n",
        encoding="utf-8",
    )
    setup.chmod(0o644)
    log = (home / "log").open("wb")
    process = subprocess.Popen(
        [
            daemon, "--no-defaults", *owner, f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
            f"--socket={data / 's.sock'}", f"--pid-file={data / 'pid'}", f"--init-file={setup}", "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
        ],
        stdout=log,
        stderr=log,
        start_new_session=True,
    )  # fmt: skip
    server = MariaServer(str(home), port, password, process.pid)
    _wait(server, home)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.json").write_text(json.dumps(asdict(server)), encoding="utf-8")


def _wait(server: MariaServer, home: Path) -> None:
    import pymysql

    until = time.monotonic() + _READY_SECONDS
    while True:
        try:
            server.execute("select 1")
        except pymysql.err.OperationalError:
            if time.monotonic() > until:
                told = (home / "log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"MariaDB did not start:\n{told}") from None
            time.sleep(0.2)
        else:
            return


def running(folder: Path) -> MariaServer:
    """The server that :func:`start` noted."""
    return MariaServer(**json.loads((folder / "server.json").read_text(encoding="utf-8")))


def stop(folder: Path) -> None:
    """End the server and delete its data."""
    if not (folder / "server.json").exists():
        return
    server = running(folder)
    try:
        os.kill(server.pid, 15)
        os.waitpid(server.pid, 0)
    except (ProcessLookupError, ChildProcessError):
        time.sleep(1)  # another process of the session started it, and it is ending or gone
    shutil.rmtree(server.folder, ignore_errors=True)
