"""How well the name of a raw column or table fits what the contract names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from orchestration.lib.contract import Column, Contract, Entity, load_contract
from orchestration.lib.profile.vocabulary import Vocabulary, load_vocabulary
from orchestration.lib.profile.words import is_chinese

Target = tuple[str, str]  # entity, column

_FUZZY_FROM = 86  # per cent of alike letters below which two names have nothing to do with each other
_FUZZY_LEAST = 5  # letters: short words differ by one letter and mean other things (rate, date)
_NOT_LAST = 0.55  # the last word of a table's name says what it is: customer order is an order
_OF_LINES = 0.3
_SLIP_LEAST = 4  # letters of words that may be misspelt
_SUFFIX = 0.8
_OWN_KEY_BARE = 0.75  # an id without any other word: the key of whatever the table is
_KEY_AS_ENTITY = 0.6  # `lot` in a table of lots
_REF_BARE = 0.92  # `customer` for a customer's id
_WEAK = 0.8  # a word that as often means something else


@dataclass(frozen=True)
class NameMatch:
    """How well a name fits (0-1), and the word that it fits."""

    score: float
    word: str
    how: str  # exact, alike, ending


@dataclass(frozen=True)
class _Variant:
    target: Target
    weight: float
    word: str
    whole_only: bool  # fits whole names only: a bare "number" ends half of all names


class NameIndex:
    """All names that the contract's columns go by, ready to be compared with raw names."""

    def __init__(self, contract: Contract, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._variants: dict[str, list[_Variant]] = {}
        self._cache: dict[str, dict[Target, NameMatch]] = {}
        self.refers: dict[Target, str] = {}  # columns that refer to an entity
        for entity in contract.entities.values():
            for column in entity.columns.values():
                self._add_column(entity, column, contract)
        self._fuzzy = [text for text in self._variants if len(text) >= _FUZZY_LEAST and text.isascii()]

    def match(self, raw: str) -> dict[Target, NameMatch]:
        """Contract columns that a raw name may mean."""
        found = self._cache.get(raw)
        if found is None:
            found = self._cache[raw] = self._find(raw)
        return found

    def _add_column(self, entity: Entity, column: Column, contract: Contract) -> None:
        target = (entity.name, column.name)
        if column.entity is not None:
            self.refers[target] = column.entity
        words = self._vocabulary.entities.get(entity.name, ())
        own = (column.name, column.label.en, column.label.zh, *self._vocabulary.column_words(entity.name, column.name))
        if column.name == entity.key:
            for word in (*own, *_joined(words, self._vocabulary.ids)):
                self._add(target, word, 1.0)
            for word in self._vocabulary.ids:
                self._add(target, word, _OWN_KEY_BARE, whole_only=True)
            for word in words:
                self._add(target, word, _KEY_AS_ENTITY, whole_only=True)
            return
        for word in own:
            self._add(target, word, 1.0, whole_only=len(word) < 2)
        for word in _joined(words, own):
            self._add(target, word, 0.98)
        if column.entity is not None and _plain_reference(column, contract):
            of = self._vocabulary.entities.get(column.entity, ())
            for word in _joined(of, self._vocabulary.ids):
                self._add(target, word, 1.0)
            for word in of:
                weak = self._vocabulary.normal(word) in self._vocabulary.weak
                self._add(target, word, _REF_BARE * (_WEAK if weak else 1))
        elif column.entity is not None:
            role = column.name.removesuffix("_id").split("_")[0]
            of = self._vocabulary.entities.get(column.entity, ())
            for word in (*_joined([role], of), *_joined([role], self._vocabulary.ids)):
                self._add(target, word, 0.95)

    def _add(self, target: Target, word: str, weight: float, *, whole_only: bool = False) -> None:
        text = self._vocabulary.normal(word)
        if text:
            self._variants.setdefault(text, []).append(_Variant(target, weight, word, whole_only))

    def _find(self, raw: str) -> dict[Target, NameMatch]:
        found: dict[Target, NameMatch] = {}

        def note(text: str, factor: float, how: str) -> None:
            for variant in self._variants.get(text, ()):
                if variant.whole_only and how != "exact":
                    continue
                score = variant.weight * factor
                if score > found.get(variant.target, _NONE).score:
                    found[variant.target] = NameMatch(round(score, 4), variant.word, how)

        text = self._vocabulary.normal(raw)
        note(text, 1.0, "exact")
        for ending, share in _endings(text):
            note(ending, _SUFFIX * share**0.5, "ending")
        if len(text) >= _FUZZY_LEAST and text.isascii():
            from rapidfuzz import fuzz, process

            for other, likeness, _ in process.extract(
                text, self._fuzzy, scorer=fuzz.token_sort_ratio, score_cutoff=_FUZZY_FROM, limit=30
            ):
                if other != text and _may_be_slip(text, other):
                    note(other, (likeness / 100) ** 2 * 0.95, "alike")
        return found


_NONE = NameMatch(0.0, "", "")


def _may_be_slip(text: str, other: str) -> bool:
    """Whether two names may differ by spelling only: a seller is no reseller, and a product's id not its DI."""
    mine, theirs = set(text.split(" ")), set(other.split(" "))
    return text[0] == other[0] and all(len(word) >= _SLIP_LEAST for word in mine ^ theirs)


def _plain_reference(column: Column, contract: Contract) -> bool:
    """``customer_id`` and the like, as against a reference in a role (``parent_id``, ``reverses_invoice_id``)."""
    entity = contract.entities[column.entity or ""]
    return column.name in {entity.key, f"{entity.name}_id"} or column.name == "account_id"


def _joined(first: Iterable[str], second: Iterable[str]) -> Iterable[str]:
    """Two words made one name, where both are of one script."""
    second = tuple(second)
    for one in first:
        for other in second:
            if is_chinese(one) and is_chinese(other):
                yield one + other
            elif not is_chinese(other) and (not is_chinese(one) or other in {"id", "no"}):
                yield f"{one} {other}"


def _endings(text: str) -> Iterable[tuple[str, float]]:
    """Ends of a name, which say what it is (order purchase date → purchase date), with their share of it."""
    words = text.split(" ")
    for start in range(1, len(words)):
        rest = " ".join(words[start:])
        yield rest, (len(words) - start) / len(words)
    last = words[-1]
    if is_chinese(last):
        for start in range(1, len(last) - 1):
            yield last[start:], (len(last) - start) / len(text)


class TableNames:
    """How well the name of a table or file fits an entity."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._words: dict[str, list[tuple[str, str]]] = {}
        for entity, words in vocabulary.entities.items():
            for word in words:
                self._words.setdefault(vocabulary.normal(word), []).append((entity, word))

    def match(self, raw: str) -> dict[str, NameMatch]:
        """Entities that a table called ``raw`` may be."""
        parts = [part for part in self._vocabulary.normal(raw).split(" ") if not part.isdigit()]
        parts = [part for part in parts if part not in _FILLERS] or parts
        # module_module is how some programs call the main table of a module
        parts = [part for place, part in enumerate(parts) if place == 0 or part != parts[place - 1]]
        found: dict[str, NameMatch] = {}
        lines = self._vocabulary.lines
        foreign = 0.45 if any(self._is_foreign(part) for part in parts) else 1.0
        for start in range(len(parts)):
            for end in range(len(parts), start, -1):
                text = " ".join(parts[start:end])
                for candidate, cut, is_end in self._texts(text):
                    last = is_end and end == len(parts)
                    at_end = 1.0 if last else _NOT_LAST if parts[-1] not in lines else _OF_LINES
                    share = (end - start) / len(parts) * cut
                    weak = _WEAK if candidate in self._vocabulary.weak else 1.0
                    for entity, word in self._words.get(candidate, ()):
                        score = round(foreign * at_end * weak * (0.6 + 0.4 * share), 4)
                        how = "exact" if share == 1 and end == len(parts) else "ending"
                        if score > found.get(entity, _NONE).score:
                            found[entity] = NameMatch(score, word, how)
        return found

    def _is_foreign(self, part: str) -> bool:
        if part in self._vocabulary.not_ours:
            return True
        return is_chinese(part) and any(word in part for word in self._vocabulary.not_ours if is_chinese(word))

    @staticmethod
    def _texts(text: str) -> Iterable[tuple[str, float, bool]]:
        """A name and, of a Chinese one, its ends and beginnings: each with its share and whether it is the end."""
        yield text, 1.0, True
        if is_chinese(text) and " " not in text:
            for start in range(1, len(text) - 1):
                yield text[start:], (len(text) - start) / len(text), True
            bare = next((text.removesuffix(one) for one in _REPORTS if text.endswith(one)), text)
            for end in range(len(text) - 1, 1, -1):
                yield text[:end], end / len(text), text[:end] == bare


# Ends of Chinese names of tables that say nothing about what is in them.
_REPORTS = (
    "导出",
    "数据",
    "列表",
    "明细表",
    "清单",
    "台账",
    "登记表",
    "记录表",
    "汇总表",
    "报表",
    "信息表",
    "档案",
    "表",
)
# Words in names of files and tables that say nothing about what is in them.
_FILLERS = {
    "dataset",
    "data",
    "export",
    "table",
    "tbl",
    "list",
    "fact",
    "dim",
    "full",
    "all",
    "new",
    "final",
    "report",
    "csv",
    "xlsx",
    "raw",
    "stg",
    "v",
    "t",
    "导出",
    "数据",
    "表",
    "明细表",
    "清单",
    "台账",
    "public",
    "dbo",
}


@lru_cache(maxsize=1)
def name_index() -> NameIndex:
    """The index of the contract that ships with the program."""
    return NameIndex(load_contract(), load_vocabulary())


@lru_cache(maxsize=1)
def table_names() -> TableNames:
    """The table names of the vocabulary that ships with the program."""
    return TableNames(load_vocabulary())
