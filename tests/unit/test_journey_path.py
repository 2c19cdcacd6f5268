"""Paths against cases worked out by hand: of each order, and those that came to nothing.

Times are UTC; the company is in Asia/Shanghai (UTC+8). It is looked at on 30 June 2025, so 365 days before the end of
that day is 30 June 2024, 15:59:59.999999.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.unit.attribution_case import order, scratch, touch
from tests.unit.scratch_project import ScratchProject

AS_OF = "2025-06-30"
TOUCHES = [
    # ordered after three touches, the last of them again by the first channel
    touch("buy_1", "buy", "2024-03-01 01:00:00", campaign_id="spring"),
    touch("buy_2", "buy", "2024-03-02 01:00:00", campaign_id=None, channel_id="mail"),
    touch("buy_3", "buy", "2024-03-03 17:00:00", campaign_id="spring"),
    # never ordered: one touch, long ago
    touch("nil_1", "nil", "2024-03-01 01:00:00", channel_id=None, campaign_id=None),
    # never ordered, to the microsecond: the window of the one is over, of the other it is not
    touch("over", "over", "2024-06-30 15:59:59.999998"),
    touch("open", "open", "2024-06-30 15:59:59.999999"),
    # ordered: only what came after the last order is a path to nothing, if it is over; else there is none
    touch("two_1", "two", "2024-01-01 01:00:00"),
    touch("two_2", "two", "2024-02-01 01:00:00", channel_id="mail"),
    touch("two_3", "two", "2024-05-01 01:00:00", channel_id="mail"),
    touch("two_4", "two", "2024-05-01 02:00:00"),
    touch("hot_1", "hot", "2024-01-01 01:00:00"),
    touch("hot_2", "hot", "2024-05-01 01:00:00"),
    touch("hot_3", "hot", "2025-05-01 01:00:00"),
    # a show counts for 540 days: its account may yet order, though its last touch counts no more
    touch("show_1", "show", "2024-01-10 01:00:00", channel_id="show"),
    touch("show_2", "show", "2024-01-20 01:00:00"),
    # the first is too old for an order at the time of the last
    touch("long_1", "long", "2022-01-01 01:00:00"),
    touch("long_2", "long", "2023-06-01 01:00:00"),
    # a day without a time is after an exact touch of the day
    touch("day_1", "day", "2024-03-01"),
    touch("day_2", "day", "2024-03-01 01:00:00", channel_id="mail"),
    touch("nobody", None, "2024-03-01 01:00:00"),
]
ORDERS = [
    order("o_buy", "buy", "2024-03-10 06:00:00"),
    order("o_two_1", "two", "2024-01-10 06:00:00"),
    order("o_two_2", "two", "2024-03-10 06:00:00"),
    order("o_hot", "hot", "2024-03-10 06:00:00"),
    order("o_bare", "bare", "2024-03-10 06:00:00"),
    order("o_nobody", None, "2024-03-10 06:00:00"),
    # what does not count is no order
    order("o_test", "nil", "2024-03-10 06:00:00", is_excluded=True),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    case = scratch(tmp_path_factory.mktemp("paths"))
    case.load("marts.dim_channel", [{"channel_id": "web", "channel_group": "paid_online"},
                                    {"channel_id": "show", "channel_group": "trade_show"}])  # fmt: skip
    case.load("intermediate.int_touch", TOUCHES)
    case.load("marts.order_facts", ORDERS)
    case.load("intermediate.int_as_of", [{"as_of_on": AS_OF}])
    case.build("path:models/marts/journey")
    return case


def test_every_order_and_every_path_to_nothing_has_one_row(built: ScratchProject) -> None:
    assert built.rows(
        "select journey_id, order_id, account_id, is_converted, channel_path, campaign_path from "
        "attribution.journey_path order by 1"
    ) == [
        ("null:day", None, "day", False, "mail > web", "c_day_2 > c_day_1"),
        ("null:long", None, "long", False, "web", "c_long_2"),
        ("null:nil", None, "nil", False, "unknown", "channel:unknown"),
        ("null:over", None, "over", False, "web", "c_over"),
        ("null:two", None, "two", False, "mail > web", "c_two_3 > c_two_4"),
        ("o_bare", "o_bare", "bare", True, None, None),
        ("o_buy", "o_buy", "buy", True, "web > mail > web", "spring > channel:mail > spring"),
        ("o_hot", "o_hot", "hot", True, "web", "c_hot_1"),
        ("o_nobody", "o_nobody", None, True, None, None),
        ("o_two_1", "o_two_1", "two", True, "web", "c_two_1"),
        ("o_two_2", "o_two_2", "two", True, "mail", "c_two_2"),
    ]


def rows_of(case: ScratchProject, journey: str, columns: str) -> Any:
    [row] = case.rows(f"select {columns} from attribution.journey_path where journey_id = '{journey}'")
    return row


def test_a_journey_tells_its_length_and_its_days(built: ScratchProject) -> None:
    counts = "touch_count, channel_count, campaign_count, first_touch_id, last_touch_id"
    days = "first_touch_on, last_touch_on, converted_on, days_to_convert"
    assert rows_of(built, "o_buy", counts) == (3, 2, 2, "buy_1", "buy_3")
    # 3 March, 17:00 UTC is the 4th in Shanghai; the touch's own business day is what its source says
    assert rows_of(built, "o_buy", days) == (dt.date(2024, 3, 1), dt.date(2024, 3, 3), dt.date(2024, 3, 10), 9)
    assert rows_of(built, "o_bare", counts) == (0, 0, 0, None, None)
    assert rows_of(built, "o_bare", days) == (None, None, dt.date(2024, 3, 10), None)
    assert rows_of(built, "null:two", days) == (dt.date(2024, 5, 1), dt.date(2024, 5, 1), None, None)


def test_the_touches_of_a_path_follow_one_another(built: ScratchProject) -> None:
    assert built.rows(
        "select touch_id, touch_position, is_converted from attribution.path_touch where account_id = 'two' "
        "order by counted_at"
    ) == [("two_1", 1, True), ("two_2", 1, True), ("two_3", 1, False), ("two_4", 2, False)]
