"""Following a published number back: cell → rows that add up to it → documents → file, row and hash."""

from orchestration.lib.trace.cell import CellTrace, PartTrace, SideTrace, trace_cell
from orchestration.lib.trace.documents import Document, Source, find_documents, follow_document, sources_of

__all__ = [
    "CellTrace",
    "Document",
    "PartTrace",
    "SideTrace",
    "Source",
    "find_documents",
    "follow_document",
    "sources_of",
    "trace_cell",
]
