"""What dbt would give the macros, for sqlfluff, which renders them without dbt and without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from ruamel.yaml import YAML

_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project" / "dbt_project.yml"
_VARIABLES: dict[str, Any] = YAML(typ="safe").load(_PROJECT)["vars"]


def var(name: str, default: Any = None) -> Any:
    """The project's own default of a variable."""
    return _VARIABLES.get(name, default)


class _Adapter:
    """Dispatch to DuckDB's version of a macro, else the general one, so that what runs is what is linted."""

    @pass_context
    def dispatch(self, context: Context, name: str, package: str | None = None) -> Any:
        own = context.resolve(f"duckdb__{name}")
        return context.resolve(f"default__{name}") if isinstance(own, Undefined) else own


class _Exceptions:
    """A macro that refuses its input fails the lint with its own text."""

    def raise_compiler_error(self, message: str) -> None:
        raise ValueError(message)


adapter = _Adapter()
exceptions = _Exceptions()
