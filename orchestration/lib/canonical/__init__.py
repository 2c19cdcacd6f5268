"""Landing → canonical: typed rows that keep the contract, and an account of every row that does not."""

from orchestration.lib.canonical.accounts import CanonicalResult, RowAccount, UnbalancedAccountError
from orchestration.lib.canonical.build import build_canonical

__all__ = ["CanonicalResult", "RowAccount", "UnbalancedAccountError", "build_canonical"]
