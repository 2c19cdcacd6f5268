"""How well the values of a raw column fit a contract column, whatever the two are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orchestration.lib.contract import Column, Entity
from orchestration.lib.profile.keys import is_id, is_line_number
from orchestration.lib.profile.model import ColumnProfile, Kind
from orchestration.lib.profile.values import guess_values
from orchestration.lib.profile.vocabulary import Vocabulary
from orchestration.lib.profile.words import Words

NEUTRAL = 0.5
_LONG = 80
_ENOUGH = 8  # rows from which one single value says that a column does not tell the rows apart
_DAYS: set[Kind] = {"date", "timestamp"}
_NO_ID: set[Kind] = {"date", "timestamp", "decimal", "boolean", "email", "phone", "url", "currency"}
_TEXT: Mapping[Kind, float] = {
    "text": 0.9,
    "category": 0.9,
    "code": 0.8,
    "person_name": 0.7,
    "integer": 0.6,
    "url": 0.6,
    "tax_id": 0.2,
    "udi": 0.2,
    "boolean": 0.3,
    "currency": 0.3,
}
# Columns of the contract that ask for one kind of text.
_SPECIAL: Mapping[str, tuple[Kind, frozenset[Kind]]] = {
    "tax_id": ("tax_id", frozenset({"code", "integer", "text"})),
    "udi_di": ("udi", frozenset({"code", "integer"})),
    "udi_pi": ("udi", frozenset({"code", "text"})),
    "landing_page": ("url", frozenset({"code", "text", "category"})),
}
KIND_WORDS: Mapping[Kind, Words] = {
    "empty": Words("no values", "无值"),
    "boolean": Words("yes/no", "是/否"),
    "integer": Words("whole numbers", "整数"),
    "decimal": Words("decimal numbers", "小数"),
    "date": Words("dates", "日期"),
    "timestamp": Words("times", "时间"),
    "currency": Words("currencies", "币种"),
    "email": Words("e-mail addresses", "邮箱"),
    "phone": Words("phone numbers", "电话号码"),
    "person_name": Words("names of persons", "人名"),
    "tax_id": Words("tax ids", "税号"),
    "udi": Words("UDI", "UDI"),
    "url": Words("addresses of pages", "网址"),
    "code": Words("codes", "代码"),
    "category": Words("a few values", "枚举值"),
    "text": Words("text", "文本"),
}


@dataclass(frozen=True)
class Fit:
    """0 rules a column out, 0.5 says nothing, 1 is what the contract column holds."""

    score: float
    reason: Words


def value_fit(
    entity: Entity, column: Column, raw: ColumnProfile, vocabulary: Vocabulary, *, refers_to: str | None = None
) -> Fit:
    """How well the values of ``raw`` fit ``column``.

    ``refers_to`` is the entity whose keys the values are, empty when they are keys of something that is no entity.
    """
    if raw.kind == "empty":
        return Fit(NEUTRAL, KIND_WORDS["empty"])
    if column.type in {"key", "ref"} and is_line_number(raw, vocabulary):
        return Fit(0.3, Words("line numbers within a document", "单据内的行号"))
    if column.type == "key":
        return _key(raw, refers_to, entity)
    if column.type == "ref":
        return _reference(column, raw, refers_to)
    if column.allowed or column.type == "boolean":
        return _listed(entity, column, raw, vocabulary)
    return Fit(_plain(column, raw, vocabulary), KIND_WORDS[raw.kind])


def _plain(column: Column, raw: ColumnProfile, vocabulary: Vocabulary) -> float:
    if column.type in {"date", "timestamp"}:
        return (1.0 if raw.kind == column.type else 0.95) if raw.kind in _DAYS else 0.0
    if column.type == "currency":
        return 1.0 if raw.kind == "currency" else 0.0
    return _text(column, raw) if column.type == "text" else _number(column, raw, vocabulary)


def _key(raw: ColumnProfile, refers_to: str | None, entity: Entity) -> Fit:
    if raw.kind in _NO_ID or raw.max_length > _LONG:
        return Fit(0.0, KIND_WORDS[raw.kind])
    if raw.is_unique:
        return Fit(0.9 if refers_to not in {None, entity.name} else 1.0, Words("unique in each row", "每行唯一"))
    if raw.filled_share > 0.97 and raw.uniqueness > 0.97:
        return Fit(
            0.85,
            Words(
                f"nearly unique ({raw.distinct:,} of {raw.filled:,})",
                f"几乎唯一（{raw.filled:,} 个中 {raw.distinct:,} 个）",
            ),
        )
    return Fit(
        0.25,
        Words(f"not unique ({raw.distinct:,} of {raw.rows:,})", f"不唯一（{raw.rows:,} 行中 {raw.distinct:,} 个）"),
    )


def _reference(column: Column, raw: ColumnProfile, refers_to: str | None) -> Fit:
    score, reason = 0.7 if raw.kind in {"person_name", "text"} else 0.85, KIND_WORDS[raw.kind]
    if raw.kind in _NO_ID:
        score = 0.0
    elif raw.kind == "integer" and raw.distinct == 1 and raw.filled >= _ENOUGH:
        score, reason = 0.3, Words("the same in every row", "各行相同")
    elif refers_to == "":
        score, reason = (
            0.3,
            Words("its values are ids of a table that is none of the model's", "取值为模型之外某表的编号"),
        )
    elif refers_to is not None and column.entity is not None:
        score = 1.0 if refers_to == column.entity else 0.25
        reason = Words(f"its values are ids of {refers_to}", f"取值为 {refers_to} 的编号")
    elif raw.max_length > _LONG:
        score, reason = 0.1, Words("long texts", "长文本")
    return Fit(score, reason)


def _listed(entity: Entity, column: Column, raw: ColumnProfile, vocabulary: Vocabulary) -> Fit:
    if column.type == "boolean" and raw.kind == "boolean":
        return Fit(1.0, KIND_WORDS["boolean"])
    if raw.kind in {"decimal", "date", "timestamp", "phone", "email", "url"}:
        return Fit(0.0, KIND_WORDS[raw.kind])
    guess = guess_values(entity.name, column, raw.values, vocabulary)
    if guess is None:
        return Fit(0.1, Words("too many different values", "取值过多"))
    told = Words(
        f"{len(guess.known)} of {len(guess.known) + len(guess.unknown)} values understood",
        f"{len(guess.known) + len(guess.unknown)} 个取值中识别 {len(guess.known)} 个",
    )
    if column.type == "boolean":
        return Fit(0.9 if not guess.unknown else 0.2 * guess.share, told)
    if not guess.known:
        return Fit(0.3 if raw.kind == "category" else 0.1, told)
    return Fit(0.4 + 0.6 * guess.share, told)


def _text(column: Column, raw: ColumnProfile) -> float:
    if column.personal in {"phone", "email"}:
        if raw.kind == column.personal:
            return 1.0
        return 0.4 if raw.personal == column.personal else 0.1
    if column.personal == "name":
        own = {"person_name": 1.0, "text": 0.7, "category": 0.5}
        return max(own.get(raw.kind, 0.1), 0.8 if raw.personal == "name" else 0.0)
    if column.name in _SPECIAL:
        wanted, possible = _SPECIAL[column.name]
        return 1.0 if raw.kind == wanted else 0.6 if raw.kind in possible else 0.1
    return _TEXT.get(raw.kind, 0.1)


def _number(column: Column, raw: ColumnProfile, vocabulary: Vocabulary) -> float:
    if raw.kind == "boolean":
        return 0.3 if column.type in {"integer", "quantity"} else 0.1
    if raw.kind not in {"integer", "decimal"} or raw.number is None:
        return 0.0
    if column.type == "integer":
        return 1.0 if raw.kind == "integer" else 0.2
    if is_id(raw.name, vocabulary):
        return 0.1
    score = 1.0 if raw.kind == "decimal" or column.type == "quantity" else 0.95
    least, most = raw.number.minimum, raw.number.maximum
    if column.minimum is not None and least is not None and least < column.minimum:
        score *= 0.7
    if column.type == "rate" and column.name != "rate" and most is not None and not _is_share(raw):
        score *= 0.3
    return score


def _is_share(raw: ColumnProfile) -> bool:
    most = raw.number.maximum if raw.number else None
    return most is not None and (most <= 1 or (most <= Decimal(100)))
