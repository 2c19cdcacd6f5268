"""The Dagster code location: assembles what stands in ``defs/`` and implements nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.defs.resources import default_resources


def build_definitions(**resources: Any) -> dg.Definitions:
    """All definitions for the active workspace (see :func:`orchestration.defs.resources.active_workspace`).

    Args:
        resources: each replaces the resource of the same name, for tests and other environments.

    Raises:
        ConfigurationError: there is no workspace; one that cannot be read is the cause of Dagster's own error.
    """
    with_workspace = {**default_resources(), **resources}  # first, so that a missing workspace is told plainly
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        dg.Definitions(resources=with_workspace, executor=dg.in_process_executor),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Entry point named in ``workspace.yaml`` and ``[tool.dg]``."""
    return build_definitions()
