"""A mapping against the contract: every name exists, what is required is mapped, personal values stay untouched."""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.lib.contract import Column, Contract, Entity, PersonalKind
from orchestration.lib.errors import nearest
from orchestration.lib.mapping.constants import constant_problem, pattern_problem
from orchestration.lib.mapping.expression import Expression, ExpressionError, check_formats, parse_expression
from orchestration.lib.mapping.model import UTM_COLUMNS, ColumnRule, DropRule, Feed, Format
from orchestration.lib.mapping.spec import ColumnSpec, DropSpec, FeedSpec, FormatSpec, MappingSpec, ObjectSpec
from orchestration.lib.yaml_source import KeyPath, Problem, YamlDocument

_TIMED = {"date", "timestamp"}
_NUMERIC = {"integer", "quantity", "money", "price", "rate"}
_WRITTEN = {"key", "ref", "text", "currency"}
_INVERTIBLE = _NUMERIC - {"integer"}
_MONEY = {"money", "price"}
_UNITS = {
    "百万元": 1_000_000,
    "千万元": 10_000_000,
    "十万元": 100_000,
    "万元": 10_000,
    "千元": 1_000,
    "亿元": 100_000_000,
}
_TOKEN_HOLDERS = {"key", "ref", "text"}


class PathedProblems:
    """Collects what is wrong in one file, so that the user sees it all at once."""

    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def add(self, path: KeyPath, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(path, message, hint))

    def line(self, path: KeyPath) -> int:
        return self.document.line_of(path)

    def raise_if_any(self) -> None:
        if self.problems:
            raise self.document.error(self.problems)


class Checker:
    """Turns the feeds of one file into checked ones; what is wrong goes to ``problems``."""

    def __init__(self, contract: Contract, problems: PathedProblems, mapping: MappingSpec) -> None:
        self.contract = contract
        self.problems = problems
        self.mapping = mapping

    def check_formats(self, form: Format, own: FormatSpec, path: KeyPath) -> None:
        """Date formats of an object: each readable, no two that read one text differently."""
        complaint = check_formats(form.date + form.timestamp + form.own_dates + form.own_timestamps)
        if complaint is not None:
            has_own = own.date is not None or own.timestamp is not None
            self.problems.add((*path, "format") if has_own else ("defaults",), complaint)
        if form.thousands is not None and form.thousands == form.decimal:
            self.problems.add((*path, "format"), "decimal and thousands are the same sign", "they must differ")

    def feeds(self, entity_name: str, specs: list[FeedSpec], path: KeyPath) -> tuple[Feed, ...]:
        """The feeds of one entity."""
        entity = self.contract.entities.get(entity_name)
        if entity is None:
            self.problems.add(path, f"there is no entity '{entity_name}'", nearest(entity_name, self.contract.entities))
            return ()
        written = self.problems.document.data
        for step in path:
            written = written[step]  # type: ignore[index]
        feeds = []
        for index, spec in enumerate(specs):
            here: KeyPath = (*path, index) if isinstance(written, list) else path
            name = entity_name if index == 0 else f"{entity_name}#{index + 1}"
            feeds.append(self._feed(entity, name, spec, here))
        return tuple(feeds)

    def _feed(self, entity: Entity, name: str, spec: FeedSpec, path: KeyPath) -> Feed:
        columns: dict[str, ColumnRule] = {}
        for column_name, column_spec in spec.columns.items():
            here = (*path, "columns", column_name)
            column = entity.columns.get(column_name)
            if column is None:
                self.problems.add(
                    here,
                    f"the entity '{entity.name}' has no column '{column_name}'",
                    nearest(column_name, entity.columns),
                )
                continue
            rule = self._rule(column, column_spec, here)
            if rule is not None:
                columns[column_name] = rule
        for column in entity.columns.values():
            if column.required and column.name not in spec.columns:
                self.problems.add(
                    (*path, "columns"),
                    f"the feed of '{entity.name}' does not map '{column.name}', which is required ({column.label})",
                    f"add {column.name}: <column of the file>, or {column.name}: {{value: <constant>}}",
                )
        if any(rule.utm for rule in columns.values()):
            self._check_utm(columns, path)
        drops = [self._drop(one, (*path, "drop", index)) for index, one in enumerate(spec.drop)]
        return Feed(
            entity=entity.name,
            name=name,
            line=self.problems.line(path),
            columns={name: columns[name] for name in entity.columns if name in columns},
            one_per=tuple(spec.one_per),
            drops=tuple(drop for drop in drops if drop is not None),
        )

    def _rule(self, column: Column, spec: ColumnSpec, path: KeyPath) -> ColumnRule | None:
        expression = self._expression(spec.expr, (*path, "expr")) if spec.expr is not None else None
        if spec.expr is not None and expression is None:
            return None
        rule = ColumnRule(
            name=column.name,
            line=self.problems.line(path),
            column=spec.from_,
            expression=expression,
            constant=spec.value,
            utm=spec.utm,
            formats=tuple(spec.formats or ()),
            values=spec.values,
            has_otherwise="otherwise" in spec.model_fields_set,
            otherwise=spec.otherwise,
            round_half_up=spec.round == "half_up",
            multiply=spec.multiply,
            invert=spec.invert,
            optional=spec.optional,
            null_values=tuple(spec.null_values or ()),
            pattern=spec.pattern if spec.digits is None else f"[0-9]{{{spec.digits}}}",
            zero_pad=spec.zero_pad,
            source=spec.source,
        )
        self._check_fit(column, rule, path)
        self._check_constants(column, rule, path)
        return rule

    def _check_fit(self, column: Column, rule: ColumnRule, path: KeyPath) -> None:
        """Options that make no sense for the column's type."""
        kind = column.type
        if rule.formats and kind not in _TIMED:
            self.problems.add(
                (*path, "formats"), f"'formats' is for dates, and {column.name} is of type {kind}", "remove it"
            )
        elif rule.formats and (complaint := check_formats(rule.formats)):
            self.problems.add((*path, "formats"), f"{column.name}: {complaint}")
        if (rule.round_half_up or rule.multiply is not None) and kind not in _NUMERIC:
            self.problems.add(
                path, f"'round' and 'multiply' are for numbers, and {column.name} is of type {kind}", "remove it"
            )
        self._check_unit(column, rule, path)
        if rule.invert and kind not in _INVERTIBLE:
            self.problems.add(
                (*path, "invert"), f"'invert' is for rates, and {column.name} is of type {kind}", "remove it"
            )
        if rule.pattern is not None and kind not in _WRITTEN:
            self.problems.add(
                path, f"'pattern' and 'digits' are for ids and texts, and {column.name} is of type {kind}", "remove it"
            )
        elif rule.pattern is not None and (complaint := pattern_problem(rule.pattern)):
            self.problems.add((*path, "pattern"), f"{column.name}: {complaint}", "DuckDB takes RE2 expressions")
        if rule.zero_pad is not None and kind not in {"key", "ref"}:
            self.problems.add(
                (*path, "zero_pad"),
                f"'zero_pad' is for keys and refs, and {column.name} is of type {kind}",
                "remove it",
            )
        if rule.source is not None and kind not in {"key", "ref"}:
            self.problems.add(
                (*path, "source"), f"'source' is for keys and refs, and {column.name} is of type {kind}", "remove it"
            )
        if rule.utm is not None and rule.utm != column.name:
            self.problems.add((*path, "utm"), f"{column.name}: utm gives {rule.utm}", f"map it to {rule.utm}")

    def _check_unit(self, column: Column, rule: ColumnRule, path: KeyPath) -> None:
        """A heading that counts money in 万元 or the like speaks for every cell; only the mapping can act on it."""
        if column.type not in _MONEY or rule.column is None or rule.multiply is not None:
            return
        unit = next((unit for unit in _UNITS if unit in rule.column), None)
        if unit is not None:
            self.problems.add(
                path,
                f"the heading '{rule.column}' counts in {unit}, and {column.name} in whole units",
                f"add multiply: {_UNITS[unit]} (or multiply: 1, if the cells are in whole units after all)",
            )

    def _check_constants(self, column: Column, rule: ColumnRule, path: KeyPath) -> None:
        """Constants and the results of value maps are checked now rather than on each row."""
        given: list[tuple[KeyPath, str | None]] = []
        if rule.constant is not None:
            given.append(((*path, "value"), rule.constant))
        for text, result in (rule.values or {}).items():
            given.append(((*path, "values", text), result))
        if rule.has_otherwise:
            given.append(((*path, "otherwise"), rule.otherwise))
        for where, value in given:
            if value is None:
                continue
            if column.allowed and value not in column.allowed:
                self.problems.add(
                    where,
                    f"'{value}' is not allowed for {column.name} ({column.label})",
                    nearest(value, column.allowed) + f" (allowed: {', '.join(column.allowed)})",
                )
            elif complaint := constant_problem(column, rule, value):
                self.problems.add(where, f"{column.name}: {complaint}")

    def _check_utm(self, columns: dict[str, ColumnRule], path: KeyPath) -> None:
        if not self.mapping.utm_rules:
            self.problems.add((*path, "columns"), "'utm' is used, but the file has no utm_rules", "add utm_rules")
        needed = {name for rule in self.mapping.utm_rules for name in UTM_COLUMNS if name in rule.model_fields_set}
        missing = sorted(needed - columns.keys())
        if missing:
            self.problems.add(
                (*path, "columns"),
                f"the utm_rules look at {', '.join(missing)}, which this feed does not map",
                f"add {missing[0]}: <column of the file>",
            )

    def _drop(self, spec: DropSpec, path: KeyPath) -> DropRule | None:
        line = self.problems.line(path)
        if spec.when is None:
            return DropRule(spec.reason, line, empty_column=spec.empty)
        condition = self._expression(spec.when, (*path, "when"), boolean=True)
        return DropRule(spec.reason, line, condition=condition) if condition is not None else None

    def _expression(self, text: str, path: KeyPath, *, boolean: bool = False) -> Expression | None:
        try:
            return parse_expression(text, boolean=boolean)
        except ExpressionError as error:
            self.problems.add(path, str(error), error.hint)
            return None

    def privacy(self, spec: ObjectSpec, feeds: dict[str, tuple[Feed, ...]], path: KeyPath) -> dict[str, PersonalKind]:
        """Raw columns that are personal, with their kind; refuses any use that would need their clear text."""
        plan: dict[str, PersonalKind] = dict(spec.personal)
        for feed, rule, where in _rules(feeds, path):
            kind = self.contract.entities[feed.entity].columns[rule.name].personal
            if kind is None:
                continue
            if rule.expression is not None:
                self.problems.add(
                    where,
                    f"{rule.name} is personal ({kind}), so an expression may not make it",
                    f"write {rule.name}: <column>; landing turns the column into tokens",
                )
            if rule.column is None:
                continue
            if plan.setdefault(rule.column, kind) != kind:
                self.problems.add(
                    where,
                    f"the column '{rule.column}' is personal as {plan[rule.column]} and as {kind}",
                    "a column has one kind: name, phone, email or text",
                )
        for column in spec.keep:
            if column in plan:
                self.problems.add((*path, "keep"), f"'{column}' is personal and may not land in clear", "remove it")
        for feed, rule, where in _rules(feeds, path):
            self._check_personal_use(self.contract.entities[feed.entity].columns[rule.name], rule, plan, where)
        for feed in (one for several in feeds.values() for one in several):
            for drop in feed.drops:
                used = plan.keys() & set(drop.condition.columns if drop.condition else ())
                if used:
                    self.problems.add(
                        (*path, "feeds", feed.entity, "drop"),
                        f"'{min(used)}' is personal, so a condition may not look at it",
                        f"to drop rows without it, write {{empty: {min(used)}, reason: word}}",
                    )
        return plan

    def _check_personal_use(
        self, column: Column, rule: ColumnRule, plan: dict[str, PersonalKind], where: KeyPath
    ) -> None:
        personal = sorted(plan.keys() & rule.raw_columns())
        if not personal:
            return
        if rule.expression is not None and column.personal is None:
            self.problems.add(
                where,
                f"'{personal[0]}' is personal, so an expression may not use it",
                "map it with 'from' alone: what lands is a token, not the value",
            )
        elif rule.values is not None:
            self.problems.add(where, f"'{personal[0]}' is personal, so it has no value map", "remove 'values'")
        elif column.type not in _TOKEN_HOLDERS:
            self.problems.add(
                where,
                f"'{personal[0]}' is personal and lands as a token, which {column.name} ({column.type}) cannot hold",
                "map it to a text, key or ref column",
            )


def _rules(feeds: dict[str, tuple[Feed, ...]], path: KeyPath) -> Iterable[tuple[Feed, ColumnRule, KeyPath]]:
    for entity, several in feeds.items():
        for index, feed in enumerate(several):
            base: KeyPath = (*path, "feeds", entity) if len(several) == 1 else (*path, "feeds", entity, index)
            for rule in feed.columns.values():
                yield feed, rule, (*base, "columns", rule.name)
