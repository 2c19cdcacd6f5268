"""``CURRENT``: the one file that says which snapshot readers see; and the list of snapshots beside it."""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.publish.manifest import MANIFEST_FILE

POINTER_FILE = "CURRENT"
TEMPORARY_PREFIX = ".tmp-"
_ID = re.compile(r"^(\d{8}T\d{6}Z)-([0-9a-f]{8})$")
_TIME = "%Y%m%dT%H%M%SZ"


def fsync_path(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, text: str) -> None:
    """Write a file and force it to disk."""
    with path.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())


def current_id(published: Path) -> str | None:
    """The id of the snapshot that readers see; None when nothing was published yet.

    Raises:
        DataError: the pointer is damaged, or names a snapshot that is gone.
    """
    pointer = published / POINTER_FILE
    try:
        text = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("the pointer to the current snapshot cannot be read", file=pointer) from error
    if not _ID.match(text) or not (published / text / MANIFEST_FILE).is_file():
        kept = snapshot_ids(published)
        hint = f"read an older one with --snapshot {kept[0]}, or publish anew: triloop run" if kept else "triloop run"
        raise DataError("the pointer to the current snapshot names none that exists", file=pointer, hint=hint)
    return text


def set_current(published: Path, snapshot_id: str) -> None:
    """Point readers at ``snapshot_id``: they see the old one or the new one, never anything between."""
    temporary = published / f"{TEMPORARY_PREFIX}{POINTER_FILE}-{os.getpid()}"
    write_durably(temporary, snapshot_id + "\n")
    os.replace(temporary, published / POINTER_FILE)
    fsync_path(published)


def snapshot_ids(published: Path) -> list[str]:
    """Complete snapshots, newest first (whole folders with a manifest; a half-written one never has its name)."""
    if not published.is_dir():
        return []
    names = [p.name for p in published.iterdir() if _ID.match(p.name) and (p / MANIFEST_FILE).is_file()]
    return sorted(names, reverse=True)


def resolve_id(published: Path, wanted: str | None) -> str:
    """The snapshot asked for: an id, the beginning of one, or (None) the current one.

    Raises:
        DataError: nothing was published yet.
        ConfigurationError: no snapshot, or more than one, fits ``wanted``.
    """
    if wanted is None:
        found = current_id(published)
        if found is None:
            raise DataError(
                "nothing has been published in this workspace yet", hint="run: triloop run (it publishes when it ends)"
            )
        return found
    known = snapshot_ids(published)
    fits = [name for name in known if name == wanted] or [
        name for name in known if name.startswith(wanted) or name.endswith("-" + wanted)
    ]
    if wanted and len(fits) == 1:
        return fits[0]
    if len(fits) > 1:
        raise ConfigurationError(
            f"'{wanted}' fits {len(fits)} snapshots: {', '.join(fits[:5])}", hint="give more of the id"
        )
    raise ConfigurationError(
        f"there is no snapshot '{wanted}'", hint=f"{nearest(wanted, known)}; list them with: triloop snapshots"
    )


def new_id(published: Path, content_hash: str, now: datetime) -> tuple[str, datetime]:
    """Id and time of the next snapshot.

    The time is later than that of every snapshot there is, even when the clock was set back, so that the order of
    ids is the order of publishing.
    """
    moment = now.astimezone(UTC).replace(microsecond=0)
    for name in snapshot_ids(published)[:1]:
        last = datetime.strptime(name.split("-")[0], _TIME).replace(tzinfo=UTC)
        moment = max(moment, last + timedelta(seconds=1))
    return f"{moment.strftime(_TIME)}-{content_hash[:8]}", moment


def created_at(snapshot_id: str) -> datetime:
    """When a snapshot was made, UTC."""
    return datetime.strptime(snapshot_id.split("-", maxsplit=1)[0], _TIME).replace(tzinfo=UTC)


def sweep(published: Path) -> list[str]:
    """Remove what a killed publish left: temporary folders, and a snapshot that the pointer never reached.

    Without a pointer no whole snapshot is touched: it may be the only one left of a damaged folder.
    Only the holder of the workspace's writer lock may call this.
    """
    swept = []
    for path in sorted(published.iterdir()) if published.is_dir() else []:
        if path.name.startswith(TEMPORARY_PREFIX):
            remove_tree(path)
            swept.append(path.name)
    try:
        current = current_id(published)
    except DataError:
        return swept  # the pointer is damaged: every whole snapshot may be the one to go back to
    for name in snapshot_ids(published):
        if current is not None and name > current:
            remove_tree(published / name)
            swept.append(name)
    return swept


def remove_tree(path: Path) -> None:
    """Delete a file or folder of ours. A folder is renamed first, so that no reader finds half of it under its name."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    if not path.name.startswith(TEMPORARY_PREFIX):
        hidden = path.with_name(f"{TEMPORARY_PREFIX}gone-{path.name}")
        path.rename(hidden)
        path = hidden
    shutil.rmtree(path)
