"""货币统一 - every amount is in a known currency and converts at a rate of its day, to the cent."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.model import Check, Inputs, Label
from expectations.sql import literal, name, shown, union, violations
from expectations.suites.contract import OWNERS
from orchestration.lib.contract import Entity, load_contract
from orchestration.lib.currencies import ISO_CURRENCIES


@dataclass(frozen=True)
class Converted:
    """An intermediate table with amounts in their own and in the functional currency."""

    table: str
    entity: str
    key: str
    day: str
    amount: str
    functional: str
    owner: str
    where: str = "true"


CONVERTED = (
    Converted("int_spend", "marketing_spend", "spend_id", "spent_on", "cost_amount", "cost_functional", "marketing"),
    Converted("int_opportunity", "opportunity", "opportunity_id", "valued_on", "amount", "amount_functional", "sales"),
    Converted(
        "int_order_line",
        "sales_order_line",
        "order_line_id",
        "ordered_on",
        "net_amount",
        "net_booked_functional",
        "finance",
        where="not t.is_excluded",
    ),
    Converted("int_invoice", "invoice", "invoice_id", "valued_on", "net_amount", "net_invoiced_functional", "finance"),
    Converted("int_payment", "payment", "payment_id", "paid_on", "amount", "amount_functional", "finance"),
    Converted(
        "int_payment_allocation",
        "payment_allocation",
        "allocation_id",
        "valued_on",
        "allocated_amount",
        "allocated_functional",
        "finance",
    ),
    Converted("int_order_cost", "order_cost", "cost_id", "incurred_on", "amount", "amount_functional", "finance"),
)


def checks() -> list[Check]:
    """Codes, rates and conversion."""
    found: list[Check] = []
    for entity in load_contract().entities.values():
        found += _code_checks(entity)
    for converted in CONVERTED:
        found += conversion_checks(converted)
    return [*found, *_rate_table_checks()]


def _check(identifier: str, tables: tuple[str, ...], owner: str, reason: Label, sql: str, *requires: str) -> Check:
    return Check(
        id=f"staging.currency.{identifier}",
        gate="staging",
        family="currency",
        tables=tables,
        severity="block",
        owner=owner,
        reason=reason,
        sql=lambda _inputs: sql,
        requires=requires,
    )


def _code_checks(entity: Entity) -> list[Check]:
    columns = [column for column in entity.columns.values() if column.type == "currency"]
    if not columns:
        return []
    table, key = f"staging.stg_{entity.name}", name(entity.key)
    codes = ", ".join(literal(code) for code in sorted(ISO_CURRENCIES))
    unknown = union(
        [
            violations(
                table,
                key,
                f"t.{name(c.name)} not in ({codes})",
                f"{literal(c.name + ' = ')} || {shown('t.' + name(c.name))}",
            )
            for c in columns
        ]
    )
    found = [
        _check(
            f"code_{entity.name}",
            (table,),
            OWNERS[entity.loop],
            Label(
                en=f"{entity.label.en}: the currency is an ISO 4217 code",
                zh=f"{entity.label.zh}：币种为 ISO 4217 代码",
            ),
            unknown,
            entity.name,
        )
    ]
    amounts = [column.name for column in entity.columns.values() if column.type in {"money", "price"}]
    if len(columns) == 1 and amounts:
        filled = " or ".join(f"t.{name(amount)} <> 0" for amount in amounts)
        found.append(
            _check(
                f"missing_{entity.name}",
                (table,),
                OWNERS[entity.loop],
                Label(
                    en=f"{entity.label.en}: an amount has a currency, or it would drop out of every sum",
                    zh=f"{entity.label.zh}：有金额必须有币种，否则会从所有合计中消失",
                ),
                violations(
                    table,
                    key,
                    f"t.{name(columns[0].name)} is null and ({filled})",
                    literal(f"{columns[0].name} = NULL"),
                ),
                entity.name,
            )
        )
    return found


def conversion_checks(converted: Converted) -> list[Check]:
    """A rate is there, it is not old, and it was used to the cent."""
    return [_rate_present(converted), _rate_carried(converted), _converted_exactly(converted)]


def _rate_present(c: Converted) -> Check:
    def sql(inputs: Inputs) -> str:
        age = inputs.settings.currency.max_rate_age_days
        return violations(
            f"intermediate.{c.table}",
            c.key,
            f"t.{c.amount} <> 0 and not coalesce(t.has_rate, false) and {c.where}",
            f"{shown('t.currency')} || ' -> {inputs.settings.company.currency} @ ' || {shown('t.' + c.day)} "
            f"|| ': rate = NULL (<= {age} d)'",
        )

    return Check(
        id=f"staging.currency.rate_{c.entity}",
        gate="staging",
        family="currency",
        tables=(f"intermediate.{c.table}",),
        severity="block",
        owner=c.owner,
        reason=Label(
            en="an exchange rate of the day, or of up to currency.max_rate_age_days before, exists; none is invented",
            zh="当日或此前 currency.max_rate_age_days 天内有汇率；缺失时不臆造",
        ),
        sql=sql,
        requires=(c.entity,),
    )


def _rate_carried(c: Converted) -> Check:
    def sql(inputs: Inputs) -> str:
        days = inputs.settings.currency.carried_rate_days
        return (
            f"select cast(t.{c.key} as varchar) as key, t.source_file, t.source_row, {shown('t.currency')} || ' @ ' || "
            f"{shown('t.' + c.day)} || ': rate of ' || quoted.quoted_on || ', ' || "
            f"date_diff('day', quoted.quoted_on, t.{c.day}) || ' d > {days} d' as detail "
            f"from intermediate.{c.table} as t join intermediate.int_exchange_rate as quoted "
            f"on quoted.rate_id = t.rate_id and not quoted.is_carried "
            f"where t.{c.amount} <> 0 and {c.where} and date_diff('day', quoted.quoted_on, t.{c.day}) > {days}"
        )

    return Check(
        id=f"staging.currency.carried_{c.entity}",
        gate="staging",
        family="currency",
        tables=(f"intermediate.{c.table}", "intermediate.int_exchange_rate"),
        severity="warn",
        owner=c.owner,
        reason=Label(
            en="an amount is converted at a rate of its day or of a weekend before (currency.carried_rate_days)",
            zh="金额按当日或此前不久（currency.carried_rate_days）的汇率折算",
        ),
        sql=sql,
        requires=(c.entity, "exchange_rate"),
    )


def _converted_exactly(c: Converted) -> Check:
    exact = f"cast(round(cast(t.{c.amount} as decimal(38, 2)) * t.rate, 2) as decimal(18, 2))"
    return _check(
        f"functional_{c.entity}",
        (f"intermediate.{c.table}",),
        c.owner,
        Label(
            en="functional amount = amount × rate, rounded to the cent",
            zh="本位币金额 = 原币金额 × 汇率，精确到分",
        ),
        violations(
            f"intermediate.{c.table}",
            c.key,
            f"t.rate is not null and t.{c.functional} is distinct from {exact}",
            f"{shown('t.' + c.functional)} || ' <> ' || {shown('t.' + c.amount)} || ' × ' || {shown('t.rate')}",
        ),
        c.entity,
    )


def _rate_table_checks() -> list[Check]:
    def too_old(inputs: Inputs) -> str:
        age = inputs.settings.currency.max_rate_age_days
        return f"""
select used.rate_id as key, quoted.source_file, quoted.source_row,
  used.from_currency || ' ' || used.valid_to || ' - ' || used.quoted_on || ' > {age} d' as detail
from intermediate.int_exchange_rate as used
left join staging.stg_exchange_rate as quoted on quoted.rate_id = used.rate_id
where date_diff('day', used.quoted_on, used.valid_to) - 1 > {age}"""

    def neighbours(inputs: Inputs) -> str:
        tolerance = inputs.settings.currency.neighbour_tolerance
        return f"""
with followed as (
  select rate_id, source_file, source_row, from_currency, to_currency, rate_date, rate,
    lag(rate) over (partition by from_currency, to_currency, rate_type order by rate_date, rate_id) as previous
  from staging.stg_exchange_rate
)
select rate_id as key, source_file, source_row,
  from_currency || '/' || to_currency || ' ' || rate_date || ': ' || previous || ' -> ' || rate as detail
from followed where previous > 0 and abs(rate - previous) > {tolerance} * previous"""

    def outlier(inputs: Inputs) -> str:
        tolerance = inputs.settings.currency.neighbour_tolerance
        series = "partition by from_currency, to_currency, rate_type order by rate_date, rate_id"
        return f"""
with between_two as (
  select rate_id, source_file, source_row, from_currency, to_currency, rate_date, rate,
    lag(rate) over ({series}) as previous, lead(rate) over ({series}) as following
  from staging.stg_exchange_rate
)
select rate_id as key, source_file, source_row,
  from_currency || '/' || to_currency || ' ' || rate_date || ': ' || previous || ' -> ' || rate || ' -> ' || following
    as detail
from between_two
where previous > 0 and following > 0 and sign(rate - previous) = sign(rate - following)
  and abs(rate - previous) > {tolerance} * previous and abs(rate - following) > {tolerance} * following"""

    table = ("staging.stg_exchange_rate",)
    common = {"gate": "staging", "family": "currency", "owner": "finance", "requires": ("exchange_rate",)}
    return [
        Check(
            id="staging.currency.rate_age",
            tables=("intermediate.int_exchange_rate", *table),
            severity="block",
            reason=Label(
                en="no rate serves days more than currency.max_rate_age_days after its own",
                zh="汇率沿用不超过 currency.max_rate_age_days 天",
            ),
            sql=too_old,
            **common,  # type: ignore[arg-type]
        ),
        Check(
            id="staging.currency.rate_positive",
            tables=table,
            severity="block",
            reason=Label(en="a rate is more than 0", zh="汇率大于 0"),
            sql=lambda _inputs: violations(table[0], "rate_id", "t.rate <= 0", f"'rate = ' || {shown('t.rate')}"),
            **common,  # type: ignore[arg-type]
        ),
        Check(
            id="staging.currency.rate_neighbours",
            tables=table,
            severity="warn",
            reason=Label(
                en="a rate does not jump from its neighbour by more than currency.neighbour_tolerance",
                zh="相邻汇率的变动不超过 currency.neighbour_tolerance",
            ),
            sql=neighbours,
            **common,  # type: ignore[arg-type]
        ),
        Check(
            id="staging.currency.rate_outlier",
            tables=table,
            severity="block",
            reason=Label(
                en="no rate stands further than currency.neighbour_tolerance from both its neighbours: a digit is "
                "wrong, and every amount of its day with it",
                zh="汇率不与前后两个汇率同时相差超过 currency.neighbour_tolerance：否则多为录入错误，当日金额全部失真",
            ),
            sql=outlier,
            **common,  # type: ignore[arg-type]
        ),
        Check(
            id="staging.currency.rate_conflict",
            tables=table,
            severity="block",
            reason=Label(
                en="one currency pair, day and type of rate has one rate",
                zh="同一货币对、日期和类型只有一个汇率",
            ),
            sql=lambda _inputs: (
                """
select rate_id as key, source_file, source_row,
  from_currency || '/' || to_currency || ' ' || rate_date || ': ' || rate || ' <> ' || lowest as detail
from (
  select *, min(rate) over (partition by from_currency, to_currency, rate_type, rate_date) as lowest
  from staging.stg_exchange_rate
) where rate <> lowest"""
            ),
            **common,  # type: ignore[arg-type]
        ),
    ]
