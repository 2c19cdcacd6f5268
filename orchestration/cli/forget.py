"""``triloop forget``: erase one person's data; sums stay."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json
from orchestration.cli.text import LANGUAGES, choose_language
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.workspace import Workspace

TEXT: dict[str, tuple[str, str]] = {
    "found": (
        "found on {rows} landed rows: {values} to destroy in the vault, {originals} archived originals to purge",
        "在 {rows} 行落地数据中找到：将销毁保险库中的 {values}，并清除 {originals} 份归档原件",
    ),
    "several": (
        "careful: these rows carry {people} different people's phones or e-mails; to erase one of them, "
        "ask by phone or e-mail",
        "注意：这些行中有 {people} 个不同的电话或邮箱；若只删除其中一人，请用电话或邮箱指定",
    ),
    "confirm": ("destroy them for good?", "确定永久销毁？"),
    "kept": ("nothing was changed", "未作任何更改"),
    "done": (
        "forgotten: {values} destroyed in the vault, {originals} archived originals purged; "
        "{rows} landed rows stay, so every sum stays",
        "已遗忘：销毁保险库中的 {values}，清除 {originals} 份归档原件；{rows} 行落地数据保留，所有合计不变",
    ),
    "nothing": (
        "nothing left: this person was forgotten before ({rows} landed rows carry only tokens)",
        "已无可删除内容：此人先前已被遗忘（{rows} 行落地数据仅含令牌）",
    ),
    "sources": (
        "these files at the source still hold the person; their owner has to correct them:",
        "以下源文件仍含此人信息，须由其负责人更正：",
    ),
    "name": ("names", "个姓名"),
    "phone": ("phones", "个电话"),
    "email": ("e-mails", "个邮箱"),
    "text": ("texts", "段文本"),
    "none": ("0 values", "0 个值"),
}


def forget(
    person: Annotated[
        str, typer.Argument(help="phone, e-mail, name or token; '-' reads it from standard input (not in the history)")
    ],
    workspace: WorkspaceOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Erase one person's data: vault values and archived originals. Sums stay / 删除某人的个人数据，合计不变."""
    language = choose_language(lang)
    opened = Workspace.open(workspace)
    asked = sys.stdin.readline().strip() if person == "-" else person.strip()
    if not asked:
        raise ConfigurationError("nobody was named", hint="triloop forget 13800138000")
    if as_json and not yes:
        raise ConfigurationError("--json does not ask questions", hint="add --yes")
    from orchestration.lib.vault.forget import forget as erase
    from orchestration.lib.vault.forget import plan_forget

    with opened.writer_lock("forget"):
        plan = plan_forget(opened, asked)
        if not plan.known:
            raise DataError(
                "nobody by that phone, e-mail, name or token was ever landed here",
                hint="check the spelling; a name must be whole, as it stands in the source",
            )
        if not plan.nothing_left and not yes:
            counts = {"values": counted(plan.values, language), "originals": len(plan.originals), "rows": plan.rows}
            typer.echo(tell("found", language, **counts))
            if plan.people > 1:
                typer.echo(tell("several", language, people=plan.people))
            if not typer.confirm(tell("confirm", language)):
                typer.echo(tell("kept", language))
                return
        result = erase(opened, asked)
    if as_json:
        print_json(
            {
                "nothing_left": result.nothing_left,
                "values_destroyed": result.values_destroyed,
                "originals_purged": result.originals_purged,
                "rows": result.rows,
                "source_files": list(result.source_files),
            }
        )
        return
    if result.nothing_left:
        typer.echo(tell("nothing", language, rows=result.rows))
    else:
        values = counted(result.values_destroyed, language)
        typer.echo(tell("done", language, values=values, originals=result.originals_purged, rows=result.rows))
    if result.source_files:
        typer.echo(tell("sources", language))
        for name in result.source_files:
            typer.echo(f"  {name}")


def tell(key: str, language: str, **values: object) -> str:
    """A text of this command in a language."""
    return TEXT[key][LANGUAGES.index(language)].format(**values)


def counted(values: Any, language: str) -> str:
    """``2 phones, 1 e-mails``: how many values of each kind."""
    parts = [f"{count} {tell(kind, language)}" for kind, count in sorted(values.items()) if count]
    return ("、" if language == "zh" else ", ").join(parts) or tell("none", language)
