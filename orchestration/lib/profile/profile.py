"""The whole way: what is at a place, a sample of each table, what is in it, and what is proposed."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.lib.contract import load_contract
from orchestration.lib.errors import DataError
from orchestration.lib.landing.scratch import Scratch, literal
from orchestration.lib.mapping.model import Format
from orchestration.lib.profile.checked import with_problems
from orchestration.lib.profile.columns import profile_columns
from orchestration.lib.profile.keys import find_keys
from orchestration.lib.profile.match import Matcher
from orchestration.lib.profile.model import ColumnProfile, Reference, TableProfile
from orchestration.lib.profile.names import NameIndex, name_index, table_names
from orchestration.lib.profile.place import Item, Place
from orchestration.lib.profile.probe import Probe
from orchestration.lib.profile.proposal import TableProposal
from orchestration.lib.profile.propose import TABLE_THRESHOLD, propose_table
from orchestration.lib.profile.references import with_references
from orchestration.lib.profile.render import Head
from orchestration.lib.profile.sample import Sample, load_sample
from orchestration.lib.profile.vocabulary import Vocabulary, load_vocabulary
from orchestration.lib.profile.words import Words
from orchestration.lib.settings import Settings

DEFAULT_SAMPLE = 100_000
_ENOUGH_TABLES = 12
_ENOUGH_VOTES = 2
_CALLED = 0.6
_NEARLY_EVERY = 0.7
_WEAK = 0.15  # this much less likely than another table of the same entity
_OBJECT_NAME = re.compile(r"[^a-z0-9]+")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class SourceProfile:
    """What was found at a place, and what is proposed for it.

    Attributes:
        unreadable: items that could not be read, with the error.
        empty: names of tables without rows.
    """

    place: Place
    head: Head
    tables: tuple[TableProposal, ...]
    unreadable: tuple[tuple[str, DataError], ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def proposed(self) -> tuple[TableProposal, ...]:
        """The tables that stand in the mapping: those that are something, and a lone one in any case."""
        known = tuple(one for one in self.tables if one.feeds)
        return known or self.tables[:1]


def profile_place(
    place: Place,
    items: tuple[Item, ...],
    head: Head,
    settings: Settings,
    *,
    entity: str | None = None,
    sample: int = DEFAULT_SAMPLE,
    progress: Progress | None = None,
) -> SourceProfile:
    """Profile items of a place and propose a mapping.

    Raises:
        DataError: nothing of it can be read, or it is a single item that cannot.
    """
    tell = progress or (lambda text: None)
    vocabulary = load_vocabulary()
    matcher = Matcher(load_contract(), vocabulary, name_index(), table_names())
    with _scratch() as scratch:
        tables: list[TableProfile] = []
        samples: dict[str, str] = {}
        unreadable: list[tuple[str, DataError]] = []
        empty: list[str] = []
        for number, item in enumerate(items):
            tell(f"{number + 1}/{len(items)} {item.name}")
            try:
                loaded = load_sample(scratch, place, item, table=f"sample_{number}", most=sample)
                if not _has_rows(scratch, loaded) and len(items) > 1:
                    empty.append(item.name)
                    continue
                tables.append(_profiled(scratch.connection, item, loaded, vocabulary))
            except DataError as error:
                if len(items) == 1:
                    raise
                unreadable.append((item.name, error))
                continue
            samples[item.name] = loaded.table
        if not tables:
            raise DataError(
                f"nothing at {place.shown} can be profiled: {len(unreadable)} unreadable, {len(empty)} empty",
                hint=unreadable[0][1].message if unreadable else "there must be a table with rows",
            )
        related = with_references(scratch.connection, _with_technical(tables), samples, vocabulary)
        known: dict[str, str] = {}
        for _ in range(2):  # the second time it is known what the tables referred to are
            known = {
                table.name: ranking[0].entity.name
                for table in related
                if (ranking := matcher.rank(table, known)) and ranking[0].score >= TABLE_THRESHOLD
            }
        proposals = [
            propose_table(
                table,
                matcher,
                known={name: what for name, what in known.items() if name != table.name},
                currency=settings.company.currency,
                probe=Probe(scratch.connection, samples[table.name]),
                entity=entity,
            )
            for table in related
        ]
    named = tuple(sorted(with_problems(head, _named(_without_weak(proposals, name_index())), settings), key=_likeliest))
    return SourceProfile(place, head, named, tuple(unreadable), tuple(empty))


def _with_technical(tables: list[TableProfile]) -> list[TableProfile]:
    """The tables with their technical columns told, where there are enough tables to tell them."""
    if len(tables) < _ENOUGH_TABLES:
        return tables
    counts = Counter(column.name for table in tables for column in table.columns)
    common = {name for name, count in counts.items() if count > _NEARLY_EVERY * len(tables)}
    return [
        replace(table, technical=tuple(one.name for one in table.columns if one.name in common)) for table in tables
    ]


def _without_weak(proposals: list[TableProposal], names: NameIndex) -> list[TableProposal]:
    """Of several tables that seem to be the same entity, those nearly as likely as the best are proposed.

    In a database, moreover, those that the other proposed tables refer to: it keeps an entity in one table, while
    files of one entity come in many.
    """
    by_entity: dict[str, list[TableProposal]] = {}
    for one in proposals:
        if one.entity is not None:
            by_entity.setdefault(one.entity, []).append(one)
    dropped: set[str] = set()
    for entity, several in by_entity.items():
        best = max(one.feeds[0].confidence for one in several)
        dropped |= {one.table.name for one in several if one.feeds[0].confidence < best - _WEAK}
        votes = {one.table.name: _votes(one.table.name, entity, proposals, names) for one in several}
        if max(votes.values()) >= _ENOUGH_VOTES and all(one.table.file is None for one in several):
            dropped |= {table for table, count in votes.items() if not count}
    return [replace(one, feeds=(), key=()) if one.table.name in dropped else one for one in proposals]


def _votes(table: str, entity: str, proposals: list[TableProposal], names: NameIndex) -> int:
    """How many proposed tables have a column that is called like this entity and refers to this table."""
    count = 0
    for one in proposals:
        for reference in one.table.references if one.feeds else ():
            told = reference.table == table and one.table.column(reference.column).distinct > 1
            count += told and any(
                match.score > _CALLED
                for target, match in names.match(reference.column).items()
                if names.refers.get(target) == entity
            )
    return count


def _likeliest(one: TableProposal) -> tuple[bool, str, float, str]:
    """Tables that are something first, by what they are; of those that are the same, the likeliest."""
    score = one.ranking[0].score if one.ranking else 0.0
    return not one.feeds, one.entity or "", -score, one.table.name


@contextmanager
def _scratch() -> Iterator[Scratch]:
    """A scratch space that belongs to no workspace: a place may be profiled before there is one."""
    with tempfile.TemporaryDirectory(prefix="triloop-profile-") as folder, duckdb.connect() as connection:
        connection.execute(f"set temp_directory = {literal(str(Path(folder) / 'spill'))}")
        yield Scratch(Path(folder), connection)


def _has_rows(scratch: Scratch, loaded: Sample) -> bool:
    return bool(scratch.connection.execute(f"select exists (select 1 from {loaded.table})").fetchall()[0][0])


def _profiled(
    connection: duckdb.DuckDBPyConnection, item: Item, loaded: Sample, vocabulary: Vocabulary
) -> TableProfile:
    columns = profile_columns(connection, loaded.table, loaded.columns, vocabulary)
    (sampled,) = connection.execute(f"select count(*) from {loaded.table}").fetchall()[0]
    keys = find_keys(connection, loaded.table, columns, vocabulary)
    if loaded.key:
        keys = (loaded.key, *(one for one in keys if one != loaded.key))
    declared = tuple(Reference(column, table, key, 1.0, declared=True) for column, table, key in loaded.references)
    nulls = dict.fromkeys(text for column in columns for text in column.nulls)
    layout = _number_signs(loaded.layout, columns)
    if nulls:
        layout = replace(layout, null_values=("", *nulls))
    return TableProfile(
        name=item.name,
        file=item.pattern,
        rows=loaded.rows,
        sampled=int(sampled),
        columns=columns,
        layout=layout,
        sheet=item.sheet,
        keys=keys,
        references=declared,
        notes=loaded.notes,
    )


def _number_signs(layout: Format, columns: tuple[ColumnProfile, ...]) -> Format:
    """The layout with the decimal and thousands sign and the currency signs that the columns need."""
    styles = [one.number for one in columns if one.number is not None and one.native == "VARCHAR"]
    telling = [one for one in styles if one.thousands is not None or one.decimals]
    decimal = "," if telling and all(one.decimal == "," for one in telling) else "."
    thousands = {one.thousands for one in styles} - {None, decimal}
    return replace(
        layout,
        decimal=decimal,
        thousands=thousands.pop() if len(thousands) == 1 else None,
        signs=tuple(dict.fromkeys(sign for one in styles for sign in one.signs)),
    )


def _named(proposals: list[TableProposal]) -> list[TableProposal]:
    """The proposals with names for the objects: Latin letters, each once."""
    taken: set[str] = set()
    found = []
    for one in proposals:
        base = _OBJECT_NAME.sub("_", one.table.name.lower()).strip("_")
        base = re.sub(r"^[0-9_]+", "", base) or one.entity or "table"
        name, number = base[:50], 2
        while name in taken:
            name, number = f"{base[:50]}_{number}", number + 1
        taken.add(name)
        found.append(replace(one, object_name=name))
    return found


def remarks(profile: SourceProfile) -> tuple[Words, ...]:
    """The lines at the top of the proposed file."""
    sampled = sum(one.table.sampled for one in profile.proposed)
    place = profile.place.shown
    return (
        Words(
            f"Proposed by triloop profile from {place} ({sampled:,} rows looked at). Check it before use:",
            f"由 triloop profile 根据 {place} 建议（查看了 {sampled:,} 行）。使用前请核对：",
        ),
        Words(
            "the number after each column is how sure the proposal is (0-1); remarks are what a person must decide.",
            "各列后的数字为置信度（0-1）；以注释写出的内容须由人确定。",
        ),
    )
