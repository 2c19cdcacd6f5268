"""What kind of value a column holds: a guess from some of its values, proven on all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import duckdb

from orchestration.lib.contract import PersonalKind
from orchestration.lib.mapping.sql import literal, literals
from orchestration.lib.profile.dates import find_formats
from orchestration.lib.profile.model import Kind, NumberStyle
from orchestration.lib.profile.numbers import find_style, looks_numeric, plain_number
from orchestration.lib.profile.personal import (
    CHINESE_NAME,
    EMAIL,
    IDENTITY_CARD,
    INTERNATIONAL,
    MOBILE,
    PHONE,
    SEPARATED_LANDLINE,
    WESTERN_NAME,
    WITHIN,
)
from orchestration.lib.profile.vocabulary import Vocabulary
from orchestration.lib.profile.words import Words, is_chinese

MOST = 0.9  # share of the values that makes a column what it looks like
NEARLY_ALL = 0.95
_ENOUGH_WITHIN = 0.005  # share of texts with a number or address in them that makes the whole column personal
FEW = 60  # distinct values that an enumeration may have
_TAX_ID = "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}"
_UDI = r"\(01\)[0-9]{14}.*|01[0-9]{14}(?:1[017]|21).*"
_URL = r"(?:https?://|www\.)\S+|/[A-Za-z0-9_\-]\S*"
_CODE = r"[A-Za-z0-9_\-./#:|]*[0-9][A-Za-z0-9_\-./#:|]*"
_BOOLEANS = (
    {"true", "false"},
    {"yes", "no"},
    {"y", "n"},
    {"t", "f"},
    {"0", "1"},
    {"是", "否"},
    {"有", "无"},
    {"√", "×"},
)
_MONTH_NAME = re.compile(r"month|period|月|期间", re.IGNORECASE)
_FEWEST_NAMES = 8  # distinct values before Chinese texts may be taken for names by their look alone


@dataclass(frozen=True)
class Found:
    """What was found out about a column."""

    kind: Kind
    fits: float = 1.0
    personal: PersonalKind | None = None
    formats: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    number: NumberStyle | None = None
    misfit: str | None = None  # SQL over ``v``: the values that are not what the kind says
    notes: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Values:
    """The distinct values ``v`` of a column with their counts ``n`` in ``table``, and some of them at hand.

    Attributes:
        lengths: of the shortest and the longest.
        listed: all of them with their counts, the most frequent first, when they are few.
    """

    connection: duckdb.DuckDBPyConnection
    table: str
    some: tuple[str, ...]
    distinct: int
    filled: int
    lengths: tuple[int, int] = (0, 0)
    listed: tuple[tuple[str, int], ...] = ()

    def share(self, condition: str) -> float:
        """Share of the filled values for which an SQL condition over ``v`` holds."""
        (found,) = self.connection.execute(
            f"select coalesce(sum(n) filter ({condition}), 0) / sum(n) from {self.table}"
        ).fetchall()[0]
        return float(found or 0)

    def seems(self, pattern: str) -> bool:
        """Whether most of the values at hand match: worth a proof on all."""
        compiled = re.compile(pattern)
        return bool(self.some) and sum(bool(compiled.fullmatch(one)) for one in self.some) >= MOST * len(self.some)


def classify(values: Values, name: str, vocabulary: Vocabulary) -> Found:
    """The kind of a text column called ``name``."""
    hint = vocabulary.personal.get(vocabulary.normal(name))
    for find in (_pattern, _currency, _boolean, _identity, _phone, _tax_or_udi, _date, _number):
        found = find(values, name, vocabulary)
        if found is not None:
            break
    else:
        found = _words(values, hint)
    if found.personal is None and hint is not None and _may_be(hint, found, values):
        found = replace(found, personal=hint)
    if found.kind in {"text", "category"} and found.personal is None and _seems_person(values, name, vocabulary):
        found = replace(found, kind="person_name", personal="name")
    return found


def _seems_person(values: Values, name: str, vocabulary: Vocabulary) -> bool:
    """Western names look like those of companies and products too: so the column must be called like a person's."""
    return vocabulary.normal(name) in vocabulary.perhaps_persons and values.seems(WESTERN_NAME)


def _may_be(hint: PersonalKind, found: Found, values: Values) -> bool:
    """Whether a column that is called like a personal one can be one: names of owners may be ids instead."""
    if hint == "name":
        return found.kind in {"text", "category", "person_name"} and not any(
            char.isdigit() for one in values.some for char in one
        )
    return found.kind not in {"boolean", "decimal"} and (hint == "text" or found.kind not in {"date", "timestamp"})


def _proven(values: Values, pattern: str, kind: Kind, personal: PersonalKind | None = None) -> Found | None:
    matches = f"regexp_full_match(v, {literal(pattern)})"
    share = values.share(matches)
    return Found(kind, share, personal, misfit=f"not {matches}") if share >= MOST else None


def _pattern(values: Values, name: str, vocabulary: Vocabulary) -> Found | None:
    if values.seems(EMAIL):
        return _proven(values, EMAIL, "email", "email")
    return _proven(values, _URL, "url") if values.seems(_URL) else None


def _currency(values: Values, name: str, vocabulary: Vocabulary) -> Found | None:
    if values.distinct > FEW or not any(map(vocabulary.currency, values.some)):
        return None
    known = sum(count for value, count in values.listed if vocabulary.currency(value) is not None)
    return Found("currency", known / values.filled) if known >= NEARLY_ALL * values.filled else None


def _boolean(values: Values, name: str, vocabulary: Vocabulary) -> Found | None:
    found = {one.lower() for one in values.some}
    if len(found) > 2 or values.distinct > 4 or not any(found <= pair for pair in _BOOLEANS):
        return None
    return None if len(found) == 1 and found <= {"0", "1", "无", "有"} else Found("boolean")


def _identity(values: Values, name: str, vocabulary: Vocabulary) -> Found | None:
    if not values.seems(IDENTITY_CARD) or _valid(values.some, _identity_check) < MOST:
        return None
    return _proven(values, IDENTITY_CARD, "code", "text")


def _phone(values: Values, name: str, vocabulary: Vocabulary) -> Found | None:
    normal = vocabulary.normal(name)
    is_hinted = vocabulary.personal.get(normal) == "phone"
    is_id = any(normal.endswith(vocabulary.normal(word)) for word in vocabulary.ids) and not is_hinted
    pattern = PHONE if is_hinted else f"{MOBILE}|{INTERNATIONAL}|{SEPARATED_LANDLINE}"
    return None if is_id or not values.seems(pattern) else _proven(values, pattern, "phone", "phone")


def _tax_or_udi(values: Values, name: str, vocabulary: Vocabulary) -> Found | None:
    if values.seems(_TAX_ID):
        words = {vocabulary.normal(word) for word in vocabulary.column_words("customer", "tax_id")}
        if vocabulary.normal(name) in words or _valid(values.some, _tax_check) >= MOST:
            return _proven(values, _TAX_ID, "tax_id")
    if values.seems(_UDI):
        return _proven(values, _UDI, "udi")
    if values.seems("[0-9]{14}") and _valid(values.some, _gtin_check) >= NEARLY_ALL and values.distinct > 1:
        return _proven(values, "[0-9]{14}", "udi")
    return None


def _date(values: Values, name: str, vocabulary: Vocabulary) -> Found | None:
    months = bool(_MONTH_NAME.search(name))
    found = find_formats(values.connection, values.table, values.some, months=months)
    if found is None or found.share < NEARLY_ALL:
        return None
    notes: tuple[Words, ...] = ()
    if found.rivals:
        both = ", ".join((found.formats[0], *found.rivals))
        notes = (
            Words(f"every value can be read by {both}: only you know which", f"所有值都可按 {both} 解读，须由您确定"),
        )
    reads = " or ".join(f"try_strptime(v, {literal(one)}) is not null" for one in found.formats)
    return Found(
        "timestamp" if found.has_time else "date",
        found.share,
        formats=found.formats,
        ambiguous=found.rivals,
        misfit=f"not ({reads})",
        notes=notes,
    )


def _number(values: Values, name: str, vocabulary: Vocabulary) -> Found | None:
    if not looks_numeric(values.some):
        return None
    if any(re.fullmatch(r"0[0-9]+|[0-9]{19,}", one) for one in values.some):
        return None  # 00123 is a code: its zeros would be lost
    found = find_style(values.connection, values.table, values.some)
    if found is None or found[1] < NEARLY_ALL:
        return None
    style, share, rival = found
    notes: list[Words] = []
    if rival is not None:
        notes.append(
            Words(
                f"'{style.decimal}' or '{rival.decimal}' may be the decimal sign: every value can be read either way",
                f"小数点可能是 '{style.decimal}' 或 '{rival.decimal}'：所有值两种读法都成立",
            )
        )
    monetary = [one for one in style.signs if one not in {"%", "％", "元", "万元"}]
    if len(monetary) > 1:
        notes.append(
            Words(f"amounts in several currencies: {', '.join(monetary)}", f"金额含多种币种：{'、'.join(monetary)}")
        )
    kind: Kind = "decimal" if style.decimals else "integer"
    misfit = f"({plain_number(style.signs, style.decimal, style.thousands)}) is null"
    return Found(kind, share, number=style, misfit=misfit, notes=tuple(notes))


def _words(values: Values, hint: PersonalKind | None) -> Found:
    few = values.distinct <= FEW and values.distinct * 2 <= values.filled
    chinese = [one for one in values.some if is_chinese(one)]
    named = sum(bool(re.fullmatch(CHINESE_NAME, one)) for one in chinese)
    by_look = values.distinct >= _FEWEST_NAMES and named >= MOST * len(values.some)
    if by_look or (hint == "name" and named >= MOST / 2 * len(values.some) and named):
        share = values.share(f"regexp_full_match(v, {literal(CHINESE_NAME)})")
        return Found("person_name", share, "name")
    if values.seems(_CODE) and not few:
        share = values.share(f"regexp_full_match(v, {literal(_CODE)})")
        if share >= MOST:
            return Found("code")
    within = values.share(f"regexp_matches(v, {literal(WITHIN)})")
    kind: Kind = "category" if few else "text"
    if not within:
        return Found(kind)
    note = Words(
        "phone numbers, e-mail addresses or identity numbers stand within the text", "文本中夹带电话、邮箱或身份证号"
    )
    return Found(kind, personal="text" if within >= _ENOUGH_WITHIN else None, notes=(note,))


def null_condition(texts: Sequence[str]) -> str:
    """SQL: ``v`` is one of these texts."""
    return f"v in ({literals(texts)})" if texts else "false"


def _valid(some: Sequence[str], check: Callable[[str], bool]) -> float:
    return sum(check(one) for one in some) / len(some) if some else 0.0


_TAX_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _tax_check(text: str) -> bool:
    """The check character of GB 32100."""
    total = sum(_TAX_DIGITS.index(char) * pow(3, at, 31) for at, char in enumerate(text[:17]) if char in _TAX_DIGITS)
    return len(text) == 18 and _TAX_DIGITS[(31 - total % 31) % 31] == text[17]


def _identity_check(text: str) -> bool:
    """The check character of GB 11643."""
    total = sum(int(char) * pow(2, 17 - at, 11) for at, char in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _gtin_check(text: str) -> bool:
    """The check digit of GS1."""
    total = sum(int(char) * (3 if at % 2 == 0 else 1) for at, char in enumerate(text[:13]))
    return (10 - total % 10) % 10 == int(text[13])
