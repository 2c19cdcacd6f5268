"""Names in ``triloop.yml`` that must exist elsewhere: a misspelt one would silently change nothing."""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.lib.errors import nearest
from orchestration.lib.settings import read_settings
from orchestration.lib.workspace import Workspace
from orchestration.lib.yaml_source import Problem, load_yaml

ORDER_CHECK = "staging.time.order_"
"""How the ids of the checks on the order of two events begin; the rest names the pair."""


def refuse_unknown_checks(workspace: Workspace, checks: Iterable[str]) -> None:
    """Refuse a threshold for a check, or a tolerance for a pair of events, that does not exist.

    Raises:
        ConfigurationError: names file, line and the nearest check or pair.
    """
    document, known = load_yaml(workspace.settings_file), set(checks)
    settings = read_settings(document)
    pairs = {check.removeprefix(ORDER_CHECK) for check in known if check.startswith(ORDER_CHECK)}
    problems = _unknown(("gates", "thresholds"), settings.gates.thresholds, known, "check")
    problems += _unknown(
        ("time", "order_tolerance_days_by_pair"), settings.time.order_tolerance_days_by_pair, pairs, "pair of events"
    )
    if problems:
        raise document.error(problems)


def refuse_unknown_sources(workspace: Workspace, sources: Iterable[str]) -> None:
    """Refuse a daily source (``<source>.<object>``) that no mapping describes.

    Raises:
        ConfigurationError: names file, line and the nearest source object.
    """
    document = load_yaml(workspace.settings_file)
    daily = read_settings(document).time.daily_sources
    problems = _unknown(("time", "daily_sources"), daily, set(sources), "source object")
    if problems:
        raise document.error(problems)


def _unknown(path: tuple[str, ...], named: Iterable[str], known: set[str], kind: str) -> list[Problem]:
    return [
        Problem((*path, name), f"there is no {kind} '{name}'", nearest(name, known))
        for name in named
        if name not in known
    ]
