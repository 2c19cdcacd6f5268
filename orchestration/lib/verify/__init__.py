"""The invariants of the product as one program: what must hold of a workspace at any time, whatever happened to it."""

from orchestration.lib.verify.model import Outcome, Status, Violation
from orchestration.lib.verify.runner import INVARIANTS, verify_workspace

__all__ = ["INVARIANTS", "Outcome", "Status", "Violation", "verify_workspace"]
