"""Fixtures of all tests: workspaces in which the whole chain has run once, and public data that is never committed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.lib.shared_cache import FOLDER_VARIABLE
from tests import mariadb, postgres
from tests.verified import used_workspaces, verify_once

TEST_DATA_VARIABLE = "TRILOOP_TEST_DATA"
RUN_SECONDS = 900
POSTGRES, MARIADB = "postgres", "mariadb"  # the folders that say where the servers are


def triloop(*arguments: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the ``triloop`` command in a process of its own, without what this process has in TRILOOP_ variables."""
    kept = {FOLDER_VARIABLE}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRILOOP_") or name in kept}
    return subprocess.run(
        [sys.executable, "-c", "from orchestration.cli.main import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
        cwd=Path(__file__).resolve().parents[1],
        env={**clean, **(environment or {})},
    )


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker to ask makes and all others wait for; a failure is remembered, not tried again."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # each worker has a folder of its own below this one
    root, done, failed = (shared / f"{name}{suffix}" for suffix in ("", ".done", ".failed"))
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if failed.exists():
            pytest.fail(failed.read_text(encoding="utf-8"), pytrace=False)
        if not done.exists():
            try:
                make(root)
            except BaseException as error:
                failed.write_text(str(error), encoding="utf-8")
                raise
            done.touch()
    return root


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One cache of parsed projects for all workers of this run, so that tests and the user's cache stay apart."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ[FOLDER_VARIABLE] = str(shared / "cache")


def must_succeed(*arguments: str | Path) -> None:
    """Run the ``triloop`` command; anything but success fails the test with all that was said."""
    outcome = triloop(*arguments)
    if outcome.returncode != 0:
        told = f"{outcome.stdout[-6000:]}\n{outcome.stderr[-6000:]}"
        pytest.fail(f"triloop {' '.join(map(str, arguments))} ended with {outcome.returncode}\n{told}", pytrace=False)


@pytest.fixture(autouse=True)
def _verified(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After an integration test the invariants hold in every workspace that it used; each state is looked at once."""
    failed = request.session.testsfailed
    yield
    if "integration" not in request.path.parts or request.node.get_closest_marker("unverified") is not None:
        return
    if request.session.testsfailed > failed:
        return  # it has told its own story
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    for root in used_workspaces(request.node.funcargs):
        violations = verify_once(root, shared)
        if violations:
            pytest.fail(f"an invariant does not hold in {root}:\n" + "\n".join(violations), pytrace=False)


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, run once. Shared: a test that changes anything works on a copy (tests.support.copy_workspace)."""

    def make(root: Path) -> None:
        must_succeed("init", root, "--demo")
        must_succeed("run", "--workspace", root)

    return made_once(tmp_path_factory, "demo", make)


@pytest.fixture(scope="session")
def olist_data() -> Path:
    """The folder of Olist's files; skips where the public data are not at hand."""
    place = os.environ.get(TEST_DATA_VARIABLE)
    if not place:
        pytest.skip(f"{TEST_DATA_VARIABLE} is not set: it names the folder that holds olist/ (docs/tutorial/olist.md)")
    folder = Path(place).expanduser().resolve() / "olist"
    if not folder.is_dir():
        pytest.skip(f"{TEST_DATA_VARIABLE}={place} holds no olist/")
    return folder


@pytest.fixture(scope="session")
def olist_workspace(tmp_path_factory: pytest.TempPathFactory, olist_data: Path) -> Path:
    """The Olist example, run once. Shared: copy before changing anything."""

    def make(root: Path) -> None:
        must_succeed("init", root, "--example", "olist", "--data", olist_data)
        must_succeed("run", "--workspace", root)

    return made_once(tmp_path_factory, "olist", make)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> postgres.PostgresServer:
    """A PostgreSQL server, one for all workers; skips where none is installed. Take a database of your own in it."""
    try:
        postgres.require()
    except postgres.NoServerError as error:
        pytest.skip(str(error))
    return postgres.running(made_once(tmp_path_factory, POSTGRES, postgres.start))


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> mariadb.MariaServer:
    """A MariaDB server, one for all workers; skips where none is installed. Take a database of your own in it."""
    try:
        mariadb.require()
    except mariadb.NoServerError as error:
        pytest.skip(str(error))
    return mariadb.running(made_once(tmp_path_factory, MARIADB, mariadb.start))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests on public data come first in the second half, those on the demo in the first.

    Two workers begin with a half each, so each makes its own long workspaces from the start, and neither waits for the
    other's; what is short comes last and is taken over by the one that is done.
    """
    public = [item for item in items if "integration" in item.path.parts and item.get_closest_marker("realdata")]
    moved = set(public)
    others = [item for item in items if item not in moved]
    middle = len(items) // 2
    items[:] = [*others[:middle], *public, *others[middle:]]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the servers when the last worker is done: the one who waits for all workers does it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
        postgres.stop(factory.getbasetemp() / POSTGRES)
        mariadb.stop(factory.getbasetemp() / MARIADB)
