"""Which columns of upstream relations a SQL statement uses, and for what: a column of its own, or deciding on rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

#: relation (``schema.table``) and column
Field = tuple[str, str]
_DECIDING = ("where", "having", "qualify", "group", "order", "distinct")


@dataclass
class Use:
    """What one statement does with the columns it reads.

    Attributes:
        columns: output column → the fields it is made of.
        deciding: fields that decide which rows there are: joins, filters, groups, orders.
    """

    columns: dict[str, set[Field]] = field(default_factory=dict)
    deciding: set[Field] = field(default_factory=set)

    @property
    def relations(self) -> set[str]:
        return {relation for fields in (*self.columns.values(), self.deciding) for relation, _ in fields}


def column_use(compiled_sql: str, upstream: Mapping[str, list[str]]) -> Use:
    """What ``compiled_sql``, one SELECT, does with the columns of ``upstream`` (``schema.table`` → columns)."""
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for relation, columns in upstream.items():
        database, _, table = relation.partition(".")
        schema.setdefault(database, {})[table] = dict.fromkeys(columns, "varchar")
    tree = parse_one(compiled_sql, dialect="duckdb")
    for table_node in tree.find_all(exp.Table):
        table_node.set("catalog", None)
    scopes = traverse_scope(qualify(tree, schema=schema, dialect="duckdb", validate_qualify_columns=False))
    root = scopes[-1]
    use = Use()
    for name in root.expression.named_selects:
        use.columns[name] = set(_of_output(root, name))
    for scope in scopes:
        if not isinstance(scope.expression, exp.Select):
            continue
        for node in _deciding_nodes(scope):
            for column in node.find_all(exp.Column):
                use.deciding |= _of_column(scope, column)
    return use


def _deciding_nodes(scope: Scope) -> list[exp.Expr]:
    select = scope.expression
    nodes = [select.args[name] for name in _DECIDING if select.args.get(name)]
    nodes += list(select.args.get("joins") or [])
    # what a subquery inside an expression selects is compared with something; it decides too
    return [*nodes, *select.expressions] if scope.is_subquery else nodes


def _of_column(scope: Scope, column: exp.Column) -> frozenset[Field]:
    source = scope.sources.get(column.table)
    if isinstance(source, exp.Table):
        return frozenset({(f"{source.db}.{source.name}", column.name)})
    if isinstance(source, Scope):
        return _of_output(source, column.name)
    return frozenset()  # a column of a table function, or of a query further out


@cache
def _of_output(scope: Scope, name: str) -> frozenset[Field]:
    """The fields that an output column of a query is made of, a union's of all its branches."""
    if scope.set_operation_scopes:
        position = scope.expression.named_selects.index(name)
        return frozenset().union(
            *(_of_output(branch, branch.expression.named_selects[position]) for branch in scope.set_operation_scopes)
        )
    if not isinstance(scope.expression, exp.Select):
        return frozenset()
    made_of: set[Field] = set()
    for projection in scope.expression.expressions:
        if projection.alias_or_name == name:
            for column in projection.find_all(exp.Column):
                made_of |= _of_column(scope, column)
    return frozenset(made_of)
