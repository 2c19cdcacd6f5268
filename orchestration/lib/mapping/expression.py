"""SQL written by a person in a mapping: one scalar expression over the columns of a row, and nothing else.

What was checked is what runs: the expression is parsed, refused unless it is harmless and repeatable, and rendered
again from the parsed tree with each column replaced by the compiler's own alias.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from orchestration.lib.mapping.sql import name

# Macros that DuckDB itself ships in SQL and that only look at their arguments.
_MACROS = {
    "if", "nullif", "split_part", "fmod", "date_add", "days_in_month", "array_to_string",
    "list_reverse", "list_append", "list_prepend", "list_first", "list_last", "list_min", "list_max", "list_count",
    "list_sum", "list_string_agg",
}  # fmt: skip
_REFUSED_NODES: tuple[tuple[type[exp.Expression], str, str], ...] = (
    (exp.Query, "a subquery", "an expression sees one row only; combine rows in dbt"),
    (exp.Exists, "a subquery", "an expression sees one row only; combine rows in dbt"),
    (exp.Window, "a window function", "an expression sees one row only; use one_per to keep one row of several"),
    (exp.AggFunc, "an aggregate", "an expression sees one row only; aggregate in dbt"),
    (exp.Star, "a star", "name the columns"),
    (exp.Alias, "an alias", "remove 'AS name': the key before the colon is the name"),
    (exp.Placeholder, "a parameter", "write the value itself"),
    (exp.Parameter, "a parameter", "write the value itself"),
    (exp.SessionParameter, "a setting", "write the value itself"),
    (exp.Dot, "a name with a dot", "write the column's name alone; quote it if it holds a dot"),
    (exp.Div, "a division", "DuckDB divides in floating point; multiply by a decimal instead (x * 0.01), or use dbt"),
)
_INEXACT = {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}
_FLOAT_SQL = {"DOUBLE", "FLOAT"}


class ExpressionError(ValueError):
    """The expression cannot be used; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        self.hint = hint
        super().__init__(message)


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, the columns of the file it reads, and the SQL type it gives."""

    text: str
    columns: tuple[str, ...]
    sql_type: str

    def render(self, alias: Callable[[str], str]) -> str:
        """The SQL, with each column replaced by the identifier ``alias(column)``."""
        return _render(_parse(self.text), alias)


def parse_expression(text: str, *, boolean: bool = False) -> Expression:
    """Check ``text`` and find out its columns and type.

    Args:
        boolean: it must be a condition.

    Raises:
        ExpressionError: it is not one scalar, exact, repeatable expression.
    """
    tree = _parse(text)
    for node_type, what, hint in _REFUSED_NODES:
        if next(iter(tree.find_all(node_type)), None) is not None:
            raise ExpressionError(f"{what} is not allowed in '{text}'", hint)
    for node in tree.walk():
        _check_node(node, text)
    columns = tuple(sorted({node.name for node in tree.find_all(exp.Column)}))
    sql = _render(tree, str)
    _check_functions(sql, text)
    sql_type = _bind(sql, columns, text)
    if boolean and sql_type != "BOOLEAN":
        raise ExpressionError(f"'{text}' gives {sql_type}, not true or false", "compare something, as in 状态 = '测试'")
    if sql_type in _FLOAT_SQL:
        raise ExpressionError(
            f"'{text}' gives the floating point type {sql_type}, which cannot hold money exactly",
            "use CAST(… AS DECIMAL(18,4)) and decimal constants",
        )
    return Expression(text, columns, sql_type)


@lru_cache(maxsize=2048)
def _parse(text: str) -> exp.Expression:
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError as error:
        raise ExpressionError(
            f"'{text}' is not valid SQL: {_plain(str(error))}",
            "write one DuckDB expression; quote column names that hold spaces or signs with double quotes",
        ) from error
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(f"'{text}' is not one expression", "write one expression, without semicolons")
    tree = trees[0]
    if not isinstance(tree, exp.Condition | exp.Subquery | exp.Query | exp.Alias | exp.Star | exp.Dot | exp.Func):
        raise ExpressionError(f"'{text}' is a statement, not an expression", "write an expression such as 单号 || '-1'")
    return tree


def _plain(message: str) -> str:
    """The first line of sqlglot's message, without its terminal colours."""
    line = message.splitlines()[0] if message else "cannot be read"
    return line.replace("\x1b[4m", "").replace("\x1b[0m", "").strip()


def _check_node(node: exp.Expression, text: str) -> None:
    if type(node).__name__.startswith(("Current", "Local", "Session", "Utc", "Rand", "Uuid", "Unnest", "Explode")):
        raise ExpressionError(
            f"'{node.sql(dialect='duckdb')}' is not allowed in '{text}'",
            "the same file must always give the same rows: use a column or a constant",
        )
    if isinstance(node, exp.Column) and node.table:
        raise ExpressionError(f"'{node.sql(dialect='duckdb')}' is not allowed in '{text}'", "name the column alone")
    if isinstance(node, exp.DataType) and node.this in _INEXACT:
        raise ExpressionError(
            f"the floating point type {node.sql(dialect='duckdb')} is not allowed in '{text}'",
            "use DECIMAL(18,4) or another exact type",
        )


def _render(tree: exp.Expression, alias: Callable[[str], str]) -> str:
    def replace(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column):
            return exp.column(exp.to_identifier(alias(node.name), quoted=True))
        return node

    return str(tree.transform(replace).sql(dialect="duckdb", comments=False))


@lru_cache(maxsize=1)
def _engine() -> tuple[duckdb.DuckDBPyConnection, frozenset[str]]:
    """A database that cannot touch files, and the names of functions that an expression may not call."""
    connection = duckdb.connect(config={"enable_external_access": "false"})
    rows = connection.execute(
        "SELECT lower(function_name), bool_or(function_type = 'scalar' AND stability = 'CONSISTENT') "
        "FROM duckdb_functions() GROUP BY 1"
    ).fetchall()
    # released before the interpreter is taken down: the binding complains at length about what is still alive then
    atexit.register(_engine.cache_clear)
    return connection, frozenset(function for function, usable in rows if not usable) - _MACROS


def _cursor() -> duckdb.DuckDBPyConnection:
    """A cursor of its own for each caller: one connection must not be used by two threads at once."""
    return _engine()[0].cursor()


def _check_functions(sql: str, text: str) -> None:
    refused = _engine()[1]
    tokens = sqlglot.tokenize(sql, read="duckdb")
    for token, following in pairwise(tokens):
        if following.token_type == sqlglot.TokenType.L_PAREN and token.text.lower() in refused:
            raise ExpressionError(
                f"the function {token.text.lower()}() is not allowed in '{text}'",
                "only functions that look at the row alone and always give the same answer may be used",
            )


def _bind(sql: str, columns: tuple[str, ...], text: str) -> str:
    """The type that DuckDB gives the expression when all columns are text."""
    fields = ", ".join(f"NULL::VARCHAR AS {name(column)}" for column in columns) or "1 AS one"
    try:
        rows = _cursor().execute(f"DESCRIBE SELECT ({sql}) AS v FROM (SELECT {fields})").fetchall()
    except duckdb.Error as error:
        raise ExpressionError(
            f"'{text}' cannot be used: {str(error).splitlines()[0]}",
            "every column is text here: compare with '1' or CAST first",
        ) from error
    return str(rows[0][1])


# How programs write a moment as a number; these stand among the date formats under these names.
SERIALS = ("excel_1900", "excel_1904", "epoch_s", "epoch_ms")


def check_formats(formats: tuple[str, ...]) -> str | None:
    """What is wrong with a list of date formats, if anything: unknown signs, or two that read one text differently."""
    connection = _cursor()
    shown: dict[str, str] = {}
    for one in formats:
        if one in SERIALS:
            continue
        if "%" not in one:
            known = ", ".join(SERIALS)
            return f"'{one}' is not a date format; write one such as %Y-%m-%d %H:%M, or one of {known}"
        if one.endswith("Z") and not one.endswith("%Z"):
            return f"'{one}' would take UTC times for local ones; end it in %z, which reads Z and +08:00"
        try:
            shown[one] = str(
                connection.execute("SELECT strftime(TIMESTAMP '2003-04-05 06:07:08', ?)", [one]).fetchall()[0][0]
            )
            connection.execute(f"SELECT try_strptime('', '{one.replace(chr(39), chr(39) * 2)}')").fetchall()
        except duckdb.Error as error:
            return f"'{one}' is not a date format: {str(error).splitlines()[0]}"
        except UnicodeDecodeError:  # the engine takes the first byte behind the % for a sign, and cuts the character
            return f"'{one}' is not a date format: a % stands before a character that is no sign of it"
    for one, sample in shown.items():
        for other in shown:
            query = "SELECT strftime(try_strptime(?, ?), ?), strftime(try_strptime(?, ?), ?)"
            both = connection.execute(query, [sample, one, _ISO, sample, other, _ISO]).fetchall()[0]
            if both[1] is not None and both[0] != both[1]:
                return f"'{one}' and '{other}' can both read '{sample}', as different dates; keep one of them"
    return None


_ISO = "%Y-%m-%d %H:%M:%S"


def evaluate(sql: str) -> tuple[Any, ...]:
    """The one row that ``sql`` gives, in a database without access to anything."""
    return tuple(_cursor().execute(sql).fetchall()[0])


def knows_timezone(zone: str) -> bool:
    """Whether the database engine knows the time zone."""
    found = _cursor().execute("SELECT count(*) FROM pg_timezone_names() WHERE name = ?", [zone]).fetchall()
    return bool(found[0][0])
