"""I4: readers see one whole snapshot: the pointer names it, and every table in it is of one run."""

from __future__ import annotations

from orchestration.lib.errors import DataError
from orchestration.lib.publish.content import file_sha256, quote
from orchestration.lib.publish.manifest import read_manifest
from orchestration.lib.publish.pointer import TEMPORARY_PREFIX, current_id, snapshot_ids
from orchestration.lib.publish.roles import ROLES_DIR
from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated


def check(context: Context) -> Outcome:
    """The pointer, its snapshot, the roles' parts of it, and the run ids in its tables."""
    published = context.workspace.published_dir
    found = Outcome()
    try:
        current = current_id(published)
        if current is None:
            return not_evaluated("nothing is published yet", "尚未发布")
        manifest = read_manifest(published / current)
    except DataError as error:
        found.violate("published CURRENT", error.message, f"指针或清单损坏：{error.message}")
        return found
    found.compared |= {"snapshot": current, "run": manifest.run_id, "tables": len(manifest.tables)}
    if manifest.snapshot_id != current:
        found.violate("published manifest", f"it is of {manifest.snapshot_id}", f"清单属于 {manifest.snapshot_id}")
        return found
    for role, names in manifest.roles.items():
        folder = published / current / ROLES_DIR / role
        found.add("roles", 1)
        part = read_manifest(folder)
        if part.run_id != manifest.run_id or part.snapshot_id != current:
            found.violate(f"published role {role}", f"it is of run {part.run_id}", f"属于运行 {part.run_id}")
        for table in names:
            path = folder / f"{table}.parquet"
            if table in manifest.tables and (not path.is_file() or file_sha256(path) != manifest.tables[table].sha256):
                found.violate(f"published {table} of role {role}", "it is another file", "与主快照文件不同")
    for table, entry in manifest.tables.items():
        if "run_id" not in entry.columns:
            continue
        runs = [row[0] for row in context.rows(f"select distinct {quote('run_id')} from {context.published(table)}")]
        if runs not in ([], [manifest.run_id]):
            found.violate(f"published {table}", f"rows of runs {', '.join(map(str, runs))}", "含多个运行的行")
    left = [path.name for path in published.iterdir() if path.name.startswith(TEMPORARY_PREFIX)]
    newer = [name for name in snapshot_ids(published) if name > current]
    if left or newer:
        found.note(
            f"{len(left) + len(newer)} left-over(s) of a publish that was stopped; the next run removes them",
            f"有 {len(left) + len(newer)} 个中断发布的残留；下次运行时清除",
        )
    return found
