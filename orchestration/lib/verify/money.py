"""I2: money is the same on every floor, to the cent, per source, currency and kind of document."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.lib.contract import Label
from orchestration.lib.publish.content import quote
from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated


@dataclass(frozen=True)
class Pair:
    """Two floors that must hold the same amounts.

    Attributes:
        expected, actual: queries of ``k`` (the row's key), ``source_system``, ``currency``, ``amount``.
    """

    document: str
    table: str
    needs: tuple[str, ...]
    expected: str
    actual: str


PAIRS = (
    Pair(
        "sales_order_line",
        "marts.order_line_facts",
        ("staging.stg_sales_order_line", "staging.stg_sales_order", "marts.order_line_facts"),
        "select l.order_line_id as k, l.source_system, o.currency, l.net_amount as amount, l.source_file, l.source_row "
        "from staging.stg_sales_order_line as l join staging.stg_sales_order as o using (order_id)",
        "select order_line_id as k, source_system, currency, net_amount as amount from marts.order_line_facts",
    ),
    Pair(
        "invoice",
        "marts.invoice_line_facts",
        ("staging.stg_invoice", "intermediate.int_invoice_merge", "marts.invoice_line_facts"),
        "select invoice_id as k, source_system, currency, net_amount as amount, source_file, source_row "
        "from staging.stg_invoice where invoice_id not in (select invoice_id from intermediate.int_invoice_merge)",
        "select f.invoice_id as k, i.source_system, f.currency, f.net_amount as amount "
        "from marts.invoice_line_facts as f left join staging.stg_invoice as i using (invoice_id)",
    ),
    Pair(
        "payment_allocation",
        "marts.payment_facts",
        ("staging.stg_payment_allocation", "staging.stg_invoice", "intermediate.int_payment", "marts.payment_facts"),
        "select a.allocation_id as k, a.source_system, i.currency, a.amount, a.source_file, a.source_row "
        "from staging.stg_payment_allocation as a join intermediate.int_payment using (payment_id) "
        "join staging.stg_invoice as i using (invoice_id)",
        "select allocation_id as k, source_system, currency, allocated_amount as amount from marts.payment_facts",
    ),
    Pair(
        "marketing_spend",
        "marts.marketing_spend_facts",
        ("intermediate.int_spend", "marts.marketing_spend_facts"),
        "select spend_id as k, source_system, currency, amount, source_file, source_row from intermediate.int_spend",
        "select spend_id as k, source_system, currency, amount from marts.marketing_spend_facts",
    ),
)
# Amounts in the company's currency: the document's amount at the rate that stands beside it, rounded once.
FUNCTIONAL = (
    ("marts.order_line_facts", "net_amount", "net_booked"),
    ("marts.invoice_line_facts", "net_amount", "net_invoiced"),
    ("marts.payment_facts", "allocated_amount", "allocated"),
    ("marts.marketing_spend_facts", "amount", "amount_functional"),
    ("marts.marketing_spend_facts", "cost_amount", "cost_functional"),
)


def check(context: Context) -> Outcome:
    """Canonical → staging → marts → attribution; currency conversion apart."""
    if not context.mapped():
        return not_evaluated("nothing has been taken in yet", "尚未接入任何数据")
    found = Outcome()
    if context.settled("canonical", "staging"):
        for entity in context.mapped():
            _entity(context, found, entity)
    else:
        found.note(
            "staging: not evaluated, it is not built from canonical as it is", "staging：未评估，尚未按当前规范层构建"
        )
    if context.settled("staging", "loops"):
        for pair in PAIRS:
            if context.has(*pair.needs):
                _compare(context, found, pair)
        _functional(context, found)
    else:
        found.note(
            "marts: not evaluated, they are not built from staging as it is", "marts：未评估，尚未按当前 staging 构建"
        )
    if context.settled("loops", "attribution"):
        _attribution(context, found)
    else:
        found.note(
            "attribution: not evaluated, it is not built from the marts as they are",
            "归因：未评估，尚未按当前 marts 计算",
        )
    if not found.compared:
        found.reason = Label(en="no floor is built from the one above it yet", zh="尚无任何一层按其上层构建")
    return found


def _entity(context: Context, found: Outcome, entity: str) -> None:
    staged = f"staging.stg_{entity}"
    there = context.relations.get(staged, {})
    key = context.keys[entity]
    for column in context.contract.entities[entity].columns.values():
        if column.type != "money" or column.name not in there or key not in there:
            continue
        currency = "currency" if "currency" in there else "cast(null as varchar)"
        wanted = f"{quote(key)} as k, source_system, {currency} as currency, {quote(column.name)} as amount"
        above = f"select {wanted}, source_file, source_row from canonical.{quote(entity)}"
        if "currency" in there:
            above = _one_writing(above, entity, key)
        _compare(
            context,
            found,
            Pair(
                f"{entity}.{column.name}",
                staged,
                (),
                above,
                f"select {wanted} from {staged}",
            ),
        )


def _one_writing(above: str, entity: str, key: str) -> str:
    """The rows with their currency as staging writes it (人民币 is CNY): each writing has one code, or sums differ."""
    codes = (
        f"select c.currency as written, min(s.currency) as code from canonical.{quote(entity)} as c "
        f"join staging.stg_{entity} as s using ({quote(key)}) group by all"
    )
    return (
        f"select r.* replace (coalesce(w.code, r.currency) as currency) from ({above}) as r "
        f"left join ({codes}) as w on w.written is not distinct from r.currency"
    )


def _compare(context: Context, found: Outcome, pair: Pair) -> None:
    """Sums in hundredths per source and currency; where they differ, the first row that does."""
    sums = "select source_system, currency, sum(amount) as total from ({}) group by all having sum(amount) is not null"
    found.add("sums", 1)
    rows = context.rows(
        "select coalesce(e.source_system, a.source_system), coalesce(e.currency, a.currency), e.total, a.total "
        f"from ({sums.format(pair.expected)}) as e full join ({sums.format(pair.actual)}) as a "
        "on e.source_system = a.source_system and e.currency is not distinct from a.currency "
        "where coalesce(e.total, 0) <> coalesce(a.total, 0) order by all"
    )
    if not rows:
        return
    first = context.rows(
        f"select e.source_file, e.source_row from ({pair.expected}) as e left join (select k, sum(amount) as amount "
        f"from ({pair.actual}) group by k) as a using (k) where e.amount is distinct from a.amount "
        "and coalesce(e.amount, 0) <> coalesce(a.amount, 0) order by all limit 1"
    )
    file, row = first[0] if first else (None, None)
    for system, currency, expected, actual in rows:
        found.violate(
            pair.table,
            f"{pair.document} of {system} in {currency or '-'}: {expected or 0} above, {actual or 0} here",
            f"{system} 的 {pair.document}（{currency or '-'}）：上层 {expected or 0}，本层 {actual or 0}",
            file=file,
            row=row,
        )


def _functional(context: Context, found: Outcome) -> None:
    for table, amount, functional in FUNCTIONAL:
        if not {amount, functional, "rate", "has_rate"} <= set(context.relations.get(table, {})):
            continue
        ((count,),) = context.rows(f"select count(*) from {table} where has_rate")
        found.add("converted amounts", count)
        for file, row, expected, actual in context.rows(
            f"select source_file, source_row, round({amount} * rate, 2), {functional} from {table} "
            f"where has_rate and {functional} <> round({amount} * rate, 2) order by 1, 2 limit 3"
        ):
            found.violate(
                table,
                f"{functional} is {actual}, at its rate it must be {expected}",
                f"{functional} 为 {actual}，按汇率应为 {expected}",
                file=file,
                row=row,
            )


def _attribution(context: Context, found: Outcome) -> None:
    if not context.has("attribution.order_measure", "attribution.attribution_credit"):
        return
    rows = context.rows(
        "with m as (select measure, sum(amount) as total from attribution.order_measure group by all), "
        "c as (select model, measure, sum(amount) as total from attribution.attribution_credit group by all) "
        "select coalesce(m.measure, c.measure), model, m.total, c.total, "
        "coalesce(m.total, 0) - coalesce(c.total, 0) from m full join c on m.measure = c.measure order by 1, 2"
    )
    for measure, model, expected, actual, residual in rows:
        found.add("attributed sums", 1)
        if residual and actual is not None:
            found.violate(
                "attribution.attribution_credit",
                f"{measure}, {model}: residual {residual} of {expected}",
                f"{measure}，{model}：{expected} 中有 {residual} 未分配",
            )
    found.compared["residual"] = str(sum(abs(row[4]) for row in rows if row[3] is not None)) if rows else "0.00"
