"""Jobs and the daily schedule."""

import dagster as dg

from orchestration.defs.automation.inbox import inbox_sensor
from orchestration.defs.keys import object_key
from orchestration.defs.labels import SOURCE_TAG
from orchestration.defs.resources import active
from orchestration.defs.who_why import WHO_TAG, WHY_TAG

FULL_RUN = "full_run"
ATTRIBUTION_ONLY = "attribution_only"
DAILY_RUN = "daily_run"


@dg.definitions
def automation() -> dg.Definitions:
    workspace, settings, mappings = active()
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
            tags={SOURCE_TAG: mapping.source},
            description=f"{mapping.label.en} and all that follows from it / 刷新{mapping.label.zh}及其下游",
        )
        for mapping in mappings
    ]
    daily = dg.ScheduleDefinition(
        name=DAILY_RUN,
        job=everything,
        cron_schedule=settings.schedule.daily,
        execution_timezone=settings.company.timezone,
        tags={WHO_TAG: f"schedule {DAILY_RUN}", WHY_TAG: f"due at {settings.schedule.daily}"},
        description="The full run, once a day in the company's time zone / 每日按公司时区完整运行",
    )
    sensor = inbox_sensor(workspace.root, FULL_RUN)
    return dg.Definitions(jobs=[everything, attribution, *per_source], schedules=[daily], sensors=[sensor])
