"""``triloop verify``: the invariants, looked at one by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json
from orchestration.cli.text import LANGUAGES, choose_language
from orchestration.lib.errors import ConfigurationError, ExitCode
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.verify import Outcome

MARKS = {"ok": "✓", "violated": "✗", "not_evaluated": "–"}
TEXT: dict[str, tuple[str, str]] = {
    "ok": ("ok", "成立"),
    "violated": ("violated", "不成立"),
    "not_evaluated": ("not evaluated", "未评估"),
    "row": ("row", "行"),
    "all": ("every invariant that could be evaluated holds", "所有可评估的不变量均成立"),
    "some": ("{count} invariant(s) do not hold: {names}", "{count} 项不变量不成立：{names}"),
}


def verify(
    workspace: WorkspaceOption = None,
    canaries: Annotated[
        Path | None, typer.Option("--canaries", help="a file of texts, one a line, that may be nowhere in clear")
    ] = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Prove that no row, no cent and no personal value went astray / 验证行数、金额与个人数据均无差错."""
    language = choose_language(lang)
    opened = Workspace.open(workspace)
    lines = _lines(canaries)
    from orchestration.lib.verify import verify_workspace

    with opened.writer_lock("verify"):
        outcomes = verify_workspace(opened, canaries=lines)
    bad = [one.invariant for one in outcomes if one.status == "violated"]
    if as_json:
        print_json({"ok": not bad, "invariants": [_plain(one) for one in outcomes]})
    else:
        for one in outcomes:
            _show(one, language)
        typer.echo("")
        typer.echo(tell("some", language, count=len(bad), names=", ".join(bad)) if bad else tell("all", language))
    if bad:
        raise typer.Exit(int(ExitCode.DATA))


def tell(key: str, language: str, **values: object) -> str:
    """A text of this command in a language."""
    return TEXT[key][LANGUAGES.index(language)].format(**values)


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("the canaries cannot be read", file=path, hint="UTF-8, one text a line") from error


def _show(one: Outcome, language: str) -> None:
    status = one.status.value
    compared = ", ".join(f"{name} {told:,}" if isinstance(told, int) else f"{name} {told}"
                         for name, told in one.compared.items())  # fmt: skip
    title = one.title.zh if language == "zh" else one.title.en
    typer.echo(f"{MARKS[status]} {one.invariant:<4}{title}: {tell(status, language)}")
    if compared:
        typer.echo(f"      {compared}")
    if one.reason is not None:
        typer.echo(f"      {one.reason.zh if language == 'zh' else one.reason.en}")
    for note in one.notes:
        typer.echo(f"      {note.zh if language == 'zh' else note.en}")
    for found in one.violations:
        row = "" if found.row is None else f" {tell('row', language)} {found.row}"
        place = f" ({found.file}{row})"
        said = found.detail.zh if language == "zh" else found.detail.en
        typer.echo(f"    ✗ {found.table}{place if found.file else ''}: {said}")


def _plain(one: Outcome) -> dict[str, Any]:
    return {
        "id": one.invariant,
        "title": {"en": one.title.en, "zh": one.title.zh},
        "status": one.status.value,
        "compared": one.compared,
        "reason": {"en": one.reason.en, "zh": one.reason.zh} if one.reason else None,
        "notes": [{"en": note.en, "zh": note.zh} for note in one.notes],
        "violations": [
            {
                "table": found.table,
                "file": found.file,
                "row": found.row,
                "detail": {"en": found.detail.en, "zh": found.detail.zh},
            }
            for found in one.violations
        ],
    }
