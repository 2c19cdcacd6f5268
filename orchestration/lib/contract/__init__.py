"""The contract: the one machine-readable description of the canonical model.

It drives the mapping check, the canonical types, the base gates, the dbt sources and the data dictionary. To add a
column, edit ``entities/<entity>.yml`` and run ``python -m orchestration.lib.contract.generate``.
"""

from orchestration.lib.contract.loader import load_contract, read_contract
from orchestration.lib.contract.model import (
    LINEAGE,
    NUMERIC_TYPES,
    SQL_TYPES,
    Column,
    ColumnType,
    Contract,
    Entity,
    Label,
    Loop,
    PersonalKind,
)

__all__ = [
    "LINEAGE",
    "NUMERIC_TYPES",
    "SQL_TYPES",
    "Column",
    "ColumnType",
    "Contract",
    "Entity",
    "Label",
    "Loop",
    "PersonalKind",
    "load_contract",
    "read_contract",
]
