"""Named places where a test may kill the process, to prove that a kill there does no harm.

Inert in production: nothing happens unless ``TRILOOP_CRASH_POINT`` names the point.
"""

from __future__ import annotations

import os
import signal

CRASH_POINT_VARIABLE = "TRILOOP_CRASH_POINT"


def crash_point(name: str) -> None:
    """Kill this process here if ``$TRILOOP_CRASH_POINT`` is ``name`` or ``name:SIGNAL``.

    The default signal is SIGKILL, which no handler can soften; ``name:SIGTERM`` and ``name:SIGINT`` try the others.
    """
    wanted = os.environ.get(CRASH_POINT_VARIABLE)
    if not wanted:
        return
    point, _, signal_name = wanted.partition(":")
    if point == name:
        os.kill(os.getpid(), signal.Signals[signal_name or "SIGKILL"])
