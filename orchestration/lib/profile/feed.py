"""From the pairs of a match to a feed: values, formats, factors, the key, and what stands in for what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from orchestration.lib.contract import NUMERIC_TYPES, Column, Entity
from orchestration.lib.profile.match import CANDIDATE, THRESHOLD, EntityMatch, Matcher, Pair
from orchestration.lib.profile.model import ColumnProfile, TableProfile
from orchestration.lib.profile.probe import Probe
from orchestration.lib.profile.proposal import ColumnProposal, FeedProposal
from orchestration.lib.profile.special import joined, special_columns
from orchestration.lib.profile.values import guess_values
from orchestration.lib.profile.words import Words

_TEN_THOUSAND = re.compile(r"万元|万\)|万）|10k|wan", re.IGNORECASE)


def build_feed(
    match: EntityMatch,
    table: TableProfile,
    matcher: Matcher,
    *,
    known: Mapping[str, str],
    currency: str,
    probe: Probe,
    one_per: tuple[str, ...] = (),
) -> FeedProposal:
    """The feed of an entity, from the pairs that were found."""
    entity = match.entity
    columns: list[ColumnProposal] = []
    for column in entity.columns.values():
        pair = match.pairs.get(column.name)
        if pair is not None:
            columns.append(column_proposal(entity, pair, matcher))
    columns = special_columns(entity, columns, table, matcher=matcher, known=known, probe=probe)
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
        expression=joined(best),
        parts=best,
    )


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
