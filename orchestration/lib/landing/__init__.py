"""Landing: sources as received, once per content, with personal values replaced by tokens; and the ledger of it.

Importing this is cheap: DuckDB, Arrow and the vault are loaded when something is landed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.ledger_schema import Run, Sighting
from orchestration.lib.landing.model import ROW, Batch, LandResult, Progress
from orchestration.lib.landing.source_files import matched_files
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceMapping, SourceObject
    from orchestration.lib.settings import Settings

__all__ = ["ROW", "Batch", "LandResult", "Ledger", "Progress", "Run", "Sighting", "land_object", "matched_files"]


def land_object(
    workspace: Workspace,
    settings: Settings,
    mapping: SourceMapping,
    obj: SourceObject,
    *,
    progress: Progress | None = None,
) -> LandResult:
    """Land what the source of one object holds now. Safe to repeat: a known content adds nothing.

    The caller holds the workspace's writer lock.

    Raises:
        ConfigurationError: the vault's key is missing or another one, or the connection is not set up.
        DataError: nothing is there, or a file or table cannot be taken as it is; nothing of it is landed then.
    """
    from orchestration.lib.landing.land import land
    from orchestration.lib.landing.limits import Limits

    return land(workspace, mapping, obj, progress or (lambda text: None), Limits(**settings.limits.model_dump()))
