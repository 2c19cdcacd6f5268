{{ stage_entity('work_hours') }}
