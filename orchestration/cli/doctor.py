"""``triloop doctor``: is everything in place, and if not, what to do about it."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, pad, print_json, width
from orchestration.cli.text import choose_language
from orchestration.lib.doctor import Doctor, Finding, exit_code

MARKS = {"ok": ("✓", "32"), "warn": ("!", "33"), "fail": ("✗", "31")}
LABELS = {
    "python": ("python", "Python"),
    "packages": ("packages", "依赖包"),
    "workspace": ("workspace", "工作区"),
    "settings": ("settings", "设置"),
    "mappings": ("mappings", "映射"),
    "vault": ("vault", "保险库"),
    "disk": ("disk", "磁盘"),
    "lock": ("lock", "写入锁"),
    "warehouse": ("warehouse", "工作数据库"),
    "last_run": ("last run", "最近运行"),
    "snapshot": ("snapshot", "发布快照"),
}


def doctor(workspace: WorkspaceOption = None, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Check the installation and the workspace; each finding says how to mend it / 检查安装与工作区."""
    language = choose_language(lang)
    findings: list[Finding] = []
    for finding in Doctor(workspace, language).examine():
        findings.append(finding)
        if not as_json:
            typer.echo(line(finding, language))
    code = exit_code(findings)
    if as_json:
        print_json(
            {
                "status": max((one.status for one in findings), key=list(MARKS).index),
                "exit_code": int(code),
                "checks": [{**asdict(one), "exit_code": int(one.exit_code)} for one in findings],
            }
        )
    else:
        typer.echo(verdict(findings, language))
    raise typer.Exit(int(code))


def line(finding: Finding, language: str) -> str:
    """A finding as a person reads it: mark, check, message, and the fix below it."""
    mark, colour = MARKS[finding.status]
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        mark = f"\033[{colour}m{mark}\033[0m"
    names = LABELS.get(finding.check)
    name = names[language == "zh"] if names else finding.check.removeprefix("source:")
    indent = " " * (2 + max(width(name), 12) + 2)
    message = finding.message.replace("\n", "\n" + indent)
    text = f"{mark} {pad(name, 12)}  {message}"
    if finding.fix:
        text += f"\n{indent}{'处理' if language == 'zh' else 'fix'}  {finding.fix}"
    return text


def verdict(findings: list[Finding], language: str) -> str:
    """One sentence for the whole."""
    failed = sum(one.status == "fail" for one in findings)
    warned = sum(one.status == "warn" for one in findings)
    if language == "zh":
        return f"{failed} 项须处理，{warned} 项提醒" if failed or warned else "一切正常"
    return f"{failed} to mend, {warned} to know about" if failed or warned else "all is well"
