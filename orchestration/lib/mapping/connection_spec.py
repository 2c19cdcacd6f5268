"""Where a source is, as ``connection`` of a mapping file says it: files, a database, or an API."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from orchestration.lib.mapping.spec_base import HintedError, Spec, Text

_ONE_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
# user:password@ with a password that is no ${VARIABLE}, and the same as a parameter of the address
_LITERAL_PASSWORD = re.compile(
    r"://[^/?#@:]*:(?!\$\{[A-Za-z_][A-Za-z0-9_]*\}@)[^@]+@|[?&](?:password|passwd|pwd)=(?!\$\{)", re.IGNORECASE
)
_SECRET_NAME = re.compile(r"authorization|token|secret|password|api[-_]?key|access[-_]?key|signature", re.IGNORECASE)
_NEEDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {  # type of auth → what it needs, what it may have besides
    "bearer": (frozenset({"token"}), frozenset()),
    "key": (frozenset({"value"}), frozenset({"header", "parameter"})),
    "basic": (frozenset({"user", "password"}), frozenset()),
    "oauth2": (frozenset({"token_url", "client_id", "client_secret"}), frozenset({"scope", "client_in"})),
}


def _secret(value: Any) -> Any:
    if not isinstance(value, str) or not _ONE_VARIABLE.fullmatch(value):
        raise HintedError(
            "a mapping file is no place for a secret",
            'write "${NAME_OF_VARIABLE}", and put the value into .env of the workspace',
        )
    return value


Secret = Annotated[str, BeforeValidator(_secret)]


def refuse_secrets(given: dict[str, Any], what: str) -> None:
    """Raise if something whose name says that it is secret is written down in clear."""
    for name, value in given.items():
        if _SECRET_NAME.search(name) and not _ONE_VARIABLE.search(str(value)):
            raise HintedError(
                f"the {what} '{name}' looks like a secret, and a mapping file is no place for one",
                "use auth, or write ${NAME_OF_VARIABLE} and put the value into .env of the workspace",
            )


class AuthSpec(Spec):
    """How an API is told who asks."""

    type: Literal["bearer", "key", "basic", "oauth2"]
    token: Secret | None = None
    header: str | None = Field(default=None, min_length=1)
    parameter: str | None = Field(default=None, min_length=1)
    value: Secret | None = None
    user: Text | None = None
    password: Secret | None = None
    token_url: str | None = Field(default=None, min_length=1)
    client_id: Text | None = None
    client_secret: Secret | None = None
    scope: Text | None = None
    client_in: Literal["body", "header"] = "body"

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        needed, possible = _NEEDS[self.type]
        given = {name for name in self.model_fields_set - {"type"} if getattr(self, name) is not None}
        if missing := sorted(needed - given):
            raise HintedError(f"auth of type {self.type} needs '{missing[0]}'", f"add {missing[0]}: ...")
        if stray := sorted(given - needed - possible):
            raise HintedError(f"'{stray[0]}' does not go with auth of type {self.type}", "remove it")
        if self.type == "key" and (self.header is None) == (self.parameter is None):
            raise HintedError("auth of type key needs either 'header' or 'parameter'", "write header: X-API-Key")
        return self


class ApiSpec(Spec):
    """How an API is asked: who asks, how often, and how long an answer is waited for."""

    auth: AuthSpec | None = None
    headers: dict[str, Text] = Field(default_factory=dict)
    requests_per_minute: Annotated[int, Field(strict=True, ge=1, le=60_000)] | None = None
    timeout_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = 30
    attempts: Annotated[int, Field(strict=True, ge=1, le=10)] = 5


class ConnectionSpec(ApiSpec):
    """A folder of files, a SQLite database, a database that SQLAlchemy has an address for, or a REST API."""

    type: Literal["files", "sqlite", "sql", "rest"]
    path: str | None = Field(default=None, min_length=1)
    url: str | None = Field(default=None, min_length=1)
    schema_: str | None = Field(default=None, alias="schema", min_length=1)

    @model_validator(mode="after")
    def _is_an_address(self) -> Self:
        stray = sorted(set(ApiSpec.model_fields) & self.model_fields_set)
        if self.type != "rest" and stray:
            raise HintedError(f"'{stray[0]}' goes with type: rest only", "remove it, or write type: rest")
        if self.schema_ is not None and self.type == "rest":
            raise HintedError("'schema' goes with type: sql only", "remove it")
        if self.type in {"files", "sqlite"}:
            if self.path is None:
                raise HintedError(f"a connection of type {self.type} needs 'path'", "add path: FOLDER (or the file)")
            if self.url is not None or self.schema_ is not None:
                raise HintedError("'url' and 'schema' go with type: sql only", "remove it, or write type: sql")
            return self
        if self.path is not None or self.url is None:
            raise HintedError(
                f"a connection of type {self.type} needs 'url' and no 'path'", 'write url: "${NAME_OF_VARIABLE}"'
            )
        if _LITERAL_PASSWORD.search(self.url):
            raise HintedError(
                "the url holds a password, and a mapping file is no place for one",
                'write url: "${NAME_OF_VARIABLE}", or ${NAME_OF_VARIABLE} in the place of the password, and put the '
                "value into .env of the workspace",
            )
        if self.url.lower().startswith("sqlite"):
            raise HintedError("a SQLite database is read by its own, exact reader", "write {type: sqlite, path: FILE}")
        if self.type == "rest":
            _check_address(self.url)
            refuse_secrets(self.headers, "header")
        return self


def _check_address(url: str) -> None:
    if not url.startswith(("http://", "https://", "${")):
        raise HintedError("the url of an API begins with https:// (or http://)", "write url: https://host/api")
    parts = urlsplit(url)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise HintedError(
            "the url of an API has no user, no parameters and no #",
            "put them under auth, and under parameters of the object's request",
        )
