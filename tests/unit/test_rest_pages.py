"""Paging of a REST source, on a real server: every way of it, where it ends, and what never ends or moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.errors import DataError
from tests.rest_api import Api, Asked, Reply, serving
from tests.unit.rest_case import RestCase, record

ALL = [record(number) for number in range(1, 8)]
SIZED = {"size": 3, "size_parameter": "limit"}


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as found:
        yield found


@pytest.fixture
def case(tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> RestCase:
    made = RestCase(tmp_path / "w", api, monkeypatch)
    made.request["records"] = "data.items"
    return made


def ids(case: RestCase) -> list[str]:
    found = case.landed()
    assert [row["_row"] for row in found] == list(range(1, len(found) + 1))
    return [row["id"] for row in found]


WHOLE = ["1", "2", "3", "4", "5", "6", "7"]


def answer(records: list[Any], **more: Any) -> dict[str, Any]:
    return {"data": {"items": records, **more}}


def by_page(asked: Asked) -> dict[str, Any]:
    page = int(asked.query["page"])
    return answer(ALL[(page - 1) * 3 : page * 3], total=len(ALL), pages=3, more=page < 3)


def by_offset(asked: Asked) -> dict[str, Any]:
    place = int(asked.query["offset"])
    return answer(ALL[place : place + min(int(asked.query["limit"]), 3)], total=len(ALL))


@pytest.mark.parametrize(
    ("extra", "requests"),
    [({}, 4), ({"last": "data.pages"}, 3), ({"more": "data.more"}, 3)],
    ids=["empty", "last", "more"],
)
def test_page_numbers(case: RestCase, api: Api, extra: dict[str, Any], requests: int) -> None:
    api.answer = by_page
    case.request |= {"pages": {"by": "page", "parameter": "page", **SIZED, **extra}, "parameters": {"status": "paid"}}
    assert ids(case) == WHOLE
    assert [asked.query for asked in api.asked] == [
        {"page": str(page), "limit": "3", "status": "paid"} for page in range(1, requests + 1)
    ]


def test_the_total_ends_the_pages(case: RestCase, api: Api) -> None:
    api.answer = by_page
    case.request |= {"pages": {"by": "page", "parameter": "page"}, "total": "data.total"}
    assert ids(case) == WHOLE
    assert len(api.asked) == 3


def test_an_api_that_gives_fewer_than_were_asked_for(case: RestCase, api: Api) -> None:
    """It gives 3 where 5 were asked for: the offset goes by what came, and a page that is not full is not the last."""
    api.answer = by_offset
    case.request |= {"pages": {"by": "offset", "parameter": "offset", "size": 5, "size_parameter": "limit"}}
    assert ids(case) == WHOLE
    assert [asked.query["offset"] for asked in api.asked] == ["0", "3", "6", "7"]


def test_tokens_also_numbers_and_empty_pages(case: RestCase, api: Api) -> None:
    parts = {None: answer(ALL[:4], next=17), "17": answer([], next="b"), "b": answer(ALL[4:], next=None)}
    api.answer = lambda asked: parts[asked.query.get("cursor")]
    case.request |= {"pages": {"by": "token", "parameter": "cursor", "next": "data.next"}}
    assert ids(case) == WHOLE


def test_links_in_the_body(case: RestCase, api: Api) -> None:
    def reply(asked: Asked) -> dict[str, Any]:
        page = int(asked.query.get("p", "1"))
        return answer(ALL[(page - 1) * 4 : page * 4], next=f"/api/payments?p={page + 1}" if page < 2 else None)

    api.answer = reply
    case.request |= {"pages": {"by": "link", "next": "data.next"}}
    assert ids(case) == WHOLE


def test_link_header(case: RestCase, api: Api) -> None:
    def reply(asked: Asked) -> Reply:
        page = int(asked.query.get("p", "1"))
        link = f'<{api.url}/payments?p={page + 1}>; rel="next", <{api.url}/payments?p=2>; rel="last"'
        return Reply(answer(ALL[(page - 1) * 4 : page * 4]), headers={"Link": link} if page < 2 else {})

    api.answer = reply
    case.request |= {"pages": {"by": "link_header"}}
    assert ids(case) == WHOLE


def test_a_posted_query_with_nested_parameters(case: RestCase, api: Api) -> None:
    def reply(asked: Asked) -> dict[str, Any]:
        assert (asked.method, asked.headers["content-type"]) == ("POST", "application/json")
        place = asked.json["page"]["offset"]
        assert asked.json == {"filter": {"paid": True, "kinds": ["a"]}, "page": {"offset": place, "limit": 3}}
        return answer(ALL[place : place + 3])

    api.answer = reply
    pages = {"by": "offset", "parameter": "page.offset", "size": 3, "size_parameter": "page.limit"}
    case.request |= {"method": "POST", "parameters": {"filter": {"paid": True, "kinds": ["a"]}}, "pages": pages}
    assert ids(case) == WHOLE


def test_a_parameter_that_the_api_does_not_know_repeats_the_first_page(case: RestCase, api: Api) -> None:
    api.answer = lambda asked: answer(ALL)
    case.request |= {"pages": {"by": "page", "parameter": "seite"}}
    with pytest.raises(DataError, match="page 2 brings the same records as page 1"):
        case.land()
    assert len(api.asked) == 2


@pytest.mark.parametrize("by", ["token", "link"])
def test_pages_that_go_round_in_a_circle(case: RestCase, api: Api, by: str) -> None:
    numbers = iter(range(1000))

    def reply(asked: Asked) -> dict[str, Any]:
        here = asked.query.get("cursor", "a")
        there = {"a": "b", "b": "c", "c": "b"}[here]
        return answer([record(next(numbers))], next=there if by == "token" else f"payments?cursor={there}")

    api.answer = reply
    case.request |= {"pages": {"by": by, "next": "data.next"} | ({"parameter": "cursor"} if by == "token" else {})}
    with pytest.raises(DataError, match="go round in a circle"):
        case.land()
    assert len(api.asked) == 3


def test_more_without_a_token_is_an_error(case: RestCase, api: Api) -> None:
    api.answer = lambda asked: answer(ALL, more=True)
    case.request |= {"pages": {"by": "token", "parameter": "cursor", "next": "data.next", "more": "data.more"}}
    with pytest.raises(DataError, match=r"there is more, but no 'data\.next'"):
        case.land()


def test_fewer_records_than_the_total_are_read_again_and_then_refused(case: RestCase, api: Api) -> None:
    api.answer = lambda asked: answer(ALL, total=8)
    case.request |= {"total": "data.total"}
    with pytest.raises(DataError, match=r"told a total of 8, and 7 records came \(3 readings\): nothing is landed"):
        case.land()
    assert len(api.asked) == 3


def test_pages_that_changed_meanwhile_are_read_again(case: RestCase, api: Api) -> None:
    """A record is added in front while page 1 is read: the third one moves to page 2, and comes twice."""
    held = list(ALL)

    def reply(asked: Asked) -> dict[str, Any]:
        place = int(asked.query["offset"])
        found = answer(held[place : place + 3])
        if len(api.asked) == 1:
            held.insert(0, record(99))
        return found

    api.answer = reply
    case.request |= {"pages": {"by": "offset", "parameter": "offset"}}
    assert ids(case) == ["99", *WHOLE]
    assert any("1 records came on two pages" in text for text in case.said)


def test_a_record_deleted_meanwhile_is_seen_by_the_total(case: RestCase, api: Api) -> None:
    """Record 1 goes while page 1 is read, so record 4 slips onto page 1 and is never seen; only the total tells."""
    held = list(ALL)

    def reply(asked: Asked) -> dict[str, Any]:
        place = int(asked.query["offset"])
        found = answer(held[place : place + 3], total=len(held))
        if len(api.asked) == 1:
            del held[0]
        return found

    api.answer = reply
    case.request |= {"pages": {"by": "offset", "parameter": "offset"}, "total": "data.total"}
    assert ids(case) == WHOLE[1:]
    assert any("a total of 7 first and 6 on page 2" in text for text in case.said)


def test_the_same_twice_on_one_page_is_the_source_itself(case: RestCase, api: Api) -> None:
    api.answer = lambda asked: answer([record(1), record(1)] if asked.query["page"] == "1" else [])
    case.request |= {"pages": {"by": "page", "parameter": "page"}}
    assert ids(case) == ["1", "1"]


def test_no_records_at_all(case: RestCase, api: Api) -> None:
    api.answer = lambda asked: answer([])
    result = case.land()
    assert (result.new, result.rows_in) == (1, 0)
    assert case.payments() == []
