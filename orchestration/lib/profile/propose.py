"""From matches to proposals: values, formats, keys, constants, and what is still missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from orchestration.lib.contract import NUMERIC_TYPES, Column, Entity, PersonalKind
from orchestration.lib.mapping.expression import check_formats
from orchestration.lib.mapping.model import Format
from orchestration.lib.mapping.sql import literal, name
from orchestration.lib.profile.match import CANDIDATE, THRESHOLD, EntityMatch, Matcher, Pair
from orchestration.lib.profile.model import ColumnProfile, TableProfile
from orchestration.lib.profile.proposal import ColumnProposal, FeedProposal, TableProposal
from orchestration.lib.profile.values import guess_values
from orchestration.lib.profile.words import Words

TABLE_THRESHOLD = 0.4  # score from which a table is proposed as an entity
_RANKED = 3
_TEN_THOUSAND = re.compile(r"万元|万\)|万）|10k|wan", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[A-Za-z_\u3400-\u9fff][A-Za-z0-9_\u3400-\u9fff]*")
# Staff: managers need the readable names, the contract keeps them so on purpose (salesperson.yml, campaign.yml).
_STAFF = {"salesperson_id", "owner_id", "owner", "team"}

Depends = Callable[[str, str], bool]


def propose_table(
    table: TableProfile,
    matcher: Matcher,
    *,
    known: Mapping[str, str],
    currency: str,
    depends: Depends,
    entity: str | None = None,
) -> TableProposal:
    """A proposal for one table.

    Args:
        known: other tables → the entity that each seems to be.
        currency: of the company; assumed where a currency is required and the table has none.
        depends: whether a column (second) has one value for each value of another (first), in the sample.
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
    feeds = [build_feed(first, table, matcher, known=known, currency=currency)]
    feeds += _related(feeds[0], table, matcher, known=known, currency=currency, depends=depends)
    settled, layout = _settled_formats(table, feeds)
    return TableProposal(
        replace(table, layout=layout),
        table.name,
        best,
        tuple(settled),
        key=_object_key(settled[0], table),
        personal=_personal(table, settled),
    )


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


def build_feed(
    match: EntityMatch,
    table: TableProfile,
    matcher: Matcher,
    *,
    known: Mapping[str, str],
    currency: str,
    one_per: tuple[str, ...] = (),
) -> FeedProposal:
    """The feed of an entity, from the pairs that were found."""
    entity = match.entity
    columns: list[ColumnProposal] = []
    for column in entity.columns.values():
        pair = match.pairs.get(column.name)
        if pair is not None:
            columns.append(column_proposal(entity, pair, matcher))
    columns = _with_joint(entity, table, columns, known)
    columns += _precision(entity, columns, table)
    columns += _derived(entity, columns, table, matcher)
    if not any(one.accepted and one.column.name == entity.key for one in columns):
        columns = [one for one in columns if one.column.name != entity.key]
        own = _own_key(entity, table, columns)
        columns[:0] = [own] if own is not None else []
    have = {one.column.name for one in columns if one.accepted}
    for column in entity.columns.values():
        if (column.required or column.name == "name") and column.name not in have:
            stand_in = _stand_in(entity, column, columns, table=table, matcher=matcher, currency=currency)
            if stand_in is not None:
                columns = [one for one in columns if one.column.name != column.name] + [stand_in]
                have.add(column.name)
    missing = tuple(column for column in entity.columns.values() if column.required and column.name not in have)
    order = {name_: place for place, name_ in enumerate(entity.columns)}
    columns.sort(key=lambda one: order[one.column.name])
    others = {
        column: tuple((pair.raw.name, pair.confidence) for pair in pairs if pair.confidence >= CANDIDATE)
        for column, pairs in match.others.items()
        if column not in have
    }
    return FeedProposal(
        entity, match.score, tuple(columns), missing, {key: some for key, some in others.items() if some}, one_per
    )


def column_proposal(entity: Entity, pair: Pair, matcher: Matcher) -> ColumnProposal:
    """One contract column from one raw column, with all that its values need."""
    column, raw = pair.column, pair.raw
    reasons = list(pair.reasons)
    accepted = pair.confidence >= THRESHOLD
    values: dict[str, str | None] | None = None
    unknown: tuple[tuple[str, int], ...] = ()
    guess = guess_values(entity.name, column, raw.values, matcher.vocabulary)
    if guess is not None and guess.needs_map() and raw.personal is None:
        values, unknown = dict(guess.known), guess.unknown
        accepted = accepted and bool(guess.known)
    if raw.ambiguous and column.type in {"date", "timestamp"}:
        accepted = False
        reasons += raw.notes
    multiply, scale_reason = _factor(column, raw)
    reasons += [scale_reason] if scale_reason is not None else []
    decimals = raw.number.decimals if raw.number is not None else 0
    too_fine = column.type in NUMERIC_TYPES and multiply is None and decimals > (column.scale or 0)
    if too_fine:
        reasons.append(
            Words(
                f"{decimals} decimals, {column.name} holds {column.scale or 0}",
                f"有 {decimals} 位小数，{column.name} 保存 {column.scale or 0} 位",
            )
        )
    timed = column.type in {"date", "timestamp"} and raw.native == "VARCHAR"
    return ColumnProposal(
        column,
        pair.confidence,
        tuple(reasons),
        accepted,
        raw=raw.name,
        values=values,
        unknown=unknown,
        formats=raw.formats if timed else (),
        multiply=multiply,
        round_half_up=too_fine and column.type != "integer",
    )


def _factor(column: Column, raw: ColumnProfile) -> tuple[Decimal | None, Words | None]:
    """万元 and per cent as exact factors."""
    if raw.number is None or column.type not in NUMERIC_TYPES:
        return None, None
    signs = set(raw.number.signs)
    if column.type in {"money", "price"} and ("万元" in signs or _TEN_THOUSAND.search(raw.name)):
        return Decimal(10_000), Words("the unit is 10,000 yuan", "单位为万元")
    if column.type == "rate" and column.name != "rate":
        most = raw.number.maximum
        if signs & {"%", "％"} or (most is not None and most > 1):
            return Decimal("0.01"), Words("written in per cent", "以百分数书写")
    return None, None


def _own_key(entity: Entity, table: TableProfile, columns: Sequence[ColumnProposal]) -> ColumnProposal | None:
    """The key by what identifies a row, where no column is called like one."""
    if not table.keys:
        return None
    key = entity.columns[entity.key]
    best = table.keys[0]
    if len(best) == 1:
        return ColumnProposal(
            key,
            THRESHOLD + 0.02,
            (Words("it identifies the rows of this table", "它唯一标识本表各行"),),
            accepted=True,
            raw=best[0],
        )
    references = {one.raw for one in columns if one.accepted and one.column.type == "ref"}
    sure = 0.8 if references & set(best) else 0.65
    told = " + ".join(best)
    return ColumnProposal(
        key,
        sure,
        (Words(f"{told} together identify the rows", f"{told} 合起来唯一标识各行"),),
        accepted=True,
        expression=_joined(best),
        parts=best,
    )


def _joined(columns: Sequence[str]) -> str:
    """The expression that makes one id of several columns, the same for a key and for what quotes it."""
    parts = [one if _PLAIN_NAME.fullmatch(one) else name(one) for one in columns]
    return f" || {literal('-')} || ".join(parts)


def _with_joint(
    entity: Entity, table: TableProfile, columns: list[ColumnProposal], known: Mapping[str, str]
) -> list[ColumnProposal]:
    """References to keys that are made of several columns in their own table."""
    found = list(columns)
    for joint in table.joint:
        target = known.get(joint.table)
        for column in entity.columns.values():
            if column.type != "ref" or column.entity != target or target == entity.name:
                continue
            told = " + ".join(joint.columns)
            why = Words(f"{told} together are ids of {target}", f"{told} 合起来为 {target} 的编号")
            made = _joined(joint.columns)
            proposal = ColumnProposal(column, 0.9, (why,), accepted=True, expression=made, parts=joint.columns)
            found = [one for one in found if one.column.name != column.name] + [proposal]
    return found


def _precision(entity: Entity, columns: Sequence[ColumnProposal], table: TableProfile) -> list[ColumnProposal]:
    """Where only days are known of a touch, that is said: it must not seem to have come at midnight."""
    column = entity.columns.get("precision")
    if column is None or any(one.column.name == "precision" for one in columns):
        return []
    days = [one for one in columns if one.accepted and one.column.type == "timestamp" and one.raw is not None]
    if not days or any(table.column(one.raw or "").kind != "date" for one in days):
        return []
    why = Words("only the day is known", "仅知日期")
    return [ColumnProposal(column, 0.95, (why,), accepted=True, constant="date")]


def _derived(
    entity: Entity, columns: Sequence[ColumnProposal], table: TableProfile, matcher: Matcher
) -> list[ColumnProposal]:
    """A yes or no that stands among the values of another column: a stage that says won or lost."""
    have = {one.column.name for one in columns}
    found = []
    for column in entity.columns.values():
        words = matcher.vocabulary.values.get(f"{entity.name}.{column.name}")
        if column.type != "boolean" or column.name in have or words is None:
            continue
        for raw in table.columns:
            meant = {value: words.get(matcher.vocabulary.normal(value)) for value, _ in raw.values}
            if {"true", "false"} <= set(meant.values()):
                why = Words(f"the values of {raw.name} tell it", f"由 {raw.name} 的取值可知")
                found.append(ColumnProposal(column, 0.7, (why,), accepted=True, raw=raw.name, values=meant))
                break
    return found


def _stand_in(
    entity: Entity,
    column: Column,
    columns: Sequence[ColumnProposal],
    *,
    table: TableProfile,
    matcher: Matcher,
    currency: str,
) -> ColumnProposal | None:
    """What a required column without a raw one of its own most likely is."""
    by_name = {one.column.name: one for one in columns}
    if column.type == "currency" and column.name == "currency":
        why = Words("no column for it: the company's currency is assumed", "没有对应列：假定为公司本位币")
        return ColumnProposal(column, 0.4, (why,), accepted=True, constant=currency)
    assumed = matcher.vocabulary.assume.get(f"{entity.name}.{column.name}")
    if assumed is not None and column.name not in by_name:
        why = Words("no column for it: this is assumed", "没有对应列：此为假定")
        return ColumnProposal(column, 0.4, (why,), accepted=True, constant=assumed)
    key = by_name.get(entity.key)
    named = (
        key is not None and key.raw is not None and table.column(key.raw).kind in {"text", "person_name", "category"}
    )
    if (
        column.name == "name"
        and key is not None
        and key.accepted
        and key.raw is not None
        and (named or column.required)
    ):
        why = Words("no name of its own: the id stands for it", "没有名称列：以编号代替")
        return ColumnProposal(column, 0.45, (why,), accepted=True, raw=key.raw)
    return None


def _related(
    main: FeedProposal,
    table: TableProfile,
    matcher: Matcher,
    *,
    known: Mapping[str, str],
    currency: str,
    depends: Depends,
) -> list[FeedProposal]:
    """Further entities inside the same rows: the order in a table of order lines, its customer's name and region."""
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
        free = [one for one in free if one.kind != "empty" and depends(raw.name, one.name)]
        entity = matcher.contract.entities[target]
        match = matcher.match_related(table, entity, raw, free, known)
        telling = [
            pair for column, pair in match.pairs.items() if column != entity.key and pair.confidence >= THRESHOLD + 0.2
        ]
        needed = 2 if entity.loop != main.entity.loop else 1
        if len(telling) < needed:
            continue
        feed = build_feed(match, table, matcher, known=known, currency=currency, one_per=(raw.name,))
        if feed.missing:
            continue
        found.append(feed)
        used |= {one.raw for one in feed.accepted}
    return found


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
