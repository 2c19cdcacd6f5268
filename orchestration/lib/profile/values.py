"""Guesses what the words in a source's cells mean among the values that the contract allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.lib.contract import Column
from orchestration.lib.currencies import CURRENCY_ALIASES, ISO_CURRENCIES
from orchestration.lib.profile.vocabulary import Vocabulary
from orchestration.lib.profile.words import is_chinese

# What a boolean column reads without a value map (docs/reference/mapping.md).
PLAIN_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "y", "t", "1", "是"), "true"),
    **dict.fromkeys(("false", "no", "n", "f", "0", "否"), "false"),
}
_LEAST_WITHIN = 2  # Chinese characters of a word that may decide when it stands within a longer one


@dataclass(frozen=True)
class ValueGuess:
    """What each text means.

    Attributes:
        known: text in the source → canonical value.
        unknown: texts that no word of the vocabulary fits, with their rows.
        share: share of the rows that have a known text.
        plain: texts that the mapping reads by itself as what they mean.
    """

    known: dict[str, str]
    unknown: tuple[tuple[str, int], ...]
    share: float
    plain: frozenset[str] = frozenset()

    def needs_map(self) -> bool:
        """Whether a value map is needed: not when the mapping reads every text by itself."""
        return bool(self.unknown) or not self.known.keys() <= self.plain


def guess_values(
    entity: str, column: Column, values: Sequence[tuple[str, int]], vocabulary: Vocabulary
) -> ValueGuess | None:
    """Guess for a boolean column or one with allowed values; None for others, and when there are too many values."""
    if values and column.type == "currency":
        return _currencies(values, vocabulary)
    if not values or not (column.allowed or column.type == "boolean"):
        return None
    words = dict(vocabulary.values["boolean"] if column.type == "boolean" else {})
    words |= vocabulary.values.get(f"{entity}.{column.name}", {})
    for one in column.allowed:
        words.setdefault(vocabulary.normal(one), one)
    known: dict[str, str] = {}
    unknown: list[tuple[str, int]] = []
    for text, count in values:
        meaning = text if text in column.allowed else _meaning(text, words, vocabulary)
        if meaning is None:
            unknown.append((text, count))
        else:
            known[text] = meaning
    total = sum(count for _, count in values)
    share = sum(count for text, count in values if text in known) / total
    plain = frozenset(text for text, value in known.items() if text == value or _reads(column, text, value))
    return ValueGuess(known, tuple(unknown), share, plain)


def _reads(column: Column, text: str, value: str) -> bool:
    return column.type == "boolean" and PLAIN_BOOLEANS.get(text.lower()) == value


def _currencies(values: Sequence[tuple[str, int]], vocabulary: Vocabulary) -> ValueGuess:
    """ISO codes and what the mapping itself takes for one need no map; 美元 does."""
    known = {text: code for text, _ in values if (code := vocabulary.currency(text)) is not None}
    unknown = tuple((text, count) for text, count in values if text not in known)
    plain = frozenset(text for text in known if text.upper() in ISO_CURRENCIES | CURRENCY_ALIASES.keys())
    total = sum(count for _, count in values)
    return ValueGuess(known, unknown, 1 - sum(count for _, count in unknown) / total, plain)


def _meaning(text: str, words: dict[str, str], vocabulary: Vocabulary) -> str | None:
    """The canonical value for a text: by the whole word, else by the longest word within a Chinese one."""
    normal = vocabulary.normal(text) or text.strip()
    if normal in words:
        return words[normal]
    if not is_chinese(text) or text.startswith(("未", "不", "非", "待")):
        return None  # 未确认 is not 确认
    within = [word for word in words if is_chinese(word) and len(word) >= _LEAST_WITHIN and word in normal]
    meanings = {words[word] for word in within}
    return meanings.pop() if len(meanings) == 1 else None
