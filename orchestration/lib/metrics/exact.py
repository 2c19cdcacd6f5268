"""Exact division in DuckDB, which by itself divides decimals in binary floating point."""

from __future__ import annotations


def quotient_sql(numerator: str, denominator: str) -> str:
    """numerator ÷ denominator as DECIMAL(28,8), rounded half away from zero; NULL when the denominator is 0 or NULL.

    Both sides are decimals with at most 9 places, as attribution weights have. They are divided as integers, so the
    quotient is exact for sides below 10^20 (DuckDB raises an error beyond, it never loses a digit).
    """
    dividend = f"cast(cast({numerator} as decimal(38, 9)) * 1000000000 as hugeint)"
    divisor = f"nullif(cast(cast({denominator} as decimal(38, 9)) * 1000000000 as hugeint), 0)"
    quotient = f"(2 * abs({dividend}) * 100000000 + abs({divisor})) // (2 * abs({divisor}))"
    sign = f"cast(sign({dividend}) * sign({divisor}) as hugeint)"
    return f"cast(cast({sign} * ({quotient}) as decimal(38, 0)) * cast(0.00000001 as decimal(9, 8)) as decimal(28, 8))"
