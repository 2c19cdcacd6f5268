"""What a month of a product family or of a work centre adds up: queries for ``behind.py``.

Each query finds entity and id of documents and is asked with the keys of the row, in the order of ``Parts.keys``. Of a
backlog they are the order lines that were open at the end of the month; of other sums to date (returns to date) those
of the row's own month, as all before would be too many.
"""

from __future__ import annotations

from typing import NamedTuple


class Parts(NamedTuple):
    """Keys of the rows of a table, and for each kind of document the tables needed and the query that finds it."""

    keys: tuple[str, ...]
    queries: tuple[tuple[tuple[str, ...], str], ...]


def _month(day: str) -> str:
    return f"date_trunc('month', {day})"


# What moves demand in a month: entity, its id, table, day, condition.
_BOOKED = ("sales_order_line", "order_line_id", "order_line_facts", "ordered_on", "not d.is_excluded")
_PROMISED = ("sales_order_line", "order_line_id", "order_line_delivery", "promised_on", "not d.is_excluded")
_FINISHED = ("production_order", "production_order_id", "production_order_facts", "finished_on", "true")
_ANSWERED = (
    "production_order", "production_order_id", "production_order_facts", "started_on", "d.response_days is not null",
)  # fmt: skip
_SHIPPED = ("shipment_line", "shipment_line_id", "shipment_line_facts", "shipped_on", "not d.is_excluded")
_COUNTED = (
    "inventory_snapshot", "inventory_snapshot_id", "inventory_facts", "taken_on", "d.is_month_end and d.kind = 'fg'",
)  # fmt: skip


def _of_products(event: tuple[str, ...], products: str) -> tuple[tuple[str, ...], str]:
    """Documents of the products that a condition on ``p`` picks, in a month; asked with its values and the month."""
    entity, key, table, day, condition = event
    return (
        (table, "dim_product"),
        f"select '{entity}' as entity, d.{key} as id from {table} as d "
        f"left join dim_product as p on p.product_id = d.product_id "
        f"where {products} and {_month('d.' + day)} = ? and {condition}",
    )


def _open_lines(products: str) -> tuple[tuple[str, ...], str]:
    """Order lines that some of was still to be shipped at the end of the month, none after the as-of date."""
    return (
        ("order_line_facts", "order_line_delivery", "dim_product"),
        "select 'sales_order_line' as entity, d.order_line_id as id from order_line_facts as d "
        "join order_line_delivery as v on v.order_line_id = d.order_line_id "
        f"left join dim_product as p on p.product_id = d.product_id where {products} and not d.is_excluded "
        f"and ? between {_month('d.ordered_on')} "
        f"and coalesce({_month('v.fully_shipped_on')} - interval 1 day, v.as_of_on)",
    )


_FAMILY = "coalesce(p.family, 'unknown') = ?"
SUPPLY_DEMAND = Parts(
    ("product_family", "month"),
    tuple(_of_products(event, _FAMILY) for event in (_BOOKED, _PROMISED, _FINISHED, _ANSWERED, _SHIPPED, _COUNTED)),
)

_CENTRE = "coalesce(p.work_centre, 'unknown') = ?"
_GAP = (
    "case when p.work_centre is null then 'no_work_centre' when p.standard_hours is null then 'no_standard_hours' "
    "else 'none' end = ?"
)


def _work(products: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """What is to be made and was; and the products, whose list says which work centre makes them, in how many hours."""
    found = [_open_lines(products)]
    for event in (_BOOKED, _PROMISED, _FINISHED, _SHIPPED):
        found += [_of_products(event, products), _of_products(("product", "product_id", *event[2:]), products)]
    return tuple(found)


WORK_CENTRE_DEMAND = Parts(
    ("work_centre", "product_family", "hours_gap", "month"), _work(f"{_CENTRE} and {_FAMILY} and {_GAP}")
)
_CAPACITY = "select 'capacity' as entity, capacity_id as id from capacity_facts where work_centre = ? and month = ?"
WORK_CENTRE = Parts(("work_centre", "month"), ((("capacity_facts",), _CAPACITY), *_work(_CENTRE)))

# The lines of a cohort, and what came of them in a month after their shipment (what came before counts in the first).
_COHORT = (
    "from shipped_line_quality as q left join dim_product as p on p.product_id = q.product_id{join} "
    "where not q.is_excluded and coalesce(p.family, 'unknown') = ? and date_trunc('month', q.ordered_on) = ?{age}"
)
_COHORT_TABLES = ("shipped_line_quality", "dim_product")


def _came_of_it(table: str, documents: str, day: str, condition: str) -> tuple[tuple[str, ...], str]:
    join = f" join {table} as d on d.order_line_id = q.order_line_id and {condition}"
    age = f" and greatest(date_diff('month', date_trunc('month', q.first_shipped_on), {_month('d.' + day)}), 0) = ?"
    return (*_COHORT_TABLES, table), f"select {documents} {_COHORT.format(join=join, age=age)}"


QUALITY_COHORT = Parts(
    ("product_family", "order_month", "months_since_shipped"),
    (
        (
            _COHORT_TABLES,
            # the cohort is the same at every age
            f"select 'sales_order_line' as entity, q.order_line_id as id {_COHORT.format(join='', age=' and ? >= 0')}",
        ),
        _came_of_it("return_facts", "'sales_return' as entity, d.return_id as id", "returned_on", "true"),
        _came_of_it("ticket_facts", "'service_ticket' as entity, d.ticket_id as id", "opened_on", "d.kind = 'repair'"),
        _came_of_it(
            "order_cost_facts",
            "d.document_kind as entity, d.document_id as id",
            "incurred_on",
            "d.kind = 'after_sales'",
        ),
    ),
)
