"""Money is conserved: what attribution and cost allocation hand out is what came in, to the cent."""

from __future__ import annotations

from expectations.model import Check, Inputs, Label
from expectations.sql import literal, unequal_sums

ORDER_PLACE = "select order_id as locator, source_file, source_row from staging.stg_sales_order"
SPEND_PLACE = "select spend_id as locator, source_file, source_row from intermediate.int_spend"


def checks() -> list[Check]:
    """Weights, credits, reversals and costs."""
    return [
        _weights(),
        _new_customers(),
        _credits(),
        _reversed_orders(),
        _reasons(),
        _costs(),
        _ledger(),
    ]


def _models(inputs: Inputs) -> str:
    rows = ", ".join(f"({literal(model)})" for model in inputs.settings.attribution.models)
    return f"(values {rows}) as model(model)"


def _weights() -> Check:
    return Check(
        id="attribution.money.weights",
        gate="attribution",
        family="money",
        tables=("attribution.attribution_weight", "attribution.journey_touch", "closing.closed_order"),
        severity="block",
        owner="marketing",
        reason=Label(
            en="the weights of a journey sum to exactly 1, per order and model",
            zh="每个订单、每个模型的权重之和恰好为 1",
        ),
        sql=lambda inputs: unequal_sums(
            f"select order_id, model, 1 as amount from (select distinct order_id from attribution.journey_touch "
            f"where is_in_journey and order_id not in (select order_id from closing.closed_order)) "
            f"cross join {_models(inputs)} union select order_id, model, 1 from attribution.attribution_weight",
            "select order_id, model, weight as amount from attribution.attribution_weight",
            ("order_id", "model"),
            located=ORDER_PLACE,
        ),
        requires=("sales_order",),
    )


def _new_customers() -> Check:
    return Check(
        id="attribution.money.new_customers",
        gate="attribution",
        family="money",
        tables=("attribution.new_customer_weight",),
        severity="block",
        owner="marketing",
        reason=Label(en="every new customer counts exactly once per model", zh="每个新客户在每个模型中恰好计一次"),
        sql=lambda _inputs: unequal_sums(
            "select distinct order_id, account_id, model, 1 as amount from attribution.new_customer_weight",
            "select order_id, account_id, model, weight as amount from attribution.new_customer_weight",
            ("order_id", "account_id", "model"),
            located=ORDER_PLACE,
        ),
        requires=("sales_order",),
    )


def _credits() -> Check:
    by = ("order_id", "order_line_id", "posting_id", "measure", "model")
    columns = ", ".join(by)
    return Check(
        id="attribution.money.credits",
        gate="attribution",
        family="money",
        tables=("attribution.attribution_credit", "attribution.order_measure"),
        severity="block",
        owner="finance",
        reason=Label(
            en="credits, the unattributed rest included, sum to each posting to the cent, per measure and model",
            zh="每笔过账、每个度量、每个模型的归因金额（含未归因）之和与过账金额分毫不差",
        ),
        sql=lambda inputs: unequal_sums(
            f"select {columns}, amount from attribution.order_measure cross join {_models(inputs)}",
            f"select {columns}, amount from attribution.attribution_credit",
            by,
            located=ORDER_PLACE,
        ),
        requires=("sales_order",),
    )


def _reversed_orders() -> Check:
    return Check(
        id="attribution.money.reversed",
        gate="attribution",
        family="money",
        tables=("attribution.attribution_credit", "attribution.order_measure"),
        severity="block",
        owner="finance",
        reason=Label(
            en="an order line that was fully reversed leaves credit with no touch",
            zh="全额冲销的订单行，各触点的归因归零",
        ),
        sql=lambda _inputs: (
            f"""
with reversed as (
  select order_id, order_line_id, measure from attribution.order_measure
  group by all having count(*) > 1 and sum(amount) = 0
)
select credit.order_id || '|' || credit.measure || '|' || credit.model || '|' || coalesce(credit.touch_id, '-') as key,
  any_value(place.source_file) as source_file, any_value(place.source_row) as source_row,
  sum(credit.amount) || ' <> 0' as detail
from attribution.attribution_credit as credit
join reversed on reversed.order_id = credit.order_id and reversed.measure = credit.measure
  and reversed.order_line_id is not distinct from credit.order_line_id
left join ({ORDER_PLACE}) as place on place.locator = credit.order_id
-- what is restated of a closed month is reversed by weights that are not those of today
where credit.order_id is null or credit.order_id not in (
  select order_id from attribution.attribution_restatement where order_id is not null
)
group by credit.order_id, credit.order_line_id, credit.measure, credit.model, credit.touch_id
having sum(credit.amount) <> 0"""
        ),
        requires=("sales_order",),
    )


def _reasons() -> Check:
    return Check(
        id="attribution.money.unattributed_reason",
        gate="attribution",
        family="money",
        tables=("attribution.attribution_credit",),
        severity="block",
        owner="marketing",
        reason=Label(
            en="a credit has a touch or a reason why it has none, never both or neither",
            zh="归因金额要么有触点，要么有未归因原因，二者必居其一",
        ),
        sql=lambda _inputs: (
            f"""
select credit.order_id || '|' || credit.posting_id || '|' || credit.model as key, place.source_file, place.source_row,
  'touch_id = ' || coalesce(credit.touch_id, 'NULL') || ', unattributed_reason = '
    || coalesce(credit.unattributed_reason, 'NULL') as detail
from attribution.attribution_credit as credit
left join ({ORDER_PLACE}) as place on place.locator = credit.order_id
where (credit.touch_id is null) = (credit.unattributed_reason is null)"""
        ),
        requires=("sales_order",),
    )


def _costs() -> Check:
    return Check(
        id="attribution.money.costs",
        gate="attribution",
        family="money",
        tables=("attribution.cost_allocation", "intermediate.int_spend"),
        severity="block",
        owner="marketing",
        reason=Label(
            en="direct, shared and unallocated cost sum to the cost row, to the cent",
            zh="直接、分摊与未分摊费用之和与原费用分毫不差",
        ),
        sql=lambda _inputs: unequal_sums(
            "select spend_id, cost_functional as amount from intermediate.int_spend",
            "select spend_id, amount from attribution.cost_allocation",
            ("spend_id",),
            located=SPEND_PLACE,
        ),
        requires=("marketing_spend",),
    )


def _ledger() -> Check:
    sources = (
        ("marketing_spend", "spend_id", "cost_functional", "intermediate.int_spend", "true"),
        ("work_hours", "work_hours_id", "sales_cost", "marts.work_hours_facts", "sales_cost is not null"),
        ("books", "tie_out_id", "difference", "marts.ledger_tie_out", "account = 'marketing_expense' and is_closed"),
    )
    expected = " union all ".join(
        f"select {key} as cost_id, '{name}' as cost_source, view, {amount} as amount from {table} "
        f"cross join (values ('event'), ('benefit')) as view(view) where {condition}"
        for name, key, amount, table, condition in sources
    )
    located = " union all ".join(
        f"select {key} as locator, source_file, source_row from {table} where {condition}"
        for _, key, _, table, condition in sources
    )
    return Check(
        id="attribution.money.cost_ledger",
        gate="attribution",
        family="money",
        tables=("attribution.cost_ledger", *(table for _, _, _, table, _ in sources)),
        severity="block",
        owner="marketing",
        reason=Label(
            en="each view of the cost ledger sums to its sources (cost, sales time, gap to the books), to the cent",
            zh="成本台账的每种口径之和与来源（费用、销售工时、账簿差额）分毫不差",
        ),
        sql=lambda _inputs: unequal_sums(
            expected,
            "select cost_id, cost_source, view, amount from attribution.cost_ledger",
            ("cost_id", "cost_source", "view"),
            located=located,
        ),
        requires=("marketing_spend",),
    )
