"""What every definition carries besides its work: who owns it, tags to filter by, and texts in both languages."""

from collections.abc import Iterable

from orchestration.lib.contract import Label

FLOOR_TAG = "triloop/floor"
LOOP_TAG = "triloop/loop"
SOURCE_TAG = "triloop/source"
PERSONAL_TAG = "triloop/personal"

#: who runs the platform: the owner of what belongs to no department
DATA_TEAM = "team:data"


def team(owner: str) -> str:
    """An owner as Dagster writes it: ``finance`` becomes ``team:finance``; addresses and teams stay."""
    return owner if owner.startswith("team:") or "@" in owner else f"team:{owner}"


def both(label: Label) -> str:
    """The text in both languages, as descriptions show it."""
    return f"{label.en} / {label.zh}"


def asset_tags(
    floor: str, *, loops: Iterable[str] = (), source: str | None = None, holds_tokens: bool = False
) -> dict[str, str]:
    """Tags of an asset.

    Args:
        floor: the floor it stands on.
        loops: the loops it belongs to; a tag has one value, so only an asset of a single loop is tagged with it.
        source: the source system it comes from.
        holds_tokens: it has columns that hold tokens in the place of personal values.
    """
    tags = {FLOOR_TAG: floor}
    distinct = set(loops)
    if len(distinct) == 1:
        tags[LOOP_TAG] = distinct.pop()
    if source is not None:
        tags[SOURCE_TAG] = source
    if holds_tokens:
        tags[PERSONAL_TAG] = "tokens"
    return tags
