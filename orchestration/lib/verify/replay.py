"""I5: what a snapshot was made of is still there, so that it could be made again."""

from __future__ import annotations

from orchestration.lib.landing.archive import archived
from orchestration.lib.publish.content import file_sha256
from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated


def check(context: Context) -> Outcome:
    """Inputs of the current snapshot against the ledger, landing and the archive; its code and settings by hash."""
    manifest = context.snapshot
    if manifest is None:
        return not_evaluated("nothing is published yet", "尚未发布")
    found = Outcome(compared={"inputs": len(manifest.inputs), "code": manifest.code_version})
    known = {batch.ingest_id: batch for batch in context.batches}
    for one in manifest.inputs:
        batch = known.get(one.ingest_id)
        if batch is None or (batch.sha256, batch.row_count) != (one.sha256, one.row_count):
            found.violate(
                "ledger batch",
                f"{one.ingest_id} is not there as the snapshot recorded it",
                f"{one.ingest_id} 与快照记录不符",
                file=one.source_file,
            )
            continue
        if not batch.landed_path.is_file():
            found.violate("landing", "the landed copy is gone", "落地文件缺失", file=one.source_file)
        original = archived(context.workspace, one.sha256)
        if original is not None and "#" not in one.source_file:  # of a database table the hash is that of its rows
            found.add("originals", 1)
            if file_sha256(original) != one.sha256:
                found.violate(
                    "archive", "the original is not what was received", "归档原件与收到时不符", file=one.source_file
                )
    if not manifest.code_version or not manifest.settings_hash:
        found.violate("published manifest", "code or settings are not recorded", "未记录代码版本或设置")
    if file_sha256(context.workspace.settings_file) != manifest.settings_hash:
        found.note("triloop.yml was edited since; its hash is recorded", "triloop.yml 之后被修改；原哈希已记录")
    found.note(
        "making the snapshot again is not evaluated here: the hashes of what goes in are",
        "此处不重新生成快照，仅核对输入哈希",
    )
    return found
