"""Checks constants of a mapping by running them through the very SQL that rows go through."""

from __future__ import annotations

import duckdb

from orchestration.lib.contract import Column
from orchestration.lib.mapping.casts import Clock, cast_column
from orchestration.lib.mapping.expression import evaluate
from orchestration.lib.mapping.model import ColumnRule, Format
from orchestration.lib.mapping.sql import literal

# Constants are written in the mapping, not in the source: plain numbers and ISO dates, whatever the files use.
CANONICAL_FORMAT = Format()


def constant_problem(column: Column, rule: ColumnRule, value: str) -> str | None:
    """Why ``value`` cannot stand in ``column``, or None when it can."""
    if not value.strip():
        return "a constant may not be empty; leave the column out"
    plain = ColumnRule(
        column.name, rule.line, round_half_up=rule.round_half_up, multiply=rule.multiply, invert=rule.invert
    )
    cast = cast_column(column, plain, "VARCHAR", CANONICAL_FORMAT, Clock("UTC", "UTC"), x="x", p="p", v="v")
    sql = (
        f"SELECT v IS NULL, {cast.lossy or 'false'} FROM (SELECT *, {cast.value} AS v FROM "
        f"(SELECT *, {cast.prepared} AS p FROM (SELECT {literal(value)} AS x)))"
    )
    failed, lossy = evaluate(sql)
    if failed:
        return f"'{value}' is not of type {column.type}"
    if lossy:
        return f"'{value}' has more decimals than {column.type} holds"
    return None


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a regular expression, or None."""
    try:
        evaluate(f"SELECT regexp_full_match('', {literal(pattern)}), true")
    except duckdb.Error as error:
        return f"'{pattern}' is no regular expression: {str(error).splitlines()[0]}"
    return None
