"""An API read by what changed: moments in its own writing, overlaps, deletions, returns, and lists that move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.errors import DataError
from orchestration.lib.landing.rest_cursor import written
from tests.rest_api import Asked, serving
from tests.unit.rest_case import RestCase, record


class Crm:
    """What the API holds; it answers by ``updated_since`` (after it, as many do) and lists its ids."""

    def __init__(self) -> None:
        self.records: dict[int, dict[str, Any]] = {}
        self.asked: list[str | None] = []
        self.lost: list[set[int]] = []  # ids that the next lists pass over

    def put(self, number: int, updated: str | int | None, amount: str = "1.10", **more: Any) -> None:
        self.records[number] = record(number, amount, updated=updated) | more

    def __call__(self, asked: Asked) -> Any:
        if asked.path.endswith("/ids"):
            lost = self.lost.pop(0) if self.lost else set()
            return {"ids": [number for number in self.records if number not in lost]}
        since = asked.query.get("updated_since")
        self.asked.append(since)
        found = list(self.records.values())
        if since is None:
            return found
        if since.isdecimal():
            return [one for one in found if int(one["updated"]) > int(since)]
        moment = datetime.fromisoformat(since)
        return [one for one in found if datetime.fromisoformat(one["updated"]) > moment]


@pytest.fixture
def crm() -> Crm:
    return Crm()


@pytest.fixture
def case(tmp_path: Path, crm: Crm, monkeypatch: pytest.MonkeyPatch) -> Iterator[RestCase]:
    with serving() as api:
        api.answer = crm
        made = RestCase(tmp_path / "w", api, monkeypatch)
        made.object |= {"load": "upsert", "cursor": {"column": "updated", "parameter": "updated_since"}}
        yield made


def watch_deletions(case: RestCase) -> None:
    case.object["cursor"]["deletions"] = "compare_keys"
    case.request["keys"] = {"path": "/payments/ids", "records": "ids"}


def test_only_what_changed_is_asked_for(case: RestCase, crm: Crm) -> None:
    crm.put(1, "2026-03-01T10:00:00+08:00")
    crm.put(2, "2026-03-01T03:00:00Z")  # the later of the two, though not as text
    assert case.land().rows_in == 2
    crm.put(3, "2026-03-01T03:00:00Z")  # a tie with the highest value, which "after" alone would pass over
    crm.put(1, "2026-03-01T12:00:00+08:00", amount="2.20")
    assert (case.land().rows_in, case.land().rows_in) == (2, 0)
    assert crm.asked == [None, "2026-03-01T02:59:59Z", "2026-03-01T03:59:59Z"]
    assert case.payments() == [("crm:1", "2.20"), ("crm:2", "1.10"), ("crm:3", "1.10")]


def test_overlap_zone_and_writing(case: RestCase, crm: Crm) -> None:
    """A value without a zone is of the source's zone, and so is a moment that is written without one."""
    case.object["cursor"] |= {"overlap": "2 hours", "format": "%Y-%m-%d %H:%M:%S"}
    crm.put(1, "2026-03-01 10:00:00")
    case.land()
    crm.put(2, "2026-03-01 08:30:00")
    assert case.land().rows_in == 1
    assert crm.asked[-1] == "2026-03-01 07:59:59"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (None, "2026-01-31T00:30:00Z"),
        ("%Y-%m-%dT%H:%M:%SZ", "2026-01-31T00:30:00Z"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-01-31T08:30:00+0800"),
        ("%Y/%m/%d", "2026/01/31"),
        ("epoch_s", "1769819400"),
        ("epoch_ms", "1769819400000"),
    ],
)
def test_writings_of_a_moment(form: str | None, expected: str) -> None:
    assert written(datetime(2026, 1, 31, 0, 30, tzinfo=UTC), form, "Asia/Shanghai") == expected


def test_declared_formats_and_epochs_are_read(case: RestCase, crm: Crm) -> None:
    case.object["cursor"] |= {"format": "epoch_ms", "overlap": "1 minute"}
    crm.put(1, 1769819400000)
    crm.put(2, 999)  # the highest text is not the highest number
    case.land()
    case.land()
    assert crm.asked[-1] == str(1769819400000 - 61_000)


def test_a_version_number(case: RestCase, crm: Crm) -> None:
    case.object["cursor"]["overlap"] = 5
    for number in (9, 10, 11):
        crm.put(number, number)
    case.land()
    case.land()
    assert crm.asked == [None, "5"]


def test_a_moment_of_the_future_hides_nothing(case: RestCase, crm: Crm) -> None:
    crm.put(1, "2026-03-01T10:00:00Z")
    crm.put(2, (datetime.now(UTC) + timedelta(days=3650)).isoformat())  # a clock that is wrong
    case.land()
    crm.put(3, "2026-03-01T10:00:01Z")
    assert case.land().rows_in == 1
    assert crm.asked[-1] == "2026-03-01T09:59:59Z"


def test_a_column_without_order_is_refused(case: RestCase, crm: Crm) -> None:
    crm.put(1, "yesterday")
    case.land()
    with pytest.raises(DataError, match=r"cursor column 'updated' .* is neither a time nor a whole number"):
        case.land()


def test_a_value_that_is_left_out_when_empty_is_a_change(case: RestCase, crm: Crm) -> None:
    case.columns["method"] = {"from": "note", "optional": True}
    crm.put(1, "2026-03-01T10:00:00Z", note="x")
    case.land()
    crm.put(1, "2026-03-01T10:00:00Z")
    assert (case.land().rows_in, case.land().rows_in) == (1, 0)
    crm.put(2, "2026-03-01T11:30:00Z", note="y", extra="z")
    assert case.land().rows_in == 1
    assert case.payments() == [("crm:1", "1.10"), ("crm:2", "1.10")]


def test_deleted_records_leave_and_return(case: RestCase, crm: Crm) -> None:
    watch_deletions(case)
    for number in (1, 2, 3):
        crm.put(number, f"2026-03-01T10:0{number}:00Z")
    case.land()
    taken = crm.records.pop(1)
    assert (case.land().rows_in, case.land().rows_in) == (1, 0)
    assert case.payments() == [("crm:2", "1.10"), ("crm:3", "1.10")]
    crm.records[1] = taken  # as it was: no cursor would ever bring it
    assert (case.land().rows_in, case.land().rows_in) == (1, 0)
    assert case.payments() == [("crm:1", "1.10"), ("crm:2", "1.10"), ("crm:3", "1.10")]


def test_a_record_that_appears_with_an_old_moment_is_found_by_its_key(case: RestCase, crm: Crm) -> None:
    watch_deletions(case)
    crm.put(1, "2026-03-01T10:00:00Z")
    case.land()
    crm.put(2, "2025-01-01T00:00:00Z")
    assert case.land().rows_in == 1
    assert crm.asked[-2:] == ["2026-03-01T09:59:59Z", None]


def test_a_list_that_passes_over_a_record_once_buries_nothing(case: RestCase, crm: Crm) -> None:
    watch_deletions(case)
    crm.put(1, "2026-03-01T10:00:00Z")
    crm.put(2, "2026-03-01T10:00:00Z")
    case.land()
    crm.lost = [{1}, {2}]
    assert case.land().rows_in == 0
    crm.lost = [{1}, {1}]
    assert case.land().rows_in == 1
    assert case.payments() == [("crm:2", "1.10")]


def test_everything_gone_is_only_believed_of_few(case: RestCase, crm: Crm) -> None:
    watch_deletions(case)
    for number in range(1, 12):
        crm.put(number, "2026-03-01T10:00:00Z")
    case.land()
    kept = dict(crm.records)
    crm.records.clear()
    with pytest.raises(DataError, match="11 of 11 records"):
        case.land()
    assert len(case.payments()) == 11
    crm.records = {number: kept[number] for number in range(2, 12)}
    assert case.land().rows_in == 1
    assert len(case.payments()) == 10
    crm.records.clear()
    assert case.land().rows_in == 10
    assert case.payments() == []


def test_keys_come_from_the_same_resource_by_default(case: RestCase, crm: Crm) -> None:
    case.object["cursor"]["deletions"] = "compare_keys"
    crm.put(1, "2026-03-01T10:00:00Z")
    crm.put(2, "2026-03-01T10:00:00Z")
    case.land()
    del crm.records[1]
    assert case.land().rows_in == 1
    assert case.payments() == [("crm:2", "1.10")]
