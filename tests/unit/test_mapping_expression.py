"""Expressions of a mapping: one exact, repeatable scalar over the row, and nothing that reaches outside it."""

from __future__ import annotations

import pytest

from orchestration.lib.mapping.expression import ExpressionError, parse_expression


@pytest.mark.parametrize(
    ("text", "columns", "sql_type"),
    [
        ("单号 || '-' || 行号", ("单号", "行号"), "VARCHAR"),
        ('"Order No" || upper("a.b")', ("Order No", "a.b"), "VARCHAR"),
        ("CAST(数量 AS DECIMAL(18,2)) * 0.01", ("数量",), "DECIMAL(18,4)"),
        ("CASE WHEN 类型 = '红字' THEN '-' || 金额 ELSE 金额 END", ("类型", "金额"), "VARCHAR"),
        ("coalesce(nullif(a, '0'), b)", ("a", "b"), "VARCHAR"),
        ("regexp_extract(a, '[0-9]+') -- the digits", ("a",), "VARCHAR"),
        ("split_part(a, '/', 2)", ("a",), "VARCHAR"),
        ("'x'", (), "VARCHAR"),
    ],
)
def test_accepted(text: str, columns: tuple[str, ...], sql_type: str) -> None:
    expression = parse_expression(text)
    assert set(expression.columns) == set(columns)
    assert expression.sql_type == sql_type


def test_rendered_with_aliases_and_quoted() -> None:
    expression = parse_expression('单号 || \'-\' || "a""b"')
    assert expression.render({"单号": "s0", 'a"b': "s1"}.__getitem__) == '"s0" || \'-\' || "s1"'


@pytest.mark.parametrize(
    "text",
    [
        "a; DROP TABLE x",
        "DROP TABLE x",
        "(SELECT 1)",
        "a IN (SELECT b FROM c)",
        "EXISTS (SELECT 1)",
        "SELECT a",
        "read_csv('x')",
        "read_text('/etc/passwd')",
        "main.read_text('x')",
        "sum(a)",
        "string_agg(a, ',')",
        "row_number() OVER ()",
        "now()",
        "current_date",
        "current_timestamp",
        "random()",
        "uuid()",
        "gen_random_uuid()",
        "current_setting('home_directory')",
        "getvariable('x')",
        "nextval('s')",
        "*",
        "a AS b",
        "a, b",
        "t.a",
        "$1",
        "?",
        "unnest([a])",
        "CAST(a AS DOUBLE)",
        "a::FLOAT",
        "sqrt(CAST(a AS DECIMAL(18,2)))",
        "CAST(a AS DECIMAL(18,2)) / 100",
        "a + ",
        "",
        "nosuchfunction(a)",
        "a + b",  # text plus text
        "getenv('HOME')",
    ],
)
def test_refused_with_a_fix(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert caught.value.hint


def test_conditions_are_true_or_false() -> None:
    assert parse_expression("状态 = '测试' OR 状态 IS NULL", boolean=True).sql_type == "BOOLEAN"
    with pytest.raises(ExpressionError, match="not true or false"):
        parse_expression("状态", boolean=True)
