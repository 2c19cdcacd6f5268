"""Asking an API over HTTP: patient within bounds, never faster than allowed, and never with a secret to another host.

Nothing that a library says about a failure is passed on, because it quotes addresses with their parameters: what went
wrong is told in words of our own.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from orchestration.lib.errors import ConfigurationError, DataError, TriloopError
from orchestration.lib.landing.away import AgainError, AwayError, LoginError
from orchestration.lib.landing.limits import Limits
from orchestration.lib.landing.rest_answer import origin, read_answer, retry_after
from orchestration.lib.landing.rest_auth import Auth, Secrets
from orchestration.lib.landing.rest_json import Answer

if TYPE_CHECKING:
    from orchestration.lib.landing.model import Progress
    from orchestration.lib.mapping.model import SourceMapping

CONNECT_SECONDS = 15
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds between attempts, doubled each time, unless the API says how long
_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_PATIENCE = {408, 425, 429, 500, 502, 503, 504}  # asked again in a while, it may well answer


@dataclass(frozen=True)
class Call:
    """One request; ``parameters`` go into the address, ``body`` as JSON, ``form`` as a form."""

    url: str
    method: str = "GET"
    parameters: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None


class Client:
    """The requests of one reading of a source.

    Args:
        tell: hears of each wait.
        until: the moment (``time.monotonic``) at which the reading has to end.
        attempts: instead of those that the mapping allows.
    """

    def __init__(
        self,
        mapping: SourceMapping,
        limits: Limits,
        *,
        until: float,
        tell: Progress = lambda text: None,
        attempts: int | None = None,
    ) -> None:
        api = mapping.connection.api
        if api is None:
            raise ValueError(f"{mapping.source} is no API")
        # it would write addresses, and with them keys, into logs
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
        self.secrets = Secrets(mapping)
        self._mapping, self._limits, self._tell = mapping, limits, tell
        self._api, self._attempts = api, attempts or api.attempts
        self._auth = Auth(api.auth, self.secrets)
        self._until = until
        self._next = 0.0
        self._session = requests.Session()
        self._session.auth = lambda request: request  # else the user's .netrc would be looked into
        filled = {name: self.secrets.filled(text, "connection.headers") for name, text in api.headers.items()}
        self._session.headers.update({"Accept": "application/json", "User-Agent": "triloop", **filled})
        base = self.secrets.filled(mapping.connection.url or "", "connection.url", secret=False)
        self.base = base.rstrip("/")
        if urlsplit(base).scheme not in {"http", "https"} or not urlsplit(base).hostname:
            raise ConfigurationError(
                f"connection.url of source '{mapping.source}' is not the address of an API",
                file=mapping.file,
                hint="write it as https://host/path",
            )

    def close(self) -> None:
        """Let connections go."""
        self._session.close()

    def ask(self, call: Call, *, what: str) -> Answer:
        """The answer to a request.

        Args:
            what: what is asked for, as a person knows it; opens each message.

        Raises:
            ConfigurationError: the login is refused, or the address is none.
            AwayError: there was no whole answer within the allowed attempts and time.
            DataError: the answer cannot be taken: no such resource, too large, a refusal.
        """
        renewed, attempt = False, 1
        while True:
            try:
                if self._auth.needs_token:
                    self._fetch_token()
                return self._answer(call, what)
            except _RefusedError as refused:
                if renewed or not self._auth.renews:
                    raise refused.error from None
                renewed = True
                self._auth.forget_token()
            except AgainError as again:
                self._wait(again, attempt, what)
                attempt += 1

    def same_host(self, link: str, near: str, *, what: str) -> str:
        """Where a link of an answer leads, which must be the same host.

        A proxy often makes ``http`` of ``https`` in links; that is put back.

        Raises:
            DataError: it leads elsewhere.
        """
        target, base = urljoin(near, link), urlsplit(near)
        found = urlsplit(target)
        if base.scheme == "https" and found.scheme == "http" and found.hostname == base.hostname:
            found = found._replace(scheme="https", netloc=base.netloc)
        if origin(found.geturl()) != origin(near):
            raise DataError(
                f"{what}: the API sends us to another host "
                f"({self.secrets.hidden(f'{found.scheme}://{found.hostname}')})",
                hint="no request goes there, because it would carry the login; if it is right, let connection.url "
                "name that host",
            )
        return found.geturl()

    def _wait(self, again: AgainError, attempt: int, what: str) -> None:
        pause = min(_FIRST_WAIT * 2 ** (attempt - 1), _LONGEST_WAIT)
        pause *= random.uniform(0.5, 1.5)  # many clients that were turned away together must not come back together
        pause = pause if again.wait is None else again.wait + random.uniform(0, 1)
        cause = self.secrets.hidden(again.cause)
        if attempt >= self._attempts or time.monotonic() + pause > self._until:
            asked = "once" if attempt == 1 else f"{attempt} times"
            hint = "see that connection.url is right, the server runs, and no firewall is between; then run again"
            if again.wait is not None:
                hint = f"it asks to be left alone for {again.wait:.0f} s; set requests_per_minute, and run again later"
            raise AwayError(f"{what}: {cause} (asked {asked})", hint=hint) from None
        self._tell(f"{what}: {cause}; asking again in {pause:.0f} s")
        time.sleep(pause)

    def _pace(self) -> None:
        """Keep to requests_per_minute: evenly, because an API counts in windows that we do not know."""
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        if self._api.requests_per_minute is not None:
            self._next = max(self._next, now) + 60 / self._api.requests_per_minute

    def _fetch_token(self) -> None:
        url, form, headers = self._auth.token_request()
        what = f"the token of source '{self._mapping.source}'"
        with self._sent(Call(url, "POST", form=form), headers, {}) as response:
            if response.status_code in {400, 401, 403}:
                raise self._no_login(response.status_code)
            self._check(response, what)
            answer = read_answer(response, self._limits, url=url, until=self._until, what=what)
        self._auth.take_token(answer, what=what)

    def _answer(self, call: Call, what: str) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            with self._sent(call, self._auth.headers(), self._auth.parameters()) as response:
                status, url = response.status_code, call.url
                if status in _REDIRECTS and "Location" in response.headers:
                    call = self._redirected(call, response.headers["Location"], status, what)
                    continue
                if status == 401 or (status == 403 and "Retry-After" not in response.headers):
                    raise _RefusedError(self._no_login(status))
                self._check(response, what)
                return read_answer(response, self._limits, url=url, until=self._until, what=what)
        raise DataError(f"{what}: redirected more than {_MOST_REDIRECTS} times", hint="correct connection.url")

    @contextmanager
    def _sent(
        self, call: Call, headers: Mapping[str, str], parameters: Mapping[str, str]
    ) -> Iterator[requests.Response]:
        """Send a request; its answer is closed at the end, read or not."""
        self._pace()
        there = dict(parse_qsl(urlsplit(call.url).query))  # a link to the next page may bring the key along
        given = {key: value for key, value in parameters.items() if key not in there}
        cause = fault = ""
        response: requests.Response | None = None
        try:
            request = requests.Request(
                call.method, call.url, params={**(call.parameters or {}), **given}, headers=dict(headers),
                json=call.body, data=call.form,
            )  # fmt: skip
            prepared = self._session.prepare_request(request)
            settings = self._session.merge_environment_settings(prepared.url or "", {}, True, None, None)
            timeout = (CONNECT_SECONDS, self._api.timeout_seconds)
            response = self._session.send(prepared, timeout=timeout, allow_redirects=False, **settings)
        except requests.exceptions.SSLError:
            cause = "its certificate is not trusted, or TLS failed"
        except requests.Timeout:
            cause = f"no answer within {self._api.timeout_seconds} s"
        except requests.ConnectionError as error:
            cause = "the connection was refused or broke off" if "NameResolution" not in str(error) else "no such host"
        except (requests.RequestException, HTTPError, UnicodeError, ValueError):
            fault = "the request cannot be sent as the mapping and the variables write it"
        if fault:
            raise ConfigurationError(
                f"source '{self._mapping.source}': {fault}",
                file=self._mapping.file,
                hint="an address, a header or a secret holds a blank, a line break or a sign that has no place there",
            )
        if response is None:
            raise AgainError(cause)
        with response:
            yield response

    def _redirected(self, call: Call, location: str, status: int, what: str) -> Call:
        target = urljoin(call.url, location)
        if self._auth.is_secret or self.secrets.known or origin(target)[1:] == origin(call.url)[1:]:
            target = self.same_host(location, call.url, what=what)
        if call.method != "GET" and status in {301, 302, 303}:
            raise DataError(f"{what}: a request with a body is redirected ({status})", hint="correct connection.url")
        return Call(target, call.method, body=call.body)

    def _check(self, response: requests.Response, what: str) -> None:
        """Raise unless the status says that there is an answer."""
        status, wait = response.status_code, retry_after(response.headers.get("Retry-After"))
        if status in _PATIENCE or (status == 403 and wait is not None):
            told = "asks for fewer requests" if status in {403, 429} else "has a fault or is being serviced"
            raise AgainError(f"the API {told} (status {status})", wait)
        if status in {404, 410}:
            raise DataError(
                f"{what}: the API has no such resource (status {status})",
                file=self._mapping.file,
                hint="correct 'path' of the request, or connection.url",
            )
        if not 200 <= status < 300:
            raise DataError(
                f"{what}: the API refuses the request (status {status})",
                file=self._mapping.file,
                hint="correct the parameters of the request; try it with curl, as the same user",
            )

    def _no_login(self, status: int) -> TriloopError:
        return LoginError(
            f"the API of source '{self._mapping.source}' refuses the login (status {status})",
            file=self._mapping.file,
            hint="correct auth of the connection, or the values of its variables (.env of the workspace); and see that "
            "this user may read what is asked for",
        )


class _RefusedError(Exception):
    """The login was refused; ``error`` is what the user is told."""

    def __init__(self, error: TriloopError) -> None:
        self.error = error
        super().__init__(error.message)
