"""What the shapes of a mapping file are built from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class HintedError(ValueError):
    """A complaint of a validator that also knows the fix."""

    def __init__(self, message: str, hint: str) -> None:
        self.hint = hint
        super().__init__(message)


class Spec(BaseModel):
    """A part of a mapping file; a key that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def as_text(value: Any) -> Any:
    """YAML's numbers, days and true/false as the text they were written as; anything else unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal | date) else value


def as_list(value: Any) -> Any:
    """A single value as a list of it."""
    return value if isinstance(value, list) else [value]


Text = Annotated[str, BeforeValidator(as_text)]
TextList = Annotated[list[Text], BeforeValidator(as_list)]
