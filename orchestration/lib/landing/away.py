"""A source over the network that does not answer now, and what it means for what it brought before."""

from __future__ import annotations

from orchestration.lib.errors import ConfigurationError, DataError


class AwayError(DataError):
    """The source cannot be reached, broke off, or asks for patience: asked again in a while it may well answer."""


class LoginError(ConfigurationError):
    """The source answers and refuses who asks; other sources are not concerned."""


class AgainError(Exception):
    """One request is worth another attempt.

    Args:
        cause: what happened, in words that hold nothing secret.
        wait: how long the server asks to be left alone, in seconds; None if it says nothing.
    """

    def __init__(self, cause: str, wait: float | None = None) -> None:
        self.cause, self.wait = cause, wait
        super().__init__(cause)
