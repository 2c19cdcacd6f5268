"""A PostgreSQL server of the tests' own: a fresh cluster on a free port of the loopback, gone with the session."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OWNER = "triloop"
# Ends the server when the process of the session is gone without having stopped it (it was killed).
WATCH = """
while kill -0 "$1" 2>/dev/null && [ -d "$2" ]; do sleep 2; done
[ -d "$2" ] || exit 0
kill -QUIT "$(head -n 1 "$2/data/postmaster.pid")"
sleep 2
rm -rf "$2"
"""
SETTINGS = {"listen_addresses": "127.0.0.1", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NoServerError(Exception):
    """There is nothing to start a server with here; the text says what is missing."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server. The user ``triloop`` owns everything and logs in with ``password``."""

    folder: str
    binaries: str
    port: int
    password: str

    def url(self, database: str = "postgres", *, user: str = OWNER, password: str | None = None) -> str:
        """The address for SQLAlchemy."""
        return f"postgresql+psycopg://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements, each in a transaction of its own; the rows of the last one."""
        import psycopg

        address = self.url(database).replace("+psycopg", "")
        rows: list[tuple[Any, ...]] = []
        with psycopg.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)  # type: ignore[arg-type]
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def new_database(self, name: str) -> str:
        """An empty database (one of that name is dropped first) and its address."""
        self.execute(f'drop database if exists "{name}" with (force)', f'create database "{name}"')
        return self.url(name)


def require() -> None:
    """Raise unless a server can be started here.

    Raises:
        NoServerError: no server is installed, or nobody but root is here to run it.
    """
    _binaries()
    _runner()


def start(folder: Path) -> None:
    """Start a server and note in ``folder`` where it is."""
    binaries = _binaries()
    user = _runner()
    home = Path(tempfile.mkdtemp(prefix="triloop-postgres-"))  # not below pytest's folder, which is closed to others
    server = PostgresServer(str(home), str(binaries), _free_port(), secrets.token_hex(12))
    secret = home / "password"
    secret.write_text(server.password, encoding="utf-8")
    if user is not None:
        for path in (home, secret):
            os.chown(path, user.pw_uid, user.pw_gid)
    try:
        how = [
            f"--pgdata={home / 'data'}", f"--username={OWNER}", f"--pwfile={secret}", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        ]  # fmt: skip
        _run([binaries / "initdb", *how], user, home)
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -p {server.port} -k {home}"
        control = [binaries / "pg_ctl", f"--pgdata={home / 'data'}", f"--log={home / 'log'}", "--wait"]
        _run([*control, f"--options={options}", "start"], user, home)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    session = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen(["sh", "-c", WATCH, "watch", str(session), str(home)], start_new_session=True, cwd="/", **quiet)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.json").write_text(json.dumps(asdict(server)), encoding="utf-8")


def running(folder: Path) -> PostgresServer:
    """The server that :func:`start` noted in ``folder``."""
    return PostgresServer(**json.loads((folder / "server.json").read_text(encoding="utf-8")))


def stop(folder: Path) -> None:
    """Stop the server noted in ``folder``, if there is one, and remove all it had."""
    if not (folder / "server.json").is_file():
        return
    server = running(folder)
    home = Path(server.folder)
    control = [Path(server.binaries) / "pg_ctl", f"--pgdata={home / 'data'}", "--mode=immediate", "--wait", "stop"]
    _run(control, _runner(), home)
    shutil.rmtree(home)
    (folder / "server.json").unlink()


def _binaries() -> Path:
    there = shutil.which("initdb")
    places = [Path(there).parent] if there else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    found = next((place for place in places if (place / "initdb").is_file() and (place / "pg_ctl").is_file()), None)
    if found is None:
        raise NoServerError("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    return found


def _runner() -> pwd.struct_passwd | None:
    """The user who runs the server when we are root, whom PostgreSQL refuses; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoServerError("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _run(command: list[str | Path], user: pwd.struct_passwd | None, home: Path) -> None:
    identity: dict[str, Any] = {}
    if user is not None:
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # a server that keeps our pipes would keep us waiting for their end
    with (home.parent / f"{home.name}.out").open("w+") as out:
        Path(out.name).unlink()
        done = subprocess.run(
            list(map(str, command)), stdout=out, stderr=subprocess.STDOUT, check=False, timeout=120, cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}, **identity,
        )  # fmt: skip
        out.seek(0)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{out.read()[-2000:]}")
