"""Jobs, the daily schedule and the inbox sensor."""

import hashlib
import json

import dagster as dg

from orchestration.defs.keys import object_key
from orchestration.defs.resources import WHY_TAG, active_workspace
from orchestration.lib.landing import matched_files
from orchestration.lib.mapping import load_mappings
from orchestration.lib.settings import load_settings

FULL_RUN = "full_run"
ATTRIBUTION_ONLY = "attribution_only"


def _inbox_sensor(job_name: str) -> dg.SensorDefinition:
    @dg.sensor(
        name="inbox_sensor",
        job_name=job_name,
        minimum_interval_seconds=30,
        description=(
            "Starts a full run when files of a mapped source are new or changed and have stopped growing "
            "/ 收件箱有新增或变化且已写完的文件时启动全量运行"
        ),
    )
    def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        workspace = active_workspace()
        mappings = load_mappings(workspace, load_settings(workspace))
        seen_before = json.loads(context.cursor) if context.cursor else {"files": {}, "started": ""}
        now = {
            str(path): [path.stat().st_size, path.stat().st_mtime_ns]
            for mapping in mappings
            for obj in mapping.objects.values()
            for path in matched_files(workspace, mapping, obj)
        }
        # A file counts only when two looks in a row saw the same size and time: then its writer is done.
        stable = now == seen_before["files"]
        signature = hashlib.sha256(json.dumps(now, sort_keys=True).encode()).hexdigest()
        if not now or not stable or signature == seen_before["started"]:
            reason = "no files" if not now else "files still change" if not stable else "nothing new"
            context.update_cursor(json.dumps({"files": now, "started": seen_before["started"]}))
            return dg.SkipReason(f"{reason} ({len(now)} files seen)")
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=signature, tags={WHY_TAG: "inbox changed"})],
            cursor=json.dumps({"files": now, "started": signature}),
        )

    return inbox_sensor


@dg.definitions
def automation() -> dg.Definitions:
    workspace = active_workspace()
    settings = load_settings(workspace)
    mappings = load_mappings(workspace, settings)
    everything = dg.define_asset_job(
        FULL_RUN,
        selection=dg.AssetSelection.all(),
        description="Everything, from the sources to the published snapshot / 从来源到发布快照的完整运行",
    )
    attribution = dg.define_asset_job(
        ATTRIBUTION_ONLY,
        selection=dg.AssetSelection.groups("attribution", "metrics", "published"),
        description="Attribution, metrics and publish on the loops as they are / 仅重算归因、指标与发布",
    )
    per_source = [
        dg.define_asset_job(
            f"refresh_{mapping.source}",
            # All that follows is rebuilt whole: the floors below read every source, whichever was refreshed.
            selection=dg.AssetSelection.assets(*(object_key(mapping.source, name) for name in mapping.objects))
            | (dg.AssetSelection.all() - dg.AssetSelection.groups("landing")),
            description=f"{mapping.label.en} and all that follows from it / 刷新{mapping.label.zh}及其下游",
        )
        for mapping in mappings
    ]
    daily = dg.ScheduleDefinition(
        name="daily_run",
        job=everything,
        cron_schedule=settings.schedule.daily,
        execution_timezone=settings.company.timezone,
        tags={WHY_TAG: "daily schedule"},
        description="The full run, once a day in the company's time zone / 每日按公司时区完整运行",
    )
    return dg.Definitions(
        jobs=[everything, attribution, *per_source], schedules=[daily], sensors=[_inbox_sensor(FULL_RUN)]
    )
