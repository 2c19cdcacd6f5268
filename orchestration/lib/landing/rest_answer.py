"""The answer to one HTTP request: whole, within bounds, and JSON; and what its headers say."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from orchestration.lib.errors import DataError
from orchestration.lib.landing.away import AgainError, AwayError
from orchestration.lib.landing.limits import MB, Limits
from orchestration.lib.landing.rest_json import Answer, UnreadableError

_BLOCK = 64 << 10
_OWN_PORTS = {"http": 80, "https": 443}


def read_answer(response: requests.Response, limits: Limits, *, url: str, until: float, what: str) -> Answer:
    """The body of an answer.

    Args:
        until: the moment (``time.monotonic``) at which the reading has to end.

    Raises:
        AgainError: it broke off, or is no JSON: asked again it may well be.
        AwayError: it takes too long.
        DataError: it is too large.
    """
    found, broke_off = bytearray(), False
    try:
        # whatever has come is taken, so that one that drips is seen to take too long
        while block := response.raw.read1(_BLOCK, decode_content=True):
            found += block
            if len(found) > limits.max_response_mb * MB:
                raise DataError(
                    f"{what}: an answer is larger than {limits.max_response_mb} MB",
                    hint="ask for smaller pages, or raise limits: {max_response_mb: ...} in triloop.yml",
                )
            if time.monotonic() > until:
                raise AwayError(
                    f"{what}: took longer than {limits.max_reading_minutes} minutes",
                    hint="raise limits: {max_reading_minutes: ...} in triloop.yml, or read only what changed (cursor)",
                )
    except (HTTPError, OSError):
        broke_off = True
    if broke_off:
        raise AgainError("the answer broke off")
    return _parsed(bytes(found), response, url)


def _parsed(found: bytes, response: requests.Response, url: str) -> Answer:
    links = {rel: link["url"] for rel, link in response.links.items() if "url" in link}
    kind = response.headers.get("Content-Type", "").lower()
    if "html" in kind or found.lstrip()[:1] == b"<":
        raise AgainError("the API answers with a web page instead of JSON (a login page, or it is being serviced)")
    charset = kind.partition("charset=")[2].partition(";")[0].strip().strip('"') or "utf-8"
    problem = ""
    try:
        return Answer(found.decode("utf-8-sig" if charset in {"utf-8", "utf8"} else charset), url=url, links=links)
    except (UnicodeDecodeError, LookupError):
        problem = f"the text is not in {charset}"
    except UnreadableError as error:
        problem = str(error)
    raise AgainError(f"the answer is not whole JSON: {problem}")


def retry_after(text: str | None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """The seconds that a Retry-After header asks for, in either of its writings; None if it says nothing.

    >>> retry_after("120")
    120.0
    """
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max((moment - now()).total_seconds(), 0.0)


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _OWN_PORTS.get(parts.scheme)
