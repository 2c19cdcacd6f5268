"""Finding the files of an object, and taking a private copy whose hash is that of exactly the bytes read."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceMapping, SourceObject

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BLOCK = 4 << 20
_UNREADABLE = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def connection_path(workspace: Workspace, mapping: SourceMapping) -> Path:
    """Where the source is, with ``${VARIABLE}`` filled in.

    Raises:
        ConfigurationError: a variable is not set.
    """
    path = fill_variables(mapping.connection.path, mapping, "connection.path")
    return (workspace.root / Path(path).expanduser()).resolve()


def fill_variables(text: str, mapping: SourceMapping, key: str) -> str:
    """``text``, which stands under ``key`` of a mapping, with each ``${VARIABLE}`` as the environment has it.

    Raises:
        ConfigurationError: a variable is not set.
    """

    def fill(match: re.Match[str]) -> str:
        value = os.environ.get(match[1])
        if not value:
            raise ConfigurationError(
                f"{key} of source '{mapping.source}' uses ${{{match[1]}}}, which is not set",
                file=mapping.file,
                hint=f"put {match[1]}=... into .env of the workspace, or export it",
            )
        return value

    return _VARIABLE.sub(fill, text)


def matched_files(workspace: Workspace, mapping: SourceMapping, obj: SourceObject) -> list[Path]:
    """The files that the object is read from, in landing order; empty when there are none (yet), or none at all
    because it is asked over the network.

    Numbers in names count as numbers, so that part 10 comes after part 9. Hidden files and those an office program
    keeps while a file is open (``~$...``) are not looked at.
    """
    if mapping.connection.is_server:
        return []
    root = connection_path(workspace, mapping)
    if obj.file is None:
        return [root] if root.is_file() else []
    pattern = obj.file
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise ConfigurationError(
            f"object '{obj.name}' looks outside the folder of its source: {pattern}",
            file=mapping.file,
            line=obj.line,
            hint="name files inside connection.path",
        )
    if not root.is_dir():
        return []
    found = [path for path in root.glob(pattern) if path.is_file() and not path.name.startswith((".", "~$"))]
    for path in found:
        _require_readable_name(path.relative_to(root).as_posix(), mapping)
        if not path.resolve().is_relative_to(root):
            raise DataError(
                f"{path.name} is a link to a file outside the folder of source '{mapping.source}'",
                file=shown_name(workspace, root, path),
                hint="put the file itself into the folder, or let connection.path name the other folder",
            )
    return sorted(found, key=lambda path: _natural(path.relative_to(root).as_posix()))


def _require_readable_name(name: str, mapping: SourceMapping) -> None:
    """Raise if a name cannot be written down, or would write something else where it is shown.

    Raises:
        DataError: shows the name with its odd characters spelt out.
    """
    odd = [char for char in name if unicodedata.category(char) in _UNREADABLE or char in _TURNING]
    if not odd:
        return
    is_bytes = any(unicodedata.category(char) == "Cs" for char in odd)
    what = "bytes that are not UTF-8" if is_bytes else "characters that cannot be seen or turn the text around"
    shown = "".join(f"\\x{ord(char) & 0xFF:02x}" if is_bytes and char in odd else char for char in name)
    shown = shown.encode("unicode_escape").decode() if not is_bytes else shown
    raise DataError(
        f"the name of a file of source '{mapping.source}' holds {what}: {shown}",
        file=shown,
        hint="rename it; if it came out of an archive, unpack that again with a tool that asks for its encoding",
    )


def require_files(workspace: Workspace, mapping: SourceMapping, obj: SourceObject) -> list[Path]:
    """Like :func:`matched_files`, but nothing found is an error.

    Raises:
        DataError: it names the folder, the pattern and the nearest file there is.
    """
    found = matched_files(workspace, mapping, obj)
    if found or mapping.connection.is_server:
        return found
    root = connection_path(workspace, mapping)
    place = f"{mapping.source}.{obj.name}"
    if obj.file is None:
        raise DataError(
            f"the database of {place} is not there: {root}",
            hint=f"correct connection.path in {mapping.file.name}, or put the database there",
        )
    if not root.is_dir():
        raise DataError(
            f"the folder of {place} is not there: {root}",
            hint=f"correct connection.path in {mapping.file.name}, or make the folder and put the files in",
        )
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    near = nearest(obj.file, names[:1000]) if names else "the folder is empty"
    raise DataError(
        f"no file matches '{obj.file}' for {place} in {root}",
        file=mapping.file,
        line=obj.line,
        hint=f"{near}; put the file there or correct 'file' of the object",
    )


def shown_name(workspace: Workspace, root: Path, path: Path) -> str:
    """The name a person finds the file by: relative to the workspace, or to the source's folder outside of it.

    Never an absolute path: it ends in published lineage, and the machine's folders are nobody's business there.
    """
    if path.is_relative_to(workspace.root):
        return path.relative_to(workspace.root).as_posix()
    return path.name if path == root else path.relative_to(root).as_posix()


def file_state(path: Path) -> str:
    """Size, times and inode: the same string means the file was not touched in between."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return "absent"
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"


def settled(path: Path, *, seconds: float, moment_ns: int) -> bool:
    """Whether the last change is long enough before ``moment_ns`` that a clock tick cannot hide another one."""
    found = path.stat()
    return max(found.st_mtime_ns, found.st_ctime_ns) < moment_ns - int(seconds * 1e9)


def copy_and_hash(path: Path, target: Path, shown: str) -> str:
    """Copy a file to ``target`` (0600, on disk when this returns) and give the SHA-256 of the bytes copied.

    A copy, not a hard link: a link would change with the inbox file when somebody edits it in place.

    Raises:
        DataError: the file changed meanwhile, or cannot be read.
    """
    before = file_state(path)
    digest = hashlib.sha256()
    try:
        with (
            path.open("rb") as source,
            os.fdopen(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out,
        ):
            while block := source.read(_BLOCK):
                digest.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
    except PermissionError:
        raise DataError(f"{shown} may not be read", file=shown, hint="give this user the right to read it") from None
    if file_state(path) != before:
        raise DataError(
            f"{shown} changed while it was being read",
            file=shown,
            hint="wait until it is wholly written, then run again",
        )
    return digest.hexdigest()


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"([0-9]+)", name)
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]
