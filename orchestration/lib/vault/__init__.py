"""The vault of personal values: keys, tokens, sealed storage and erasure (docs/explanation/personal-data.md)."""

from orchestration.lib.vault.keys import KEY_VARIABLE, VaultKeys, generate_key

__all__ = ["KEY_VARIABLE", "VaultKeys", "generate_key"]
