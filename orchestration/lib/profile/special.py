"""What the names of columns alone do not tell: keys of several columns, days without a time, signs of credit notes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestration.lib.contract import Entity
from orchestration.lib.mapping.sql import literal, literals, name
from orchestration.lib.profile.match import Matcher
from orchestration.lib.profile.model import TableProfile
from orchestration.lib.profile.probe import Probe
from orchestration.lib.profile.proposal import ColumnProposal
from orchestration.lib.profile.values import guess_values
from orchestration.lib.profile.words import Words

_PLAIN_NAME = re.compile(r"[A-Za-z_\u3400-\u9fff][A-Za-z0-9_\u3400-\u9fff]*")
_SURE_OF_SIGN = 0.75


def special_columns(
    entity: Entity,
    columns: Sequence[ColumnProposal],
    table: TableProfile,
    *,
    matcher: Matcher,
    known: Mapping[str, str],
    probe: Probe,
) -> list[ColumnProposal]:
    """The proposals for the columns of an entity, with all that is special about them."""
    found = _with_joint(entity, table, columns, known)
    found = _with_credit_signs(entity, table, found, matcher, probe)
    found += _precision(entity, found, table)
    return found + _derived(entity, found, table, matcher)


def joined(columns: Sequence[str]) -> str:
    """The expression that makes one id of several columns, the same for a key and for what quotes it."""
    return f" || {literal('-')} || ".join(map(_written, columns))


def _written(column: str) -> str:
    return column if _PLAIN_NAME.fullmatch(column) else name(column)


def _with_joint(
    entity: Entity, table: TableProfile, columns: Sequence[ColumnProposal], known: Mapping[str, str]
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
            made = joined(joint.columns)
            proposal = ColumnProposal(column, 0.9, (why,), accepted=True, expression=made, parts=joint.columns)
            found = [one for one in found if one.column.name != column.name] + [proposal]
    return found


def _with_credit_signs(
    entity: Entity, table: TableProfile, columns: list[ColumnProposal], matcher: Matcher, probe: Probe
) -> list[ColumnProposal]:
    """Amounts of credit notes are negative in the model; a source that writes them without a sign needs one."""
    if entity.name not in {"invoice", "invoice_line"}:
        return columns
    invoice = matcher.contract.entities["invoice"]
    for raw in table.columns:
        guess = guess_values(invoice.name, invoice.columns["kind"], raw.values, matcher.vocabulary)
        if guess is None or set(guess.known.values()) != {"invoice", "credit_note"}:
            continue
        credit = sorted(text for text, meaning in guess.known.items() if meaning == "credit_note")
        return [_signed(one, raw.name, credit, probe) for one in columns]
    return columns


def _signed(one: ColumnProposal, kind: str, credit: Sequence[str], probe: Probe) -> ColumnProposal:
    if one.raw is None or one.column.type not in {"money", "quantity"} or probe.has_negative(one.raw, kind, credit):
        return one
    made = f"case when {_written(kind)} in ({literals(credit)}) then '-' else '' end || {_written(one.raw)}"
    why = Words(
        f"credit notes ({', '.join(credit)}) stand here without a sign and must be negative",
        f"红字单据（{'、'.join(credit)}）未带负号，须取负",
    )
    sure = min(one.confidence, _SURE_OF_SIGN)
    return replace(one, raw=None, expression=made, parts=(kind, one.raw), confidence=sure, reasons=(*one.reasons, why))


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
