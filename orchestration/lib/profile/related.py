"""Further entities in the rows of a table: the order of its lines, the one line of each order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestration.lib.contract import Entity
from orchestration.lib.profile.feed import build_feed
from orchestration.lib.profile.match import THRESHOLD, EntityMatch, Matcher, Pair
from orchestration.lib.profile.model import ColumnProfile, TableProfile
from orchestration.lib.profile.probe import Probe
from orchestration.lib.profile.proposal import FeedProposal
from orchestration.lib.profile.words import Words

_TELLING = THRESHOLD + 0.2  # confidence of a column that speaks for a further entity


def related_feeds(
    main: FeedProposal,
    table: TableProfile,
    matcher: Matcher,
    *,
    known: Mapping[str, str],
    currency: str,
    probe: Probe,
) -> list[FeedProposal]:
    """Feeds of further entities, made of columns that the main one has no use for."""
    return [
        *_parents(main, table, matcher, known=known, currency=currency, probe=probe),
        *_lines(main, table, matcher, known=known, currency=currency, probe=probe),
    ]


def _parents(
    main: FeedProposal,
    table: TableProfile,
    matcher: Matcher,
    *,
    known: Mapping[str, str],
    currency: str,
    probe: Probe,
) -> list[FeedProposal]:
    """What the rows refer to and tell more about: the order in a table of order lines, a customer's name and region."""
    found: list[FeedProposal] = []
    used = {one.raw for one in main.accepted}
    for reference in main.accepted:
        target = reference.column.entity
        if reference.raw is None or target is None or target == main.entity.name:
            continue
        if target in known.values() or any(feed.entity.name == target for feed in found):
            continue
        raw = table.column(reference.raw)
        free = [one for one in table.columns if one.name not in used and one.name != raw.name]
        free = [one for one in free if one.kind != "empty" and probe.depends(raw.name, one.name)]
        entity = matcher.contract.entities[target]
        match = matcher.match_related(table, entity, raw, free, known)
        telling = [pair for column, pair in match.pairs.items() if column != entity.key and pair.confidence >= _TELLING]
        # a number with a name may be quoted from anywhere; the head of a line is nowhere else as likely
        is_head = _head_reference(main.entity, entity) is not None
        needed = 1 if is_head else 2
        if len(telling) < needed:
            continue
        feed = build_feed(match, table, matcher, known=known, currency=currency, probe=probe, one_per=(raw.name,))
        if feed.missing:
            continue
        found.append(replace(feed, is_extra=not is_head))
        used |= {one.raw for one in feed.accepted}
    return found


def _lines(
    main: FeedProposal,
    table: TableProfile,
    matcher: Matcher,
    *,
    known: Mapping[str, str],
    currency: str,
    probe: Probe,
) -> list[FeedProposal]:
    """Documents of one line each, head and line in one row, as ledgers kept by hand are."""
    key = next((one for one in main.accepted if one.column.name == main.entity.key and one.raw is not None), None)
    if key is None or key.raw is None or not table.column(key.raw).is_unique:
        return []
    used = {one.raw for one in main.accepted}
    free = [one for one in table.columns if one.name not in used and one.kind != "empty"]
    best: FeedProposal | None = None
    for entity in matcher.contract.entities.values():
        head = _head_reference(entity, main.entity)
        if head is None or entity.name in known.values():
            continue
        match = matcher.match_related(table, entity, table.column(key.raw), free, known)
        match = _with_head(match, head, table.column(key.raw))
        telling = [pair for pair in match.pairs.values() if pair.raw.name != key.raw and pair.confidence >= _TELLING]
        if len(telling) < 2:
            continue
        feed = build_feed(match, table, matcher, known=known, currency=currency, probe=probe)
        if not feed.missing and (best is None or len(feed.accepted) > len(best.accepted)):
            best = feed
    return [best] if best is not None else []


def _head_reference(entity: Entity, head: Entity) -> str | None:
    """The column in which a line names its head: its one required reference, and it is called after the head."""
    required = [one for one in entity.columns.values() if one.type == "ref" and one.required]
    is_line = len(required) == 1 and required[0].entity == head.name and entity.name.startswith(f"{head.name}_")
    return required[0].name if is_line else None


def _with_head(match: EntityMatch, column: str, key: ColumnProfile) -> EntityMatch:
    told = Words("the line of this document", "该单据的明细")
    head = Pair(match.entity.columns[column], key, _TELLING, (told,))
    one = Words("one line per document", "每张单据一行")
    own = Pair(match.entity.columns[match.entity.key], key, _TELLING, (one,))
    return replace(match, pairs={**match.pairs, column: head, match.entity.key: own})
