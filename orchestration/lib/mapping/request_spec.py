"""What an object of a REST API is asked for, as ``request`` of a mapping file says it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from orchestration.lib.mapping.connection_spec import refuse_secrets
from orchestration.lib.mapping.spec_base import HintedError, Spec, Text, as_list

By = Literal["page", "offset", "token", "link", "link_header"]
_NEEDS: dict[By, tuple[frozenset[str], frozenset[str]]] = {  # what each way of paging needs, and may have besides
    "page": (frozenset({"parameter"}), frozenset({"first", "size", "size_parameter", "more", "last"})),
    "offset": (frozenset({"parameter"}), frozenset({"first", "size", "size_parameter", "more"})),
    "token": (frozenset({"parameter", "next"}), frozenset({"size", "size_parameter", "more"})),
    "link": (frozenset({"next"}), frozenset({"size", "size_parameter", "more"})),
    "link_header": (frozenset(), frozenset({"size", "size_parameter"})),
}


def _inside(path: Any) -> Any:
    if isinstance(path, str) and (path.startswith(("http:", "https:")) or ".." in path.split("/") or "#" in path):
        raise HintedError(f"'{path}' is no path below the url of the connection", "write /customers")
    return path


PathText = Annotated[str, BeforeValidator(_inside)]


class PagesSpec(Spec):
    """How the pages of an answer are asked for, one after the other, and which is the last.

    ``next``, ``more`` and ``last`` are places in the answer (``meta.next``): the token or link of the next page,
    whether there is one, the number of the last page.
    """

    by: By
    parameter: str | None = Field(default=None, min_length=1)
    first: Annotated[int, Field(strict=True, ge=0)] | None = None
    size: Annotated[int, Field(strict=True, ge=1)] | None = None
    size_parameter: str | None = Field(default=None, min_length=1)
    next: str | None = Field(default=None, min_length=1)
    more: str | None = Field(default=None, min_length=1)
    last: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _fits_its_way(self) -> Self:
        needed, possible = _NEEDS[self.by]
        given = {name for name in self.model_fields_set - {"by"} if getattr(self, name) is not None}
        if missing := sorted(needed - given):
            raise HintedError(f"pages by {self.by} need '{missing[0]}'", f"add {missing[0]}: ...")
        if stray := sorted(given - needed - possible):
            raise HintedError(f"'{stray[0]}' does not go with pages by {self.by}", "remove it")
        if (self.size is None) != (self.size_parameter is None):
            raise HintedError("'size' and 'size_parameter' go together", "write both, or leave both out")
        return self


class ResourceSpec(Spec):
    """One resource of an API; ``records``, ``total``, the keys of ``ok`` are places in the answer (``data.items``)."""

    path: PathText | None = None
    method: Literal["GET", "POST"] = "GET"
    parameters: dict[str, Any] = Field(default_factory=dict)
    records: str = ""
    total: str | None = None
    ok: dict[str, Annotated[list[Text], BeforeValidator(as_list)]] = Field(default_factory=dict)
    pages: PagesSpec | None = None

    @model_validator(mode="after")
    def _holds_no_secret(self) -> Self:
        refuse_secrets(self.parameters, "parameter")
        return self


class RequestSpec(ResourceSpec):
    """The resource of an object, and where the list of all its keys is, if that is another."""

    path: PathText
    keys: ResourceSpec | None = None

    def key_list(self) -> ResourceSpec:
        """The resource that lists all keys: as ``keys`` says, and else as the object's own."""
        if self.keys is None:
            return self
        own = {name: getattr(self, name) for name in ResourceSpec.model_fields}
        return ResourceSpec.model_construct(
            **{**own, **{name: getattr(self.keys, name) for name in self.keys.model_fields_set}}
        )
