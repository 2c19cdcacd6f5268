"""Closing a month: what was reported of it is kept, and later data restates it instead of rewriting it."""

from orchestration.lib.closing.store import Closing, close_month, closings, reopen_month
from orchestration.lib.closing.tables import load_closings

__all__ = ["Closing", "close_month", "closings", "load_closings", "reopen_month"]
