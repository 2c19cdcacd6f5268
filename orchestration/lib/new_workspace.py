"""Making a workspace: everything is written to a folder beside its place first, so a failure leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.settings_template import settings_text
from orchestration.lib.vault.keys import KEY_VARIABLE, generate_key
from orchestration.lib.workspace import PROJECT_ROOT, SETTINGS_FILE, Workspace

Filler = Callable[[Path], Mapping[str, Any] | None]
"""Writes an example's files into a workspace and returns the settings that belong to it."""

_STAGE_PREFIX = ".triloop-init-"
_HARMLESS = {".git", ".gitignore", ".gitattributes", ".DS_Store", ".env", "README.md", "LICENSE"}
_GITIGNORE = {
    ".triloop/": "state of triloop: made by 'triloop run', never edited",
    ".env": "secrets",
    "inbox/": "files as received: they hold personal data",
    "*.bak-[0-9]*": "earlier versions kept by 'triloop init --force'",
}


@dataclass
class Made:
    """What was done: files written, files left as they were, and earlier versions that were kept."""

    root: Path
    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)


def make_workspace(folder: Path, *, fill: Filler | None = None, force: bool = False) -> Made:
    """Make a workspace in ``folder``.

    With ``force`` an existing workspace is written over; what changes is kept beside it as ``<name>.bak-<n>``. The
    vault key is never replaced: the values in the vault could not be read without it.

    Raises:
        ConfigurationError: the folder is not a place for a workspace, or the example cannot be written.
    """
    root = folder.expanduser().resolve()
    _refuse_unsafe(root, force=force)
    is_new = not root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=_STAGE_PREFIX, dir=root))
    except OSError as error:
        raise ConfigurationError(
            f"cannot write into {root}: {error.strerror}", hint="choose a folder that you may write to"
        ) from error
    made = Made(root)
    try:
        _write_stage(stage, root, fill)
        _install(stage, made)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make the workspace in {root}: {error.strerror or error}",
            hint="see that the disk has room and that you may write there",
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if is_new and not any(root.iterdir()):
            root.rmdir()
    return made


def _refuse_unsafe(root: Path, *, force: bool) -> None:
    if root.exists() and not root.is_dir():
        raise ConfigurationError(f"{root} is a file, not a folder", hint="name a new or an empty folder")
    if root in {Path(root.anchor), Path.home().resolve()} or root in (PROJECT_ROOT, *PROJECT_ROOT.parents):
        raise ConfigurationError(
            f"{root} is not a place for a workspace", hint=f"name a folder of its own, such as {root / 'my-workspace'}"
        )
    if not root.exists() or force:
        return
    if (root / SETTINGS_FILE).exists():
        raise ConfigurationError(
            f"{root} is a workspace already",
            hint=f"run it: triloop run --workspace {root}; or write it anew with --force (changed files are kept)",
        )
    foreign = sorted(
        entry.name
        for entry in root.iterdir()
        if entry.name not in _HARMLESS and not entry.name.startswith(_STAGE_PREFIX)
    )
    if foreign:
        shown = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        raise ConfigurationError(
            f"{root} is not empty: it has {shown}",
            hint="name a new or an empty folder, or add --force to make the workspace beside what is there",
        )


def _write_stage(stage: Path, root: Path, fill: Filler | None) -> None:
    workspace = Workspace(stage)
    workspace.mappings_dir.mkdir()
    workspace.inbox_dir.mkdir()
    _write_env(workspace.env_file, root / ".env")
    overrides = fill(stage) if fill is not None else None
    workspace.settings_file.write_text(settings_text(overrides), encoding="utf-8")
    (stage / ".gitignore").write_text(_gitignore(root / ".gitignore"), encoding="utf-8")


def _write_env(target: Path, existing: Path) -> None:
    text = existing.read_text(encoding="utf-8") if existing.is_file() else ""
    has_key = any(line.strip().startswith(f"{KEY_VARIABLE}=") for line in text.splitlines())
    # a vault without its key is left so: a new key would only hide that the old one is needed
    if not has_key and not Workspace(existing.parent).vault_file.exists():
        if text and not text.endswith("\n"):
            text += "\n"
        text += (
            "# Key of the personal-data vault. Keep a copy in a safe place: without it the values cannot be read.\n"
            "# 个人信息保险库的密钥。请另存一份：丢失后其中的内容无法读取。\n"
            f"{KEY_VARIABLE}={generate_key()}\n"
        )
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)


def _gitignore(existing: Path) -> str:
    text = existing.read_text(encoding="utf-8") if existing.is_file() else ""
    present = {line.strip() for line in text.splitlines()}
    for pattern, why in _GITIGNORE.items():
        if pattern not in present:
            text += ("" if not text or text.endswith("\n") else "\n") + f"# {why}\n{pattern}\n"
    return text


def _install(stage: Path, made: Made) -> None:
    # triloop.yml goes last: a folder has it only when all the rest is there
    files = [path for path in stage.rglob("*") if path.is_file()]
    files.sort(key=lambda path: (path == stage / SETTINGS_FILE, path))
    for path in stage.rglob("*"):
        if path.is_dir():
            (made.root / path.relative_to(stage)).mkdir(parents=True, exist_ok=True)
    for path in files:
        name = path.relative_to(stage)
        target = made.root / name
        if target.is_file() and target.read_bytes() == path.read_bytes():
            made.kept.append(str(name))
            continue
        # additions to these two keep every line that was there
        if target.exists() and target.name not in {".env", ".gitignore"}:
            made.backups.append(str(_set_aside(target).relative_to(made.root)))
        path.replace(target)
        made.written.append(str(name))
    (made.root / ".env").chmod(0o600)


def _set_aside(path: Path) -> Path:
    number = 1
    while (backup := path.with_name(f"{path.name}.bak-{number}")).exists():
        number += 1
    return path.rename(backup)
