"""``triloop identity``: who is who - what was merged and why, what to review, and people's own decisions."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from orchestration.cli.identity_text import tell
from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json, print_table
from orchestration.cli.text import choose_language
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.workspace import Workspace

MOST_SHOWN = 50

app = typer.Typer(
    name="identity",
    help="Who is who: list, show, same, different, undo / 身份识别：列出、查看、判定相同、判定不同、撤销",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)
OneArgument = Annotated[
    str, typer.Argument(help="a match's id, or one of two: customer:…, company:…, distributor:…, lead:…")
]
OtherArgument = Annotated[str | None, typer.Argument(help="the other, if no match's id was given")]
ReasonOption = Annotated[str, typer.Option("--reason", help="why; kept in identity.yml with your name")]


@app.command("list")
def list_matches(  # noqa: PLR0917  # typer hands options over by name
    workspace: WorkspaceOption = None,
    decision: Annotated[str, typer.Option("--decision", help="review, merged, rejected or all")] = "review",
    kind: Annotated[str | None, typer.Option("--kind", help="customer, company, distributor or person")] = None,
    decided: Annotated[bool, typer.Option("--decided", help="only what people decided, in identity.yml")] = False,
    limit: Annotated[int, typer.Option("--limit", help="matches to show; 0 shows all")] = MOST_SHOWN,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Matches, those to review unless told otherwise / 列出匹配，默认为待审."""
    from orchestration.lib.identity.listing import DECISIONS, matches

    language = choose_language(lang)
    kinds = ("customer", "company", "distributor", "person")
    for given, known in ((decision, (*DECISIONS, "all")), (kind, kinds)):
        if given is not None and given not in known:
            raise ConfigurationError(f"there is no '{given}' among {', '.join(known)}", hint=nearest(given, known))
    opened = Workspace.open(workspace)
    found = matches(opened, decision=None if decision == "all" or decided else decision, kind=kind)
    if decided:
        found = [one for one in found if one.decided_reason is not None]
    shown = found if limit <= 0 else found[:limit]
    if as_json:
        print_json({"total": len(found), "matches": [asdict(one) for one in shown]})
        return
    if not found:
        counts = Counter(one.decision for one in matches(opened))
        typer.echo(tell("none", language, **{one: counts[one] for one in DECISIONS}))
        return
    print_table(
        [tell(key, language) for key in ("id", "left", "right", "decision", "likely", "reason")],
        [
            [
                one.match_id[:8],
                f"{one.kind if one.kind != 'company' else ''} {one.left_name}".strip(),
                f"{one.right_name} ({one.right_ref.partition(':')[2]})",
                tell(one.decision, language),
                "" if one.probability is None else f"{one.probability * 100:.1f} %",
                one.reason(language),
            ]
            for one in shown
        ],
        right=(4,),
    )
    if len(shown) < len(found):
        typer.echo(tell("more", language, more=len(found) - len(shown)))


@app.command("show")
def show(
    match: Annotated[str, typer.Argument(metavar="ID", help="the match's id or its beginning")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """One match and what speaks for and against it / 查看一条匹配及其依据."""
    from orchestration.lib.identity.listing import match_of

    language = choose_language(lang)
    one = match_of(Workspace.open(workspace), match)
    if as_json:
        print_json(asdict(one))
        return
    typer.echo(f"{one.match_id}  {tell(one.decision, language)}: {one.reason(language)}")
    typer.echo(f"  {one.left_ref}  {one.left_name}")
    typer.echo(f"  {one.right_ref}  {one.right_name}")
    if one.decided_reason is not None:
        typer.echo(f"  {one.decided_by or '?'}, {one.decided_on or '?'}: {one.decided_reason}")
    if one.evidence:
        typer.echo("")
        from orchestration.lib.identity.compare import PRIOR_WEIGHT

        rows = [[tell("prior", language), f"{PRIOR_WEIGHT:+.2f}"]]
        rows += [[part[language], f"{part['weight']:+.2f}"] for part in one.evidence]
        rows.append([tell("sum", language), f"{one.weight:+.2f} = {(one.probability or 0) * 100:.2f} %"])
        print_table([tell("evidence", language), tell("weight", language)], rows, right=(1,))


@app.command("same")
def same(
    one: OneArgument,
    other: OtherArgument = None,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
) -> None:
    """Say that two are the same / 判定为同一主体."""
    _decide("same", (one, other), reason, workspace, lang)


@app.command("different")
def different(
    one: OneArgument,
    other: OtherArgument = None,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
) -> None:
    """Say that two are different, whatever speaks for it; takes a merge back / 判定为不同主体，可撤销合并."""
    _decide("different", (one, other), reason, workspace, lang)


@app.command("undo")
def undo(
    one: OneArgument,
    other: OtherArgument = None,
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
) -> None:
    """Take a decision of a person back / 撤销人工判定."""
    from orchestration.lib.identity.decisions import remove_decision

    language = choose_language(lang)
    opened = Workspace.open(workspace)
    left, right = _pair(opened, one, other)
    with opened.writer_lock("identity"):
        removed = remove_decision(opened, left, right)
    typer.echo(
        tell("undone", language, left=removed.left, right=removed.right, verdict=tell(removed.verdict, language))
    )


def _decide(
    verdict: Literal["same", "different"],
    named: tuple[str, str | None],
    reason: str,
    workspace: WorkspaceOption,
    lang: LangOption,
) -> None:
    from orchestration.defs.who_why import account
    from orchestration.lib.identity.decisions import add_decision

    language = choose_language(lang)
    opened = Workspace.open(workspace)
    left, right = _pair(opened, *named)
    with opened.writer_lock("identity"):
        made = add_decision(opened, verdict, left, right, reason=reason, by=account())
    typer.echo(tell("done", language, left=made.left, right=made.right, verdict=tell(made.verdict, language)))


def _pair(workspace: Workspace, one: str, other: str | None) -> tuple[str, str]:
    """The two that are meant: both named, or those of a match."""
    if other is not None:
        return one, other
    from orchestration.lib.identity.listing import match_of

    match = match_of(workspace, one)
    return match.left_ref, match.right_ref
