"""What the contract says about an entity and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.lib.errors import ConfigurationError, nearest

ColumnType = Literal[
    "key", "ref", "text", "currency", "date", "timestamp", "integer", "boolean", "quantity", "money", "price", "rate"
]
PersonalKind = Literal["name", "phone", "email", "text"]
Loop = Literal["market", "lead_to_order", "party", "order_to_delivery", "payment_to_profit", "reference"]

SQL_TYPES: Mapping[str, str] = {
    "key": "VARCHAR",
    "ref": "VARCHAR",
    "text": "VARCHAR",
    "currency": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "quantity": "DECIMAL(18,4)",
    "money": "DECIMAL(18,2)",
    "price": "DECIMAL(18,6)",
    "rate": "DECIMAL(18,8)",
}
NUMERIC_TYPES = frozenset({"integer", "quantity", "money", "price", "rate"})

LINEAGE: Mapping[str, str] = {
    "source_system": "VARCHAR",
    "source_object": "VARCHAR",
    "source_file": "VARCHAR",
    "source_row": "BIGINT",
    "source_sha256": "VARCHAR",
    "ingest_id": "VARCHAR",
    "ingested_at": "TIMESTAMP",
}
"""Columns that every canonical table ends with: where the row came from, and their SQL types."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Label(_Part):
    """A text for people, in both languages of the product."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def __str__(self) -> str:
        return f"{self.en} / {self.zh}"


class Column(_Part):
    """One column of an entity.

    Attributes:
        entity: for a ``ref``, the entity it points at; None when ``entity_by`` decides.
        entity_by: for a ``ref`` that may point at several entities, the column whose value names the entity.
        allowed: the only values a text may have; empty means any.
        personal: the kind of personal value; what is stored is its token, never the value.
        minimum: the least value a number may have.
        unit: what a number counts, where it is not the product's own unit or a currency.
    """

    name: str
    type: ColumnType
    label: Label
    description: Label | None = None
    entity: str | None = None
    entity_by: str | None = None
    required: bool = False
    allowed: tuple[str, ...] = ()
    personal: PersonalKind | None = None
    minimum: Decimal | None = None
    unit: str | None = None

    @property
    def sql_type(self) -> str:
        """DuckDB type of the canonical column."""
        return SQL_TYPES[self.type]

    @property
    def scale(self) -> int | None:
        """Decimal places that the type holds; None for a type that is not a decimal."""
        if not self.sql_type.startswith("DECIMAL"):
            return None
        return int(self.sql_type.rstrip(")").split(",")[1])

    @model_validator(mode="before")
    @classmethod
    def _key_is_required(cls, data: Any) -> Any:
        return {**data, "required": True} if isinstance(data, dict) and data.get("type") == "key" else data

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if (self.type == "ref") != ((self.entity is None) != (self.entity_by is None)):
            raise ValueError("a ref, and nothing else, names either its entity or entity_by")
        if (self.allowed or self.personal) and self.type != "text":
            raise ValueError("only a text may have allowed values or be personal")
        if self.minimum is not None and self.type not in NUMERIC_TYPES:
            raise ValueError("only a number has a minimum")
        return self


class Entity(_Part):
    """One entity of the canonical model; its table is ``canonical.<name>``."""

    name: str = Field(alias="entity")
    loop: Loop
    label: Label
    description: Label
    key: str
    columns: dict[str, Column]

    @property
    def sql_columns(self) -> dict[str, str]:
        """Every column of the canonical table with its SQL type: the contract's, then the lineage."""
        return {name: column.sql_type for name, column in self.columns.items()} | dict(LINEAGE)

    def column(self, name: str) -> Column:
        """The column called ``name``.

        Raises:
            ConfigurationError: there is none; names the nearest.
        """
        if name not in self.columns:
            raise ConfigurationError(
                f"the entity '{self.name}' has no column '{name}'", hint=nearest(name, self.columns)
            )
        return self.columns[name]

    @model_validator(mode="before")
    @classmethod
    def _name_columns(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("columns"), dict):
            return data
        columns = {
            name: {"name": name, **column} if isinstance(column, dict) else column
            for name, column in data["columns"].items()
        }
        return {**data, "columns": columns}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        keys = [column.name for column in self.columns.values() if column.type == "key"]
        if keys != [self.key]:
            raise ValueError(f"the key '{self.key}' must be the one column of type key; found {keys}")
        for column in self.columns.values():
            if column.name in LINEAGE:
                raise ValueError(f"'{column.name}' is the name of a lineage column")
            if column.entity_by is not None and not self.columns[column.entity_by].allowed:
                raise ValueError(f"{column.name}: '{column.entity_by}' must list the entities it may name")
        return self


class Contract(_Part):
    """All entities, by name, in the order of the loops."""

    entities: dict[str, Entity]

    def entity(self, name: str) -> Entity:
        """The entity called ``name``.

        Raises:
            ConfigurationError: there is none; names the nearest.
        """
        if name not in self.entities:
            raise ConfigurationError(f"there is no entity '{name}'", hint=nearest(name, self.entities))
        return self.entities[name]

    @model_validator(mode="after")
    def _refs_resolve(self) -> Self:
        for entity in self.entities.values():
            for column in entity.columns.values():
                targets = entity.columns[column.entity_by].allowed if column.entity_by else (column.entity,)
                for target in targets:
                    if target is not None and target not in self.entities:
                        raise ValueError(
                            f"{entity.name}.{column.name} points at '{target}', which does not exist; "
                            + nearest(target, self.entities)
                        )
        return self
