"""The field-mapping table: what each source's columns mean, checked, and compiled to SQL."""

from orchestration.lib.mapping.compile import CompiledFeed, compile_feed
from orchestration.lib.mapping.load import load_mappings
from orchestration.lib.mapping.model import (
    ColumnRule,
    Connection,
    DropRule,
    Feed,
    Format,
    SourceMapping,
    SourceObject,
    UtmRule,
)

__all__ = [
    "ColumnRule",
    "CompiledFeed",
    "Connection",
    "DropRule",
    "Feed",
    "Format",
    "SourceMapping",
    "SourceObject",
    "UtmRule",
    "compile_feed",
    "load_mappings",
]
