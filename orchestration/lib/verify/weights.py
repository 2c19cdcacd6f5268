"""I10: shares are exact: weights sum to 1, credits to the amount, allocated costs to the costs."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated


@dataclass(frozen=True)
class Share:
    """Something handed out, by what it belongs to: both queries give ``k`` (a text) and ``amount``."""

    what: str
    table: str
    needs: tuple[str, ...]
    expected: str
    actual: str
    place: str
    """A query of ``k, source_file, source_row``, to say where it comes from."""


_ORDER = "select order_id as o, source_file, source_row from staging.stg_sales_order"
_BILLIONTHS = "cast(cast(weight as decimal(28, 9)) * 1000000000 as hugeint)"
SHARES = (
    Share(
        "weights (in billionths)",
        "attribution.attribution_weight",
        ("attribution.attribution_weight",),
        "select distinct concat_ws(' ', order_id, model) as k, order_id as o, 1000000000 as amount "
        "from attribution.attribution_weight",
        f"select concat_ws(' ', order_id, model) as k, {_BILLIONTHS} as amount from attribution.attribution_weight",
        _ORDER,
    ),
    Share(
        "credits",
        "attribution.attribution_credit",
        ("attribution.attribution_credit", "attribution.order_measure"),
        "select concat_ws(' ', m.order_id, m.order_line_id, m.posting_id, m.measure, d.model) as k, "
        "m.order_id as o, m.amount from attribution.order_measure as m "
        "cross join (select distinct model from attribution.attribution_credit) as d",
        "select concat_ws(' ', order_id, order_line_id, posting_id, measure, model) as k, amount "
        "from attribution.attribution_credit",
        _ORDER,
    ),
    Share(
        "costs",
        "attribution.cost_allocation",
        ("attribution.cost_allocation", "intermediate.int_spend"),
        "select spend_id as k, spend_id as o, cost_functional as amount from intermediate.int_spend",
        "select spend_id as k, amount from attribution.cost_allocation where spend_id in "
        "(select spend_id from intermediate.int_spend)",
        "select spend_id as o, source_file, source_row from intermediate.int_spend",
    ),
    Share(
        "costs in each view",
        "attribution.cost_ledger",
        ("attribution.cost_ledger", "intermediate.int_spend"),
        "select concat_ws(' ', view, spend_id) as k, spend_id as o, cost_functional as amount "
        "from intermediate.int_spend cross join (values ('event'), ('benefit')) as view(view)",
        "select concat_ws(' ', view, cost_id) as k, amount from attribution.cost_ledger "
        "where cost_source = 'marketing_spend'",
        "select spend_id as o, source_file, source_row from intermediate.int_spend",
    ),
    Share(
        "new customers (in billionths)",
        "attribution.new_customer_weight",
        ("attribution.new_customer_weight",),
        "select distinct concat_ws(' ', account_id, order_id, model) as k, order_id as o, 1000000000 as amount "
        "from attribution.new_customer_weight",
        f"select concat_ws(' ', account_id, order_id, model) as k, {_BILLIONTHS} as amount "
        "from attribution.new_customer_weight",
        _ORDER,
    ),
)


def check(context: Context) -> Outcome:
    """Everything that is handed out, to the last unit."""
    found = Outcome()
    if not context.settled("loops", "attribution"):
        return not_evaluated("attribution is not built from the marts as they are", "归因尚未按当前 marts 计算")
    for share in SHARES:
        if context.has(*share.needs):
            _share(context, found, share)
    return found if found.compared else not_evaluated("attribution is not built yet", "归因尚未计算")


def _share(context: Context, found: Outcome, share: Share) -> None:
    context.connection.execute(
        "create or replace temp table __share as select k, any_value(o) as o, sum(e) as e, sum(a) as a from "
        f"(select k, o, amount as e, 0 as a from ({share.expected}) union all "
        f"select k, null, 0, amount from ({share.actual})) group by k"
    )
    found.add(share.what, context.rows("select count(*) from __share")[0][0])
    place = share.place if context.has(share.place.split(" from ")[1]) else "select null as o, null as source_file, 0"
    for key, expected, actual, file, row in context.rows(
        "select k, e, a, p.source_file, p.source_row from (select * from __share where e is distinct from a "
        f"order by k limit 5) as s left join ({place}) as p(o, source_file, source_row) using (o) order by k"
    ):
        found.violate(
            share.table,
            f"{key}: {actual} handed out of {expected}",
            f"{key}：应分配 {expected}，实分配 {actual}",
            file=file,
            row=row,
        )
