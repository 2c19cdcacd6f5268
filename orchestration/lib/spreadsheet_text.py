"""Text on its way into a spreadsheet: what it would take for a formula is marked as text; numbers stay numbers."""

from __future__ import annotations

import re
from typing import Any

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r", "\n")
# A number of at most 15 digits is one in a spreadsheet, too; a longer one would lose digits if it were not marked.
_NUMBER = re.compile(r"[-+]?(?=(?:[.]?[0-9]){1,15}$)[0-9]+([.][0-9]+)?")


def neutral(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: behind an apostrophe, if it begins like one.

    Blanks before the sign do not help: some programs trim them when they import.
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    if value.startswith(_CONTROL) or value.lstrip().lstrip("\ufeff\u200b").startswith(_FORMULA):
        return "'" + value
    return value
