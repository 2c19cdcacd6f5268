"""What a long run tells the person who waits: one line per step, to whoever listens (terminal, Dagster log)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str], None]

_listeners: list[Listener] = []


def report(text: str) -> None:
    """Tell every listener; with none, nothing happens."""
    for listener in tuple(_listeners):
        listener(text)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear every report made inside the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
