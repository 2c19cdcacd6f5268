"""One feed of a mapping → SQL: no row ever passes through Python.

The SQL is a chain of plain projections, each naming what the next one reads, so that every piece stands once: cleaned
raw columns (``c``, as text ``s``) → expressions and drop conditions (``t``, ``d``) → inputs (``x``) → prepared text
(``p``) → values (``v``) → the matching UTM rule (``u``) → contract columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.lib.contract import Column, Entity
from orchestration.lib.landing.model import DELETED, FAULT, RAW, TOTAL_ROW
from orchestration.lib.mapping.casts import Clock, cast_column
from orchestration.lib.mapping.constants import CANONICAL_FORMAT
from orchestration.lib.mapping.inputs import text_input
from orchestration.lib.mapping.model import ColumnRule, Feed, Format, SourceMapping, SourceObject
from orchestration.lib.mapping.reasons import Reasons, RowRule, failed_filter
from orchestration.lib.mapping.sql import cleaned, literal, literals, name, optional_literal
from orchestration.lib.mapping.structure import structure_finding
from orchestration.lib.mapping.utm import looks_at, rule_number, rule_result

BATCH = "__batch"
ROW = "_row"
DROP = "__drop"
BAD = "__bad"
UNMATCHED = "__utm_unmatched"
GONE = -1  # in the place of a drop rule: the record was deleted at the source


@dataclass
class CompiledFeed:
    """SQL of one feed, for files whose raw columns have given types.

    A relation handed to :meth:`rows` or :meth:`findings` has the raw columns, ``_row`` and ``__batch``.

    Attributes:
        values: contract column → the alias that holds it.
        one_per, key: text aliases of the raw columns of ``one_per`` and of the object's ``key``.
        rules: everything that may be wrong with a row, in the order of the contract's columns.
        has_utm: whether a row can be without a matching UTM rule.
    """

    entity: Entity
    feed: Feed
    values: dict[str, str] = field(default_factory=dict)
    one_per: list[str] = field(default_factory=list)
    key: list[str] = field(default_factory=list)
    rules: list[RowRule] = field(default_factory=list)
    layers: list[dict[str, str]] = field(default_factory=lambda: [{} for _ in range(7)])
    drop: str = "CAST(NULL AS INTEGER)"
    unmatched: str = "false"
    has_utm: bool = False
    deletes: bool = False
    """Whether some rows only say that their record is gone from the source."""
    broken: bool = False
    """Whether some rows are broken in structure: then they have no values, and that is all that is wrong with them."""

    def _staged(self, relation: str, carry: str) -> str:
        sql = relation
        for number, layer in enumerate(self.layers):
            kept = carry if number == 0 else "*"
            added = "".join(f", {expression} AS {alias}" for alias, expression in layer.items())
            sql = f"(SELECT {kept}{added} FROM {sql} AS l{number})"
        return sql

    def rows(self, relation: str) -> str:
        """Every row with its typed values, the number of the drop rule that takes it, and whether it is bad."""
        bad = " OR ".join(f"({rule.condition})" for rule in self.rules) or "false"
        drop = self.drop
        if self.deletes:
            bad = f"NOT {DELETED} AND ({bad})"
            drop = f"CASE WHEN {DELETED} THEN {GONE} ELSE {drop} END"
        if self.broken:
            bad = f"{FAULT} IS NOT NULL OR {bad}"
            drop = f"CASE WHEN {FAULT} IS NULL THEN {drop} END"
        columns = [
            f"{BATCH}",
            f"{ROW}",
            f"CAST({drop} AS INTEGER) AS {DROP}",
            f"({bad}) AS {BAD}",
            f"({self.unmatched}) AS {UNMATCHED}",
            *(f"{alias} AS {name(column)}" for column, alias in self.values.items()),
            *(f"{alias} AS __one_{index}" for index, alias in enumerate(self.one_per)),
            *(f"{alias} AS __key_{index}" for index, alias in enumerate(self.key)),
        ]
        return f"SELECT {', '.join(columns)} FROM {self._staged(relation, self._carried())} AS f"

    def _carried(self) -> str:
        flags = [*([FAULT, RAW] if self.broken else []), *([DELETED] if self.deletes else [])]
        return ", ".join([BATCH, ROW, *flags])

    def findings(self, relation: str, raw_row: str) -> str:
        """What is wrong with each row of ``relation``.

        Args:
            raw_row: SQL over the relation that gives the whole row as text.

        Returns:
            SQL with ``__batch``, ``_row``, ``raw_row``, ``key_value`` and ``findings``, a list of
            ``{rule, col, raw, en, zh}`` that is empty for a good row.
        """
        found = ", ".join(rule.as_struct() for rule in self.rules)
        key = self.values[self.entity.key]
        findings = f"list_filter([{found}], lambda one : one IS NOT NULL)"
        if self.broken:
            findings = f"CASE WHEN {FAULT} IS NULL THEN {findings} ELSE [{structure_finding(FAULT, RAW)}] END"
        return (
            f"SELECT {BATCH}, {ROW}, raw_row, {key} AS key_value, {findings} AS findings "
            f"FROM {self._staged(relation, f'{self._carried()}, {raw_row} AS raw_row')} AS f"
        )

    def share_held_by(self, relation: str, rule_id: str) -> str | None:
        """SQL of how many rows of ``relation`` a rule holds back, and of how many; None if there is no such rule."""
        known = [one for one in self.rules if rule_id in (one.rule_id, *(closer.rule_id for closer in one.closer))]
        if not known:
            return None
        held = f"count(*) FILTER (WHERE {known[0].condition})"
        staged = self._staged(relation, self._carried())
        return f"SELECT {held}, count(*) FROM {staged} AS f WHERE ({self.drop}) IS NULL"


def compile_feed(
    mapping: SourceMapping,
    obj: SourceObject,
    feed: Feed,
    entity: Entity,
    *,
    raw_types: Mapping[str, str],
    company_zone: str,
) -> CompiledFeed:
    """The SQL of ``feed`` for files whose columns are ``raw_types`` (name → DuckDB type).

    Every column that the feed needs must be there, except optional ones.
    """
    return _Compiler(mapping, obj, feed, entity, raw_types=raw_types, company_zone=company_zone).compile()


class _Compiler:
    def __init__(
        self,
        mapping: SourceMapping,
        obj: SourceObject,
        feed: Feed,
        entity: Entity,
        *,
        raw_types: Mapping[str, str],
        company_zone: str,
    ) -> None:
        self.mapping = mapping
        self.obj = obj
        self.feed = feed
        self.entity = entity
        self.raw_types = raw_types
        self.clock = Clock(mapping.timezone, company_zone)
        self.out = CompiledFeed(entity, feed)
        self.raw, self.computed, self.inputs, self.prepared, self.casted, self.matched, self.final = self.out.layers
        self.numbers: dict[str, int] = {}

    def compile(self) -> CompiledFeed:
        for drop_number, drop in enumerate(self.feed.drops):
            self._drop(drop_number)
            if drop.condition is not None:
                self.out.rules.append(failed_filter(drop, f"(d{drop_number} IS NULL)"))
        self._drop_order()
        for number, column in enumerate(self.entity.columns.values()):
            rule = self.feed.columns.get(column.name)
            if rule is not None:
                self.out.values[column.name] = f"v{number}"
                self._column(number, column, rule)
        if self.out.has_utm:
            sources = self._utm_aliases()
            self.matched["u"] = rule_number(self.mapping.utm_rules, sources)
            present = " OR ".join(f"{alias} IS NOT NULL" for alias in sources.values()) or "false"
            self.out.unmatched = f"u IS NULL AND ({present})"
        self.out.one_per = [self._text(column) for column in self.feed.one_per]
        self.out.broken = FAULT in self.raw_types
        self.out.deletes = DELETED in self.raw_types
        if self.obj.load == "upsert":
            self.out.key = [self._key(number, column) for number, column in enumerate(self.obj.key)]
        return self.out

    # raw columns

    def _number(self, column: str) -> int:
        return self.numbers.setdefault(column, len(self.numbers))

    def _type(self, column: str) -> str:
        return self.raw_types.get(column, "VARCHAR")

    def _typed(self, column: str) -> str:
        """The alias of a raw column in its own type; text is cleaned."""
        if self._type(column) == "VARCHAR":
            return self._text(column)
        alias = f"c{self._number(column)}"
        self.raw[alias] = name(column)
        return alias

    def _text(self, column: str) -> str:
        """The alias of a raw column as cleaned text."""
        alias = f"s{self._number(column)}"
        if column not in self.raw_types:
            self.raw[alias] = "CAST(NULL AS VARCHAR)"
        elif self._type(column) == "VARCHAR":
            self.raw[alias] = cleaned(name(column), self.obj.format.null_values)
        else:
            self.raw[alias] = f"CAST({name(column)} AS VARCHAR)"
        return alias

    def _key(self, number: int, column: str) -> str:
        """The alias of a column of the object's key; a total row is no version of anything, so it has no key."""
        text = self._text(column)
        if not self._marks_totals():
            return text
        self.computed[f"k{number}"] = f"CASE WHEN NOT {self._typed(TOTAL_ROW)} THEN {text} END"
        return f"k{number}"

    def _marks_totals(self) -> bool:
        return TOTAL_ROW in self.raw_types and any(drop.totals for drop in self.feed.drops)

    def _shown(self, column: str) -> str:
        """The alias of a raw column exactly as it is in the file."""
        alias = f"r{self._number(column)}"
        self.raw[alias] = f"CAST({name(column)} AS VARCHAR)" if column in self.raw_types else "CAST(NULL AS VARCHAR)"
        return alias

    # drops

    def _drop(self, number: int) -> None:
        drop = self.feed.drops[number]
        if drop.totals:
            # a file that landed before total rows were marked has none, until it is landed again
            marked = self._typed(TOTAL_ROW) if self._marks_totals() else "false"
            self.computed[f"d{number}"] = f"{{'v': {marked}}}"
        elif drop.condition is not None:
            # a struct, so that a condition that fails (NULL) differs from one that is unknown ({v: NULL})
            self.computed[f"d{number}"] = f"TRY({{'v': {drop.condition.render(self._text)}}})"
        elif drop.empty_column is not None:
            self.computed[f"d{number}"] = f"{{'v': {self._text(drop.empty_column)} IS NULL}}"

    def _drop_order(self) -> None:
        cases = "".join(f" WHEN d{number}.v THEN {number}" for number in range(len(self.feed.drops)))
        if cases:
            self.out.drop = f"CASE{cases} END"

    # columns

    def _column(self, number: int, column: Column, rule: ColumnRule) -> None:
        x, p, v, t = f"x{number}", f"p{number}", f"v{number}", f"t{number}"
        if rule.utm is not None:
            self._utm_column(column, rule, v)
            return
        form = self.obj.format
        reasons = Reasons(column, rule, "CAST(NULL AS VARCHAR)")
        flagged: list[RowRule] = []
        if rule.constant is not None:
            self.inputs[x], sql_type, form = literal(rule.constant), "VARCHAR", CANONICAL_FORMAT
        elif rule.expression is not None:
            self.computed[t] = f"TRY({{'v': {rule.expression.render(self._text)}}})"
            sql_type = rule.expression.sql_type
            self.inputs[x] = cleaned(f"{t}.v", ()) if sql_type == "VARCHAR" else f"{t}.v"
            reasons = Reasons(column, rule, f"CAST({t}.v AS VARCHAR)")
            flagged.append(reasons.expression(f"{t} IS NULL"))
        else:
            source = rule.column or ""
            reasons = Reasons(column, rule, self._shown(source))
            if rule.values is not None:
                text, sql_type, form = self._text(source), "VARCHAR", CANONICAL_FORMAT
                self.inputs[x] = _value_map(text, rule)
                if not rule.has_otherwise:
                    flagged.append(reasons.value_map(_in_no_list(text, rule)))
            else:
                self.inputs[x], sql_type = self._typed(source), self._type(source)
                if sql_type == "VARCHAR":
                    self.inputs[x] = text_input(column, rule, self.inputs[x])
        cast = cast_column(column, rule, sql_type, form, self.clock, x=x, p=p, v=v)
        self.prepared[p] = cast.prepared
        self._value(column, rule, cast.value, v)
        flagged += self._unreadable(column, rule, reasons, form, (x, p, v), is_text=sql_type == "VARCHAR")
        if cast.lossy is not None:
            flagged.append(reasons.precision(cast.lossy))
        if column.allowed and rule.values is None and rule.constant is None:
            flagged.append(reasons.allowed(f"{v} IS NOT NULL AND {v} NOT IN ({literals(column.allowed)})"))
        if column.required and rule.constant is None:
            told = " OR ".join(f"({one.condition})" for one in flagged) or "false"
            flagged.append(reasons.required(f"{v} IS NULL AND NOT ({told})"))
        self.out.rules += flagged

    def _unreadable(
        self,
        column: Column,
        rule: ColumnRule,
        reasons: Reasons,
        form: Format,
        places: tuple[str, str, str],
        *,
        is_text: bool,
    ) -> list[RowRule]:
        """What may be wrong with the writing of a value; ``places`` are the aliases of input, text and value."""
        x, p, v = places
        found: list[RowRule] = []
        if column.type not in {"key", "ref", "text", "currency"}:
            found.append(reasons.cast(f"{x} IS NOT NULL AND {v} IS NULL", form, x, p))
        elif column.type != "text" and is_text and rule.constant is None:
            found += reasons.written_wrong(p)
        if column.type in {"date", "timestamp"}:
            found.append(reasons.open_end(f"coalesce({v} >= DATE '9000-01-01' OR {v} < DATE '1901-01-01', false)"))
        if rule.pattern is not None:
            found.append(reasons.pattern(f"{p} IS NOT NULL AND NOT regexp_full_match({p}, {literal(rule.pattern)})"))
        return found

    def _value(self, column: Column, rule: ColumnRule, value: str, v: str) -> None:
        """Put the value into its layer; ids get the source system that they belong to."""
        if column.type == "key" or (column.type == "ref" and column.entity is not None):
            owner = rule.source or self.mapping.owner_of(column.entity or self.entity.name)
            self.casted[v] = f"{literal(owner + ':')} || {value}"
        elif column.type == "ref":
            self._ref_by(column, rule, value, v)
        else:
            self.casted[v] = value

    def _ref_by(self, column: Column, rule: ColumnRule, value: str, v: str) -> None:
        """A ref whose entity stands in another column of the row."""
        by = column.entity_by or ""
        kinds = self.entity.columns[by].allowed
        owners = {kind: rule.source or self.mapping.owner_of(kind) for kind in kinds}
        if len(set(owners.values())) == 1 or by not in self.feed.columns:
            owner = next(iter(owners.values())) if len(set(owners.values())) == 1 else self.mapping.source
            self.casted[v] = f"{literal(owner + ':')} || {value}"
            return
        alias = f"v{list(self.entity.columns).index(by)}"
        cases = "".join(f" WHEN {literal(kind)} THEN {literal(owner + ':')}" for kind, owner in owners.items())
        self.casted[f"q{v}"] = value
        self.final[v] = f"CASE {alias}{cases} ELSE {literal(self.mapping.source + ':')} END || q{v}"

    # UTM

    def _utm_column(self, column: Column, rule: ColumnRule, v: str) -> None:
        self.out.has_utm = True
        owner = rule.source or self.mapping.owner_of(column.entity or "")
        self.final[v] = rule_result(self.mapping.utm_rules, rule.utm or "", owner + ":")
        if column.required:
            self.out.rules.append(Reasons(column, rule, optional_literal(None)).required(f"{v} IS NULL"))

    def _utm_aliases(self) -> dict[str, str]:
        return {
            column: self.out.values[column] for column in looks_at(self.mapping.utm_rules) if column in self.out.values
        }


def _value_map(text: str, rule: ColumnRule) -> str:
    values = {key.strip(): result for key, result in (rule.values or {}).items()}
    empty = f"WHEN {text} IS NULL THEN {optional_literal(values.pop('', None))}"
    cases = [f"WHEN {text} = {literal(key)} THEN {optional_literal(result)}" for key, result in values.items()]
    return f"CAST(CASE {empty} {' '.join(cases)} ELSE {optional_literal(rule.otherwise)} END AS VARCHAR)"


def _in_no_list(text: str, rule: ColumnRule) -> str:
    keys = literals(key.strip() for key in rule.values or {})
    return f"{text} IS NOT NULL AND {text} NOT IN ({keys})" if keys else f"{text} IS NOT NULL"
