"""The vocabulary file, read once: the words that sources use for what the contract names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from orchestration.lib.contract import Contract, PersonalKind, load_contract
from orchestration.lib.currencies import CURRENCY_ALIASES, ISO_CURRENCIES
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.profile.words import normal, tokens
from orchestration.lib.yaml_source import YamlDocument, load_yaml

FILE = Path(__file__).with_name("vocabulary.yml")
_PARTS = (
    "entities",
    "weak",
    "contra",
    "lines",
    "not_ours",
    "ids",
    "abbreviations",
    "columns",
    "values",
    "currencies",
    "assume",
    "personal",
    "perhaps_persons",
    "system_tables",
)


@dataclass(frozen=True)
class Vocabulary:
    """What ``vocabulary.yml`` says; see the remarks there.

    Attributes:
        currencies: word → ISO code.
        values: ``entity.column`` or ``boolean`` → normal form of a word → canonical value.
        personal: normal form of a column name → kind.
    """

    entities: Mapping[str, tuple[str, ...]]
    weak: frozenset[str]
    contra: Mapping[str, frozenset[str]]
    lines: frozenset[str]
    not_ours: frozenset[str]
    ids: tuple[str, ...]
    abbreviations: dict[str, str]
    columns: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Mapping[str, str]]
    currencies: Mapping[str, str]
    assume: Mapping[str, str]
    personal: Mapping[str, PersonalKind]
    perhaps_persons: frozenset[str]
    system_tables: tuple[str, ...]
    _normal: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def normal(self, name: str) -> str:
        """A name as names are compared."""
        found = self._normal.get(name)
        if found is None:
            found = self._normal[name] = normal(tokens(name, self.abbreviations))
        return found

    def currency(self, text: str) -> str | None:
        """The ISO code of a currency, however it is written; None when it is none."""
        code = text.strip().upper()
        if code in ISO_CURRENCIES:
            return code
        return CURRENCY_ALIASES.get(code) or self.currencies.get(text.strip().lower())

    def says_otherwise(self, entity: str, column: str) -> bool:
        """Whether a column is one that such an entity does not have."""
        words = self.contra.get(entity)
        return words is not None and not words.isdisjoint(self.normal(column).split(" "))

    def column_words(self, entity: str, column: str) -> tuple[str, ...]:
        """The words for a column of an entity: those of its own, then those of all columns of that name."""
        return self.columns.get(f"{entity}.{column}", ()) + self.columns.get(column, ())


@lru_cache(maxsize=1)
def load_vocabulary() -> Vocabulary:
    """The vocabulary that ships with the program."""
    return read_vocabulary(FILE, load_contract())


def read_vocabulary(file: Path, contract: Contract) -> Vocabulary:
    """A vocabulary, checked against the contract: a renamed column must not leave its words behind unused.

    Raises:
        ConfigurationError: a part, entity, column or value is not one of the contract's.
    """
    document = load_yaml(file)
    data = document.data
    for part in _PARTS:
        if part not in data:
            raise ConfigurationError(f"{file.name} lacks the part '{part}'", file=file)
    _check(document, contract)
    abbreviations = {str(key): str(value) for key, value in data["abbreviations"].items()}

    def reduced(word: Any) -> str:
        return normal(tokens(str(word), abbreviations)) or str(word).strip()

    return Vocabulary(
        entities={name: tuple(map(str, words)) for name, words in data["entities"].items()},
        weak=frozenset(reduced(word) for word in data["weak"]),
        contra={name: frozenset(reduced(word) for word in words) for name, words in data["contra"].items()},
        lines=frozenset(reduced(word) for word in data["lines"]),
        not_ours=frozenset(reduced(word) for word in data["not_ours"]),
        ids=tuple(map(str, data["ids"])),
        abbreviations=abbreviations,
        columns={name: tuple(map(str, words)) for name, words in data["columns"].items()},
        values={
            name: {reduced(word): str(value) for value, words in groups.items() for word in words}
            for name, groups in data["values"].items()
        },
        currencies={str(word).lower(): code for code, words in data["currencies"].items() for word in words},
        assume={name: str(value) for name, value in data["assume"].items()},
        personal={reduced(word): kind for kind, words in data["personal"].items() for word in words},
        perhaps_persons=frozenset(reduced(word) for word in data["perhaps_persons"]),
        system_tables=tuple(map(str, data["system_tables"])),
    )


def _check(document: YamlDocument, contract: Contract) -> None:
    data = document.data

    def refuse(part: str, name: str, known: Any) -> ConfigurationError:
        return ConfigurationError(
            f"{part}.{name} is not in the contract",
            file=document.file,
            line=document.line_of((part, name)),
            hint=nearest(name, known),
        )

    columns = {
        f"{entity.name}.{name}": column
        for entity in contract.entities.values()
        for name, column in entity.columns.items()
    }
    anywhere = {name.partition(".")[2] for name in columns}
    for part in ("entities", "contra"):
        for name in data[part]:
            if name not in contract.entities:
                raise refuse(part, name, contract.entities)
    for name in data["columns"]:
        if name not in columns and name not in anywhere:
            raise refuse("columns", name, [*columns, *anywhere])
    for name, groups in data["values"].items():
        if name == "boolean":
            continue
        if name not in columns:
            raise refuse("values", name, columns)
        allowed = columns[name].allowed or ("true", "false")
        for value in groups:
            if value not in allowed:
                raise refuse("values", f"{name}.{value}", allowed)
    for name, value in data["assume"].items():
        if name not in columns or (columns[name].allowed and str(value) not in columns[name].allowed):
            raise refuse("assume", name, columns)
