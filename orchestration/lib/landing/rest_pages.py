"""The pages of an answer, one after the other, until one is the last; never for ever, and never the same twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.lib.errors import DataError
from orchestration.lib.landing.rest_client import Call, Client
from orchestration.lib.mapping.spec_base import as_text

if TYPE_CHECKING:
    from orchestration.lib.landing.rest_json import Answer
    from orchestration.lib.mapping.request_spec import PagesSpec, ResourceSpec


class ChangedError(Exception):
    """The pages changed while they were read, so that a record may be missing or there twice; says how it was seen."""


@dataclass(frozen=True)
class Page:
    """The records of one page; ``answer`` is what they are written by."""

    number: int
    records: list[Any]
    answer: Answer
    what: str


def read_pages(client: Client, resource: ResourceSpec, *, changes: dict[str, str], what: str) -> Iterator[Page]:
    """Every page of a resource.

    Args:
        changes: the parameter that asks for changes since a moment; empty for all.
        what: the resource as a person knows it.

    Raises:
        ChangedError: the total that the API tells is not what came, or changes from page to page.
        DataError: a page is repeated, the next one is one that was read, or the API says that something is wrong.
        AwayError, ConfigurationError: as :meth:`Client.ask`.
    """
    place = _Place(client, resource, {**_filled(client, resource.parameters), **changes})
    seen: dict[str, int] = {}
    received, total, number = 0, None, 0
    call: Call | None = place.first()
    while call is not None:
        number += 1
        here = f"{what}, page {number}" if resource.pages is not None else what
        answer = client.ask(call, what=here)
        _require_ok(client, resource, answer, here)
        records = answer.records(resource.records, what=here)
        _refuse_repeated(answer.digest(records) if records else "", number, seen, what)
        told = _total(resource, answer, here)
        if told is not None and total not in (None, told):
            raise ChangedError(f"the API told a total of {total:,} first and {told:,} on page {number}")
        total = told if total is None else total
        received += len(records)
        yield Page(number, records, answer, here)
        call = place.next(answer, page=number, records=len(records), received=received, total=total, what=here)
    if total is not None and received != total:
        raise ChangedError(f"the API told a total of {total:,}, and {received:,} records came")


class _Place:
    """Where the pages of a resource are."""

    def __init__(self, client: Client, resource: ResourceSpec, parameters: dict[str, Any]) -> None:
        self._client, self._resource, self._parameters = client, resource, parameters
        self._pages = resource.pages
        self._seen: set[str] = set()
        path = client.secrets.filled(resource.path or "", "request.path", secret=False)
        self._url = f"{client.base}/{path.lstrip('/')}" if path else client.base

    def first(self) -> Call:
        """The first page."""
        pages, asked = self._pages, dict(self._parameters)
        if pages is None:
            return self._call(asked)
        if pages.by in {"page", "offset"}:
            asked[pages.parameter or ""] = self._first(pages)
        return self._call(asked | self._size(pages))

    def next(
        self, answer: Answer, *, page: int, records: int, received: int, total: int | None, what: str
    ) -> Call | None:
        """The page after the one that was answered; None after the last.

        Raises:
            DataError: it is one that was read already, or the answer does not say where it is.
        """
        pages = self._pages
        if pages is None or (pages.more is not None and answer.text(pages.more, what=what) in {None, "false", "0"}):
            return None
        if pages.by == "link_header":
            link = answer.links.get("next")
            return None if link is None else self._follow(link, answer.url, what)
        if pages.next is not None:
            told = answer.text(pages.next, what=what)
            if not told:
                if pages.more is not None:
                    raise DataError(f"{what}: there is more, but no '{pages.next}'", hint="correct 'pages'")
                return None
            return self._follow(told, answer.url, what) if pages.by == "link" else self._token(told, pages, what)
        return self._counted(answer, pages, page=page, records=records, received=received, total=total, what=what)

    def _counted(
        self, answer: Answer, pages: PagesSpec, *, page: int, records: int, received: int, total: int | None, what: str
    ) -> Call | None:
        # A page that is not full proves nothing: many APIs give fewer than were asked for.
        if records == 0 or (total is not None and received >= total):
            return None
        first = self._first(pages)
        if pages.last is not None and first + page - 1 >= _whole(answer.text(pages.last, what=what), pages.last, what):
            return None
        place = first + (page if pages.by == "page" else received)
        return self._call({**self._parameters, **self._size(pages), pages.parameter or "": place})

    def _token(self, token: str, pages: PagesSpec, what: str) -> Call:
        self._once(token, what)
        return self._call({**self._parameters, **self._size(pages), pages.parameter or "": token})

    def _follow(self, link: str, near: str, what: str) -> Call:
        target = self._client.same_host(link, near, what=what)
        self._once(target, what)
        if self._resource.method == "POST":
            return Call(target, "POST", body=self._parameters)
        return Call(target)

    def _once(self, place: str, what: str) -> None:
        if place in self._seen:
            raise DataError(
                f"{what}: the next page is one that was read already: the pages go round in a circle",
                hint="nothing is landed; correct 'next' under pages of the request, or tell those who run the API",
            )
        self._seen.add(place)

    def _call(self, parameters: dict[str, Any]) -> Call:
        if self._resource.method == "GET":
            return Call(self._url, parameters={name: _query(value) for name, value in parameters.items()})
        body: dict[str, Any] = {}
        for name, value in parameters.items():
            _put(body, name.split("."), value)
        return Call(self._url, "POST", body=body)

    def _first(self, pages: PagesSpec) -> int:
        return pages.first if pages.first is not None else 1 if pages.by == "page" else 0

    def _size(self, pages: PagesSpec) -> dict[str, int]:
        return {pages.size_parameter: pages.size} if pages.size_parameter is not None and pages.size is not None else {}


def _refuse_repeated(digest: str, number: int, seen: dict[str, int], what: str) -> None:
    if not digest:
        return
    if digest in seen:
        raise DataError(
            f"{what}: page {number} brings the same records as page {seen[digest]}",
            hint="nothing is landed; the API does not know the parameters that 'pages' names, or repeats its last "
            "page: correct 'pages' of the request, or say with 'total', 'last' or 'more' where it ends",
        )
    seen[digest] = number


def _require_ok(client: Client, resource: ResourceSpec, answer: Answer, what: str) -> None:
    """Some APIs answer 200 whatever happened, and say in the body whether they mean it."""
    for path, accepted in resource.ok.items():
        told = answer.text(path, what=what, required=True)
        if told not in accepted:
            raise DataError(
                f"{what}: the API says {path} = {client.secrets.hidden(str(told))[:60]}",
                hint=f"only {', '.join(accepted)} means that all is well; see what the API's documentation says of it",
            )


def _total(resource: ResourceSpec, answer: Answer, what: str) -> int | None:
    return None if resource.total is None else _whole(answer.text(resource.total, what=what), resource.total, what)


def _whole(told: str | None, path: str, what: str) -> int:
    if told is None or not told.isdecimal():
        raise DataError(f"{what}: '{path}' of the answer is no whole number", hint="correct it in the request")
    return int(told)


def _filled(client: Client, value: Any) -> Any:
    """The parameters as the environment completes them."""
    if isinstance(value, dict):
        return {name: _filled(client, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(client, one) for one in value]
    if isinstance(value, str):
        return client.secrets.filled(value, "request.parameters")
    return value if isinstance(value, bool | int) else as_text(value)


def _query(value: Any) -> Any:
    return [as_text(one) for one in value] if isinstance(value, list) else as_text(value)


def _put(body: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        body = body.setdefault(step, {})
    body[steps[-1]] = value
