"""Telling an API who asks. Secrets come from the environment, go into requests, and are in nothing that is said."""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from orchestration.lib.landing.source_files import fill_variables

if TYPE_CHECKING:
    from orchestration.lib.landing.rest_json import Answer
    from orchestration.lib.mapping.connection_spec import AuthSpec
    from orchestration.lib.mapping.model import SourceMapping

_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_EARLY_SECONDS = 30  # a token is renewed so long before it ends
_SHORTEST = 4  # shorter values are no secrets, and taking them out would spoil every text


class Secrets:
    """Every value that came from the environment or from a token server, to be kept out of all that is said."""

    def __init__(self, mapping: SourceMapping) -> None:
        self._mapping = mapping
        self.known: set[str] = set()

    def filled(self, text: str, key: str, *, secret: bool = True) -> str:
        """``text`` with its ``${VARIABLE}``s; their values are secret from now on.

        Raises:
            ConfigurationError: a variable is not set.
        """
        for one in _VARIABLE.findall(text) if secret else ():
            self.add(fill_variables(one, self._mapping, key))
        return fill_variables(text, self._mapping, key)

    def add(self, value: str) -> None:
        """Keep a value secret, in every writing that it may be sent in."""
        if len(value) >= _SHORTEST:
            self.known |= {value, quote(value, safe=""), quote(value), quote_plus(value)}

    def hidden(self, text: str) -> str:
        """``text`` without any of them."""
        for value in sorted(self.known, key=len, reverse=True):
            text = text.replace(value, "***")
        return text


class Auth:
    """What a request carries to say who asks: headers and parameters.

    Args:
        spec: as the mapping says; None: nobody in particular.
    """

    def __init__(self, spec: AuthSpec | None, secrets: Secrets) -> None:
        self._spec, self._secrets = spec, secrets
        self._token: str | None = None
        self._until = 0.0

    @property
    def is_secret(self) -> bool:
        """Whether requests carry a secret, so that they must not go to another host."""
        return self._spec is not None

    @property
    def needs_token(self) -> bool:
        """Whether a token has to be fetched before the next request."""
        return self._is_oauth and (self._token is None or time.monotonic() >= self._until)

    @property
    def renews(self) -> bool:
        """Whether a refused token can be replaced by a new one."""
        return self._is_oauth

    def forget_token(self) -> None:
        """The token was refused."""
        self._token = None

    def headers(self) -> dict[str, str]:
        """What the headers of a request say."""
        spec = self._spec
        if spec is None:
            return {}
        if spec.type == "bearer":
            return {"Authorization": f"Bearer {self._fill(spec.token, 'token')}"}
        if spec.type == "basic":
            return self._basic(self._fill(spec.user, "user", secret=False), self._fill(spec.password, "password"))
        if spec.type == "oauth2":
            return {"Authorization": f"Bearer {self._token}"} if self._token is not None else {}
        return {spec.header: self._fill(spec.value, "value")} if spec.header is not None else {}

    def parameters(self) -> dict[str, str]:
        """What the address of a request says."""
        spec = self._spec
        if spec is None or spec.type != "key" or spec.parameter is None:
            return {}
        return {spec.parameter: self._fill(spec.value, "value")}

    def token_request(self) -> tuple[str, dict[str, str], dict[str, str]]:
        """Where a token is asked for, with which form and headers."""
        spec = self._spec
        if spec is None or spec.token_url is None:
            raise ValueError("no token is needed")
        client = self._fill(spec.client_id, "client_id", secret=False)
        secret = self._fill(spec.client_secret, "client_secret")
        form = {"grant_type": "client_credentials"} | ({"scope": spec.scope} if spec.scope is not None else {})
        headers: dict[str, str] = {}
        if spec.client_in == "header":
            headers = self._basic(quote_plus(client), quote_plus(secret))
        else:
            form |= {"client_id": client, "client_secret": secret}
        return self._fill(spec.token_url, "token_url", secret=False), form, headers

    def take_token(self, answer: Answer, *, what: str) -> None:
        """Take the token of an answer, and note when it ends.

        Raises:
            DataError: there is none in it.
        """
        token = answer.text("access_token", what=what, required=True) or ""
        self._secrets.add(token)
        told = answer.text("expires_in", what=what) or ""
        seconds = int(told) if told.isdecimal() else 24 * 3600
        self._token, self._until = token, time.monotonic() + max(seconds - _EARLY_SECONDS, 1)

    @property
    def _is_oauth(self) -> bool:
        return self._spec is not None and self._spec.type == "oauth2"

    def _fill(self, text: str | None, key: str, *, secret: bool = True) -> str:
        return self._secrets.filled(text or "", f"connection.auth.{key}", secret=secret)

    def _basic(self, user: str, password: str) -> dict[str, str]:
        told = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._secrets.add(told)
        return {"Authorization": f"Basic {told}"}
