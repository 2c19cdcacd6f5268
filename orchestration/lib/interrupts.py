"""How Ctrl-C reaches a library that knows only Python's own interrupt."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keyboard_interrupts() -> Iterator[None]:
    """Let Ctrl-C arrive as KeyboardInterrupt, the one after which dbt cancels its queries and ends its threads.

    Inside an op Dagster raises an exception of its own, which leaves dbt's threads at work on the database; they then
    bring the process down as it exits.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, and only it is interrupted
        return
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
