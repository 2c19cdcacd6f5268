"""Assigns the columns of one table to the columns of one entity, and says how well the two go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.lib.contract import Column, Contract, Entity
from orchestration.lib.profile.fit import value_fit
from orchestration.lib.profile.model import ColumnProfile, TableProfile
from orchestration.lib.profile.names import NameIndex, NameMatch, TableNames
from orchestration.lib.profile.vocabulary import Vocabulary
from orchestration.lib.profile.words import Words

THRESHOLD = 0.6  # confidence from which a column is proposed
CANDIDATE = 0.3  # confidence from which it is mentioned
_SURE = 0.8
_BY_VALUES = {"email": 0.7, "phone": 0.7, "tax_id": 0.75, "udi": 0.65, "currency": 0.65, "person_name": 0.55}
_OWN_ID = 0.62  # the table's own key, called an id by a word that is not in the vocabulary
# Shares of the parts of an entity's score.
_TABLE = 0.45
_KEY, _REQUIRED, _COVERED, _TELLING = 0.3, 0.27, 0.2, 0.23
_UNNAMED = 0.75
_NOT_PROPOSED = 0.35
_WITHOUT_VALUES = 0.58  # of a name's score: a column without values is mentioned, not proposed
_TECHNICAL = 0.55  # when a row was typed is not when it happened
_FEWEST_UNNAMED = 4  # columns that must speak for an entity that the table's name does not
_CONTRADICTED = 0.6
_REPEATED = 0.7


@dataclass(frozen=True)
class Pair:
    """A raw column for a contract column, how sure that is (0-1), and why."""

    column: Column
    raw: ColumnProfile
    confidence: float
    reasons: tuple[Words, ...]


@dataclass(frozen=True)
class EntityMatch:
    """One entity for a table.

    Attributes:
        score: 0-1, how likely the table is this entity.
        pairs: contract column → its raw column; each raw column once.
        others: contract column → further raw columns that it may be, the likeliest first.
    """

    entity: Entity
    score: float
    pairs: Mapping[str, Pair]
    others: Mapping[str, tuple[Pair, ...]] = field(default_factory=dict)
    reasons: tuple[Words, ...] = ()


class Matcher:
    """Compares tables with the contract."""

    def __init__(self, contract: Contract, vocabulary: Vocabulary, names: NameIndex, tables: TableNames) -> None:
        self.contract, self.vocabulary = contract, vocabulary
        self._names, self._tables = names, tables

    def rank(self, table: TableProfile, known: Mapping[str, str]) -> list[EntityMatch]:
        """Entities that a table may be, the likeliest first.

        Args:
            known: other tables → the entity that each of them seems to be.
        """
        found = [self.match(table, entity, known) for entity in self.contract.entities.values()]
        return sorted((one for one in found if one.score > 0), key=lambda one: (-one.score, one.entity.name))

    def match(self, table: TableProfile, entity: Entity, known: Mapping[str, str]) -> EntityMatch:
        """How well a table goes with an entity."""
        refers = _referred(table, known)
        options = [
            pair
            for raw in table.columns
            for pair in self._options(entity, raw, refers_to=refers.get(raw.name), technical=table.technical)
        ]
        pairs = _assigned(entity, options)
        taken = {pair.raw.name for pair in pairs.values()}
        others: dict[str, tuple[Pair, ...]] = {}
        for name in entity.columns:
            chosen = pairs.get(name)
            rest = [one for one in options if one.column.name == name and one is not chosen]
            rest.sort(key=lambda one: (one.raw.name in taken, -one.confidence))
            if rest:
                others[name] = tuple(rest[:3])
        score, reasons = self._score(table, entity, pairs)
        return EntityMatch(entity, score, pairs, others, reasons)

    def match_related(
        self,
        table: TableProfile,
        entity: Entity,
        key: ColumnProfile,
        free: Sequence[ColumnProfile],
        known: Mapping[str, str],
    ) -> EntityMatch:
        """An entity inside the rows of another: ``key`` holds its id, the ``free`` columns may be its own."""
        refers = _referred(table, known)
        options = [
            pair
            for raw in free
            for pair in self._options(entity, raw, refers_to=refers.get(raw.name), technical=table.technical)
            if pair.column.name != entity.key
        ]
        told = Words("the rows quote its id", "各行引用其编号")
        own = Pair(entity.columns[entity.key], key, _SURE, (told,))
        pairs = {entity.key: own, **_assigned(entity, options)}
        return EntityMatch(entity, _SURE, {name: pairs[name] for name in entity.columns if name in pairs})

    def _options(
        self, entity: Entity, raw: ColumnProfile, *, refers_to: str | None, technical: Sequence[str]
    ) -> list[Pair]:
        names = self._names.match(raw.name)
        found = []
        for column in entity.columns.values():
            name = names.get((entity.name, column.name))
            by_values = _BY_VALUES.get(raw.kind, 0.0) if _is_telling(column, raw) else 0.0
            own_id = refers_to == column.entity and column.entity is not None
            if name is None and not by_values and not (own_id and raw.kind != "integer"):
                continue
            fit = value_fit(entity, column, raw, self.vocabulary, refers_to=refers_to)
            called = name.score if name is not None else 0.0
            if own_id:
                called = max(called, 0.85 if called else _OWN_ID)
            sure = called * (fit.score if fit.score < 0.4 else 0.7 + 0.3 * fit.score)
            sure = max(sure, by_values if fit.score >= _SURE else 0.0)
            if raw.kind == "empty":
                sure = called * _WITHOUT_VALUES
            elif raw.name in technical and column.type != "key":
                sure *= _TECHNICAL
            if sure >= CANDIDATE / 2:
                found.append(Pair(column, raw, round(min(sure, 1.0), 2), _why(raw, name, fit.reason)))
        return found

    def _score(self, table: TableProfile, entity: Entity, pairs: Mapping[str, Pair]) -> tuple[float, tuple[Words, ...]]:
        name = self._tables.match(table.name).get(entity.name)
        technical = set(table.technical)
        good = {
            column: pair
            for column, pair in pairs.items()
            if pair.confidence >= CANDIDATE + 0.15 and pair.raw.name not in technical
        }
        key = pairs[entity.key].confidence if entity.key in pairs else 0.0
        wanted = [
            column.name
            for column in entity.columns.values()
            if column.required and column.type not in {"key", "currency"}
        ]
        required = sum(good[one].confidence for one in wanted if one in good) / len(wanted) if wanted else key
        filled = [one for one in table.columns if one.kind != "empty" and one.name not in technical]
        covered = sum(pair.confidence for pair in good.values()) / len(filled) if filled else 0.0
        telling = sum(pair.confidence * self._told_by(pair) for pair in good.values())
        content = _KEY * key + _REQUIRED * required + _COVERED * min(covered * 1.3, 1) + _TELLING * min(telling / 2, 1)
        # A name that says nothing is not evidence against; but then the columns must say all the more.
        if name is not None:
            score = _TABLE * name.score + (1 - _TABLE) * content
        else:
            score = (_UNNAMED if self._speaks(good, entity, telling) else _NOT_PROPOSED) * content
        if any(self.vocabulary.says_otherwise(entity.name, one.name) for one in filled):
            score *= _CONTRADICTED
        if self._repeats_key(entity, filled, pairs):
            score *= _REPEATED
        reasons: list[Words] = []
        if name is not None:
            reasons.append(Words(f"the table's name says '{name.word}'", f"表名含“{name.word}”"))
        count = sum(pair.confidence >= THRESHOLD for pair in good.values())
        reasons.append(Words(f"{count} of {len(filled)} columns recognised", f"{len(filled)} 列中识别 {count} 列"))
        return round(min(score, 1.0), 3), tuple(reasons)

    def _repeats_key(self, entity: Entity, columns: Sequence[ColumnProfile], pairs: Mapping[str, Pair]) -> bool:
        """Whether the ids of the entity are there, but many times each: then its rows are not this entity."""
        if entity.key in pairs and pairs[entity.key].confidence >= CANDIDATE:
            return False
        target = (entity.name, entity.key)
        return any(
            one.uniqueness < _SURE
            and (match := self._names.match(one.name).get(target)) is not None
            and match.score > _SURE
            for one in columns
        )

    @staticmethod
    def _speaks(good: Mapping[str, Pair], entity: Entity, telling: float) -> bool:
        """Whether the columns alone say which entity it is: enough of them, or fewer with the key by its own name."""
        own = entity.key in good and good[entity.key].confidence > _SURE + 0.1
        return telling >= 1 and len(good) >= _FEWEST_UNNAMED - own

    def _told_by(self, pair: Pair) -> float:
        """1 when only this entity has a column of that name, less the more others have one."""
        names = self._names.match(pair.raw.name)
        entities = {entity for (entity, _), match in names.items() if match.score >= _SURE}
        return 1 / len(entities) if entities else 0.3


def _referred(table: TableProfile, known: Mapping[str, str]) -> dict[str, str]:
    """Raw column → the entity that it refers to, empty for a table that is none; before anything is known: nothing."""
    return {one.column: known.get(one.table, "") for one in table.references} if known else {}


def _is_telling(column: Column, raw: ColumnProfile) -> bool:
    """Whether the values alone say that this is the column."""
    if column.personal is not None and column.personal != "text":
        return raw.kind == {"name": "person_name"}.get(column.personal, column.personal)
    return (
        (column.name == "tax_id" and raw.kind == "tax_id")
        or (column.name == "udi_di" and raw.kind == "udi")
        or (column.name == "currency" and raw.kind == "currency")
    )


def _assigned(entity: Entity, options: list[Pair]) -> dict[str, Pair]:
    """The best pair first, then the best of what is left; of equals, the raw column with fewer ways to go."""
    ways: dict[str, int] = {}
    for one in options:
        if one.confidence >= THRESHOLD:
            ways[one.raw.name] = ways.get(one.raw.name, 0) + 1
    places = {name: place for place, name in enumerate(entity.columns)}

    def order(one: Pair) -> tuple[float, int, int]:
        # A key that can be one goes before anything else its column may be: without it nothing loads.
        head_start = 0.12 if one.column.type == "key" and one.raw.is_unique else 0.0
        return -(one.confidence + head_start), ways.get(one.raw.name, 0), places[one.column.name]

    pairs: dict[str, Pair] = {}
    taken: set[str] = set()
    for one in sorted(options, key=order):
        if one.column.name not in pairs and one.raw.name not in taken and one.confidence >= CANDIDATE:
            pairs[one.column.name] = one
            taken.add(one.raw.name)
    return {name: pairs[name] for name in entity.columns if name in pairs}


def _why(raw: ColumnProfile, name: NameMatch | None, values: Words) -> tuple[Words, ...]:
    reasons = []
    if name is not None:
        how = {
            "exact": Words(f"the name is '{name.word}'", f"列名即“{name.word}”"),
            "alike": Words(f"the name is like '{name.word}'", f"列名接近“{name.word}”"),
            "ending": Words(f"the name ends in '{name.word}'", f"列名以“{name.word}”结尾"),
        }
        reasons.append(how[name.how])
    return (*reasons, values)
