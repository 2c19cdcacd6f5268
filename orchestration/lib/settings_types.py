"""Types that several groups of settings share."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from orchestration.lib.yaml_source import FieldError


def _day(value: Any) -> Any:
    # pydantic would take 20260131 for seconds since 1970
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise FieldError(f"'{value}' is not a day", "write a day as YYYY-MM-DD") from None
    if value is not None and not isinstance(value, date):
        raise FieldError(f"'{value}' is not a day", "write a day as YYYY-MM-DD")
    return value


def _exact(value: Any) -> Any:
    if isinstance(value, bool):
        raise FieldError(f"must be a number, not {str(value).lower()}", "write a plain number such as 0.05")
    # through text, so that a float given by a program is the number its author wrote
    return Decimal(str(value)) if isinstance(value, float) else value


def _share(value: Decimal) -> Decimal:
    if not 0 <= value <= 1:
        raise FieldError(f"{value} is not between 0 and 1", "write a share: 5 % is 0.05")
    return value


Day = Annotated[date, BeforeValidator(_day)]
Count = Annotated[int, Field(strict=True, ge=0)]
Exact = Annotated[Decimal, BeforeValidator(_exact)]
Share = Annotated[Exact, AfterValidator(_share)]
AgeingDays = Annotated[int, Field(strict=True, ge=2, le=3650)]


class Group(BaseModel):
    """A group of settings; a key it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
