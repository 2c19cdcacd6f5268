"""What ``triloop doctor`` looks at: each check says what it found and, unless all is well, how to mend it.

Nothing is repaired and no data is read; the order is that in which a run would stumble.
"""

from __future__ import annotations

import platform
import re
import shlex
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from orchestration.lib.errors import ExitCode, TriloopError, WorkspaceBusyError
from orchestration.lib.workspace import PROJECT_ROOT, Workspace

if TYPE_CHECKING:
    from orchestration.lib.settings import Settings

Status = Literal["ok", "warn", "fail"]
Language = str  # en or zh

OLDEST_PYTHON, FIRST_PYTHON_NOT_TRIED = (3, 11), (3, 14)
LITTLE_DISK, TOO_LITTLE_DISK = 2 << 30, 200 << 20  # bytes
LOCK_FILE = PROJECT_ROOT / "requirements" / "runtime.lock"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """The outcome of one check; ``exit_code`` is what a failure means for the command."""

    check: str
    status: Status
    message: str
    fix: str | None = None
    exit_code: ExitCode = ExitCode.OK


class Doctor:
    """Examines one installation and one workspace.

    Args:
        folder: the workspace folder; None means ``$TRILOOP_WORKSPACE`` or the current folder.
        language: ``en`` or ``zh``.
    """

    def __init__(self, folder: Path | None, language: Language = "en") -> None:
        self.folder = folder
        self.language = language

    def examine(self) -> Iterator[Finding]:
        """Findings one by one; a check that needs what an earlier one found broken is left out."""
        yield self._python()
        yield self._packages()
        try:
            workspace = Workspace.open(self.folder)
        except (TriloopError, OSError) as error:
            yield self.broken("workspace", error)
            return
        yield self.ok("workspace", str(workspace.root), str(workspace.root))
        yield from self._configuration(workspace)
        for name, check in (
            ("vault", self._vault),
            ("disk", self._disk),
            ("lock", self._lock),
            ("warehouse", self._warehouse),
            ("last_run", self._last_run),
            ("snapshot", self._snapshot),
        ):
            yield from self._guarded(name, check, workspace)

    # Words -----------------------------------------------------------------------------------------------------------

    def say(self, en: str, zh: str) -> str:
        """The text in the language of the examination."""
        return zh if self.language == "zh" else en

    def ok(self, check: str, en: str, zh: str) -> Finding:
        """All is well."""
        return Finding(check, "ok", self.say(en, zh))

    def _warn(self, check: str, message: tuple[str, str], fix: tuple[str, str]) -> Finding:
        return Finding(check, "warn", self.say(*message), self.say(*fix))

    def broken(self, check: str, error: Exception) -> Finding:
        """What an error says, as a failure."""
        if isinstance(error, TriloopError):
            place = f" ({error.where})" if error.where and error.where not in error.message else ""
            return Finding(check, "fail", error.message + place, error.hint, error.exit_code)
        fix = self.say("see that the disk is mounted and you may read it", "请检查磁盘是否挂载、是否有读取权限")
        return Finding(check, "fail", f"{type(error).__name__}: {error}", fix, ExitCode.DATA)

    def _guarded(
        self, name: str, check: Callable[[Workspace], Iterator[Finding]], workspace: Workspace
    ) -> Iterator[Finding]:
        try:
            yield from check(workspace)
        except (TriloopError, OSError, sqlite3.Error) as error:
            yield self.broken(name, error)

    # The installation ------------------------------------------------------------------------------------------------

    def _python(self) -> Finding:
        found = platform.python_version()
        if OLDEST_PYTHON <= sys.version_info < FIRST_PYTHON_NOT_TRIED:
            return self.ok("python", found, found)
        wanted = f"{'.'.join(map(str, OLDEST_PYTHON))} .. < {'.'.join(map(str, FIRST_PYTHON_NOT_TRIED))}"
        fix = self.say(f"install Python {wanted}, then: make setup", f"安装 Python {wanted}，再执行 make setup")
        return Finding("python", "fail", found, fix, ExitCode.USAGE)

    def _packages(self) -> Finding:
        if not LOCK_FILE.is_file():
            return self._warn(
                "packages",
                ("the lock file is not here, so versions were not compared", "没有锁定文件，未比较版本"),
                ("work from a checkout of the project", "请在项目源码目录中使用"),
            )
        missing, other = compare_with_lock(LOCK_FILE.read_text(encoding="utf-8"))
        mend = ("make setup", "make setup")
        if missing:
            text = ", ".join(missing[:5])
            message = self.say(f"not installed: {text}", f"未安装：{text}")
            return Finding("packages", "fail", message, mend[0], ExitCode.USAGE)
        if other:
            text = ", ".join(other[:5]) + (" …" if len(other) > 5 else "")
            return self._warn("packages", (f"not the locked versions: {text}", f"与锁定版本不同：{text}"), mend)
        return self.ok("packages", "the locked versions", "与锁定版本一致")

    # What the user wrote ---------------------------------------------------------------------------------------------

    def _configuration(self, workspace: Workspace) -> Iterator[Finding]:
        from orchestration.lib.doctor_sources import examine_source  # a broken workspace needs none of it
        from orchestration.lib.mapping import load_mappings
        from orchestration.lib.settings import load_settings
        from orchestration.lib.settings_names import refuse_unknown_sources

        try:
            settings = load_settings(workspace)
            refuse_unknown_thresholds(workspace, settings)
        except TriloopError as error:
            yield self.broken("settings", error)
            return
        company = settings.company
        yield self.ok("settings", *(f"{company.name}, {company.currency}, {company.timezone}",) * 2)
        try:
            mappings = load_mappings(workspace, settings)
            refuse_unknown_sources(workspace, (f"{one.source}.{name}" for one in mappings for name in one.objects))
        except TriloopError as error:
            yield self.broken("mappings", error)
            return
        if not mappings:
            yield self._warn(
                "mappings",
                ("no source is mapped: mappings/ is empty", "尚未映射任何来源：mappings/ 为空"),
                ("write mappings/<source>.yml (docs/reference/mapping.md)", "编写 mappings/<来源>.yml"),
            )
            return
        objects = sum(len(mapping.objects) for mapping in mappings)
        names = ", ".join(mapping.source for mapping in mappings)
        yield self.ok("mappings", f"{names}: {objects} objects", f"{names}：{objects} 个对象")
        for mapping in mappings:
            yield from examine_source(self, workspace, mapping)

    # State -----------------------------------------------------------------------------------------------------------

    def _vault(self, workspace: Workspace) -> Iterator[Finding]:
        from orchestration.lib.vault.keys import VaultKeys
        from orchestration.lib.vault.store import open_vault

        too_open = [
            path
            for path in (workspace.env_file, workspace.vault_file, workspace.archive_dir)
            if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
        ]
        keys = VaultKeys.from_environment()
        if workspace.vault_file.is_file():
            with open_vault(workspace, keys):  # refuses a key that is not the vault's
                pass
        for path in too_open:
            yield self._warn(
                "vault",
                (f"others on this machine may read {path}", f"本机其他用户可读取 {path}"),
                (f"chmod go= {path}",) * 2,
            )
        if not too_open:
            yield self.ok("vault", "key present, files closed to others", "密钥已设置，文件仅本人可读")

    def _disk(self, workspace: Workspace) -> Iterator[Finding]:
        free = shutil.disk_usage(workspace.root).free
        database = workspace.warehouse_file.stat().st_size if workspace.warehouse_file.is_file() else 0
        text = (f"{free / (1 << 30):,.1f} GB free", f"剩余 {free / (1 << 30):,.1f} GB")
        fix = ("free some space, or lower publish.keep", "请清理磁盘，或减小 publish.keep")
        if free < TOO_LITTLE_DISK:
            yield Finding("disk", "fail", self.say(*text), self.say(*fix), ExitCode.DATA)
        elif free < max(LITTLE_DISK, 2 * database):  # a rebuild writes the new tables beside the old
            yield self._warn("disk", text, fix)
        else:
            yield self.ok("disk", *text)

    def _lock(self, workspace: Workspace) -> Iterator[Finding]:
        try:
            with workspace.writer_lock("doctor", wait_seconds=0):
                yield self.ok("lock", "nobody is writing", "当前无人写入")
        except WorkspaceBusyError as error:
            yield Finding("lock", "warn", error.message, error.hint)

    def _warehouse(self, workspace: Workspace) -> Iterator[Finding]:
        import duckdb

        from orchestration.lib.warehouse import connect

        if not workspace.warehouse_file.is_file():
            yield self._warn("warehouse", ("not built yet", "尚未建立"), _run(workspace))
            return
        try:
            with connect(workspace, read_only=True) as connection:
                row = connection.execute("select count(*) from duckdb_tables() where not internal").fetchone()
        except WorkspaceBusyError as error:
            yield Finding("warehouse", "warn", error.message, error.hint)
        except duckdb.Error as error:
            message = f"{workspace.warehouse_file}: {str(error).splitlines()[0]}"
            fix = self.say(
                "move the file away and run again: it is rebuilt from the landing zone",
                "移走该文件后重新运行：它会由落地区重建",
            )
            yield Finding("warehouse", "fail", message, fix, ExitCode.DATA)
        else:
            tables = row[0] if row else 0
            yield self.ok("warehouse", f"opens, {tables} tables", f"可打开，{tables} 张表")

    def _last_run(self, workspace: Workspace) -> Iterator[Finding]:
        from orchestration.lib.landing.ledger import Ledger

        latest = Ledger(workspace).runs(limit=1) if workspace.ledger_file.is_file() else []
        if not latest:
            yield self._warn("last_run", ("nothing has run yet", "尚未运行过"), _run(workspace))
            return
        run = latest[0]
        text = f"{run.run_id[:8]} {run.status}, {run.started_at:%Y-%m-%d %H:%M} UTC"
        if run.finished_at is None:
            yield self._warn(
                "last_run",
                (
                    f"{text}: it has not ended (it still runs, or it was killed)",
                    f"{text}：尚未结束（仍在运行或被中止）",
                ),
                ("if nothing runs (see lock): triloop run", "若没有进程在运行（见 lock）：triloop run"),
            )
        elif run.status.startswith(("fail", "error", "refus")):
            yield self._warn("last_run", (text, text), ("triloop run says what stopped it",) * 2)
        else:
            yield self.ok("last_run", text, text)

    def _snapshot(self, workspace: Workspace) -> Iterator[Finding]:
        from orchestration.lib.publish.pointer import created_at, current_id

        snapshot = current_id(workspace.published_dir)
        if snapshot is None:
            yield self._warn("snapshot", ("nothing is published yet", "尚未发布"), _run(workspace))
            return
        days = (datetime.now(UTC) - created_at(snapshot)).days
        yield self.ok("snapshot", f"{snapshot}, {days} days old", f"{snapshot}，{days} 天前")


def _run(workspace: Workspace) -> tuple[str, str]:
    return (f"triloop run --workspace {shlex.quote(str(workspace.root))}",) * 2


def compare_with_lock(lock: str) -> tuple[list[str], list[str]]:
    """Packages of a lock file that are missing here, and those with another version (``name 1.0, not 2.0``)."""
    from packaging.markers import Marker

    missing, other = [], []
    for name, wanted, marker in _PINNED.findall(lock):
        if marker and not Marker(marker).evaluate():
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            missing.append(f"{name} {wanted}")
            continue
        if found != wanted:
            other.append(f"{name} {found}, not {wanted}")
    return missing, other


def refuse_unknown_thresholds(workspace: Workspace, settings: Settings) -> None:
    """Refuse settings with a threshold for a check that no gate has; the registry is only read when there is one.

    Raises:
        ConfigurationError: names file, line and the nearest check.
    """
    from orchestration.lib.settings import TimeSettings
    from orchestration.lib.settings_names import refuse_unknown_checks

    pairs = settings.time.order_tolerance_days_by_pair
    if not settings.gates.thresholds and pairs == TimeSettings().order_tolerance_days_by_pair:
        return
    from expectations.registry import GATES, checks_of

    refuse_unknown_checks(workspace, (check.id for gate in GATES for check in checks_of(gate.name)))


def exit_code(findings: list[Finding]) -> ExitCode:
    """0 when nothing failed (warnings are fine), else that of the gravest failure: usage before data."""
    return max((finding.exit_code for finding in findings if finding.status == "fail"), default=ExitCode.OK)
