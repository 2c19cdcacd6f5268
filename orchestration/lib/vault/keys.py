"""The keys of the vault: derived from one secret of the environment, never stored, never part of a logged text."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from orchestration.lib.errors import ConfigurationError

KEY_VARIABLE = "TRILOOP_VAULT_KEY"
MINIMUM_LENGTH = 16
_BLOCK = 64  # bytes of one SHA-256 block: HMAC pads its key to this


@dataclass(frozen=True)
class VaultKeys:
    """Everything that follows from the secret.

    ``inner_pad`` and ``outer_pad`` are the two HMAC-SHA256 key pads (RFC 2104), so that a SQL engine with a plain
    ``sha256`` can compute the HMAC. ``key_id`` tells two keys apart and reveals neither.
    """

    inner_pad: bytes = field(repr=False)
    outer_pad: bytes = field(repr=False)
    encryption: bytes = field(repr=False)
    key_id: str

    @classmethod
    def derive(cls, secret: str) -> VaultKeys:
        """Keys for a secret: one for the tokens, one for the encryption, neither computable from the other."""
        token_key = _expand(secret, b"token").ljust(_BLOCK, b"\0")
        return cls(
            inner_pad=bytes(byte ^ 0x36 for byte in token_key),
            outer_pad=bytes(byte ^ 0x5C for byte in token_key),
            encryption=_expand(secret, b"encryption"),
            key_id=_expand(secret, b"id")[:8].hex(),
        )

    @classmethod
    def from_environment(cls) -> VaultKeys:
        """Keys for ``$TRILOOP_VAULT_KEY``.

        Raises:
            ConfigurationError: it is not set, or too short to be a secret.
        """
        secret = os.environ.get(KEY_VARIABLE, "").strip()
        if not secret:
            raise ConfigurationError(
                f"the key of the personal-data vault is missing: {KEY_VARIABLE} is not set",
                hint=f"'triloop init' writes {KEY_VARIABLE}=... into the workspace's .env; put the same line back "
                "(another key cannot read the values already stored)",
            )
        if len(secret) < MINIMUM_LENGTH:
            raise ConfigurationError(
                f"{KEY_VARIABLE} has only {len(secret)} characters: it could be guessed",
                hint=f"use at least {MINIMUM_LENGTH}, for example: "
                'python3 -c "import secrets; print(secrets.token_urlsafe(32))"',
            )
        return cls.derive(secret)


def generate_key() -> str:
    """A new random secret of 256 bits, as ``triloop init`` writes it into ``.env``."""
    return secrets.token_urlsafe(32)


def _expand(secret: str, purpose: bytes) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=b"triloop vault", info=b"v1 " + purpose)
    return derivation.derive(secret.encode())
