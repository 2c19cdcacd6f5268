{{ stage_entity('quality_inspection') }}
