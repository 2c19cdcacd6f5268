"""The sheets of a spreadsheet that may hold tables."""

from __future__ import annotations

from pathlib import Path

from orchestration.lib.errors import ConfigurationError, DataError, nearest


def sheets_of(path: Path, wanted: str | None) -> list[str]:
    """Names of the visible sheets with anything in them, or the wanted one (by name, or by number from 1).

    Raises:
        ConfigurationError: there is no such sheet.
        DataError: the file is no sound spreadsheet, or all its sheets are empty.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    from orchestration.lib.landing.limits import Limits
    from orchestration.lib.landing.workbook_guard import inspect

    inspect(path, path.name, Limits())
    try:
        with path.open("rb") as stream:
            workbook = CalamineWorkbook.from_filelike(stream)
            names = list(workbook.sheet_names)
            if wanted is not None:
                return [_wanted(names, wanted, path)]
            visible = [
                one.name
                for one in workbook.sheets_metadata
                if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
            ]
            filled = [one for one in visible if workbook.get_sheet_by_name(one).height]
    except PasswordError:
        raise DataError(
            f"{path.name} is protected by a password", file=path.name, hint="save it again without a password"
        ) from None
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(
            f"{path.name} is not a sound spreadsheet: {error}", file=path.name, hint="open it and save it again"
        ) from None
    if not filled:
        raise DataError(f"{path.name} has no sheet with a table", file=path.name, hint="a table has a header and rows")
    return filled


def _wanted(names: list[str], wanted: str, path: Path) -> str:
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names) and wanted not in names:
        return names[int(wanted) - 1]
    if wanted not in names:
        raise ConfigurationError(f"{path.name} has no sheet '{wanted}'", hint=nearest(wanted, names))
    return wanted
