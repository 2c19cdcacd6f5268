"""From matches to a proposal for one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestration.lib.contract import PersonalKind
from orchestration.lib.mapping.expression import check_formats
from orchestration.lib.mapping.model import Format
from orchestration.lib.profile.feed import build_feed
from orchestration.lib.profile.match import Matcher
from orchestration.lib.profile.model import TableProfile
from orchestration.lib.profile.personal import mask
from orchestration.lib.profile.probe import Probe
from orchestration.lib.profile.proposal import FeedProposal, TableProposal
from orchestration.lib.profile.related import related_feeds

TABLE_THRESHOLD = 0.4  # score from which a table is proposed as an entity
_RANKED = 3
# Staff: managers need the readable names, the contract keeps them so on purpose (salesperson.yml, campaign.yml).
_STAFF = {"salesperson_id", "owner_id", "owner", "team"}


def propose_table(
    table: TableProfile,
    matcher: Matcher,
    *,
    known: Mapping[str, str],
    currency: str,
    probe: Probe,
    entity: str | None = None,
) -> TableProposal:
    """A proposal for one table.

    Args:
        known: other tables → the entity that each seems to be.
        currency: of the company; assumed where a currency is required and the table has none.
        probe: the sample of the table.
        entity: propose this entity, however unlikely.
    """
    ranking = matcher.rank(table, known)
    first = (
        next((one for one in ranking if one.entity.name == entity), None) if entity else ranking[0] if ranking else None
    )
    if entity is not None and first is None:
        first = matcher.match(table, matcher.contract.entity(entity), known)
    best = tuple(ranking[:_RANKED])
    if first is None or (entity is None and first.score < TABLE_THRESHOLD):
        return TableProposal(table, table.name, best, personal=_personal(table, ()))
    feeds = [build_feed(first, table, matcher, known=known, currency=currency, probe=probe)]
    feeds += related_feeds(feeds[0], table, matcher, known=known, currency=currency, probe=probe)
    table = _masked(table, feeds)
    settled, layout = _settled_formats(table, feeds)
    return TableProposal(
        replace(table, layout=layout),
        table.name,
        best,
        tuple(settled),
        key=_object_key(settled[0], table),
        personal=_personal(table, settled),
    )


def _masked(table: TableProfile, feeds: Sequence[FeedProposal]) -> TableProfile:
    """The table with the samples masked of columns that seem to be personal ones of the contract.

    Whether the values look personal or not, and however sure the proposal is: a name may look like a company's.
    """
    kinds: dict[str, PersonalKind] = {}
    for feed in feeds:
        for one in feed.columns:
            kind = one.column.personal
            if kind is None and (feed.entity.name, one.column.name) == ("salesperson", "name"):
                kind = "name"
            if kind is not None and one.raw is not None:
                kinds[one.raw] = kind
    columns = tuple(
        replace(
            raw,
            personal=kinds[raw.name],
            values=(),
            samples=tuple(mask(text, kinds[raw.name]) for text in raw.samples),
            misfits=tuple(mask(text, kinds[raw.name]) for text in raw.misfits),
        )
        if raw.name in kinds and raw.personal is None
        else raw
        for raw in table.columns
    )
    return replace(table, columns=columns)


def _settled_formats(table: TableProfile, feeds: Sequence[FeedProposal]) -> tuple[list[FeedProposal], Format]:
    """Date formats that may stand once for the whole object, as long as no two of them read one text differently."""
    used = dict.fromkeys(form for feed in feeds for one in feed.accepted for form in one.formats)
    days = tuple(form for form in used if ":" not in form and "%H" not in form) or table.layout.date
    times = tuple(form for form in used if form not in days) or table.layout.timestamp
    if check_formats(days + times) is not None:
        return list(feeds), table.layout
    plain = [
        replace(feed, columns=tuple(replace(one, formats=()) if one.accepted else one for one in feed.columns))
        for feed in feeds
    ]
    return plain, replace(table.layout, date=days, timestamp=times)


def _object_key(feed: FeedProposal, table: TableProfile) -> tuple[str, ...]:
    """The raw columns that tell the records of the source apart."""
    for one in feed.columns:
        if one.column.name == feed.entity.key and one.accepted:
            return (one.raw,) if one.raw is not None else table.keys[0]
    return table.keys[0] if table.keys else ()


def _personal(table: TableProfile, feeds: Sequence[FeedProposal]) -> dict[str, PersonalKind]:
    """Raw columns to list as personal: recognised ones, unless the contract says their kind, or keeps them readable."""
    found: dict[str, PersonalKind] = {}
    for raw in table.columns:
        if raw.personal is None:
            continue
        targets = [
            (feed.entity.name, one.column)
            for feed in feeds
            for one in feed.columns
            if one.accepted and one.raw == raw.name
        ]
        says_contract = any(column.personal is not None for _, column in targets)
        staff = raw.personal == "name" and any(
            column.name in _STAFF or entity == "salesperson" for entity, column in targets
        )
        if not says_contract and not staff:
            found[raw.name] = raw.personal
    return found
