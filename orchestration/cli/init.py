"""``triloop init``: make a workspace, empty or with an example in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.cli.output import JsonOption, LangOption, print_json
from orchestration.cli.text import choose_language
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.new_workspace import Filler, Made, make_workspace

EXAMPLES = ("olist", "tryton")
MAX_SCALE = 1000
_WANTED = {
    "olist": "PATH: the folder that Olist's files are in",
    "tryton": "FILE (Tryton's SQLite database) or --data postgresql://USER:PASSWORD@HOST/DATABASE",
}


def init(  # noqa: PLR0917  # typer hands options over by name
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="the folder to make")],
    demo: Annotated[bool, typer.Option("--demo", help="fill it with a small made-up factory")] = False,
    scale: Annotated[int | None, typer.Option("--scale", help="with --demo: how many times the small factory")] = None,
    example: Annotated[
        str | None, typer.Option("--example", help="map a real data set: " + ", ".join(EXAMPLES))
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", help="with --example: where its data is (folder, file or database address)")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="write over an existing workspace")] = False,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Make a workspace: settings, mappings, inbox and a vault key / 新建工作区."""
    language = choose_language(lang)
    fill = choose_filler(demo=demo, scale=scale, example=example, data=data)
    made = make_workspace(directory, fill=fill, force=force)
    commands = next_commands(directory)
    if as_json:
        print_json(
            {
                "workspace": str(made.root),
                "written": made.written,
                "unchanged": made.kept,
                "kept_as": made.backups,
                "next": commands,
            }
        )
        return
    typer.echo(told(made, commands, filled=fill is not None, language=language))


def choose_filler(*, demo: bool, scale: int | None, example: str | None, data: str | None) -> Filler | None:
    """What fills the workspace; None for an empty one.

    Raises:
        ConfigurationError: the options do not fit together, or the data are not there.
    """
    if demo and example is not None:
        raise ConfigurationError("--demo and --example exclude each other", hint="give one of them")
    if scale is not None and not demo:
        raise ConfigurationError("--scale is for the demo only", hint="add --demo, or leave --scale out")
    if scale is not None and not 1 <= scale <= MAX_SCALE:
        raise ConfigurationError(f"--scale {scale} is out of range", hint=f"give a number from 1 to {MAX_SCALE}")
    if data is not None and example is None:
        raise ConfigurationError("--data is for an example only", hint=f"add --example {EXAMPLES[0]}")
    if demo:
        return _fill_demo(scale or 1)
    if example is None:
        return None
    if example not in EXAMPLES:
        raise ConfigurationError(f"there is no example '{example}'", hint=nearest(example, EXAMPLES))
    if data is None:
        raise ConfigurationError(f"the example '{example}' needs its data", hint=f"add --data {_WANTED[example]}")
    return _fill_olist(data) if example == "olist" else _fill_tryton(data)


def _fill_demo(scale: int) -> Filler:
    def fill(root: Path) -> Mapping[str, Any] | None:
        from orchestration.examples.demo import write_demo  # an empty workspace does not need it

        return write_demo(root, scale)

    return fill


def _fill_olist(data: str) -> Filler:
    folder = Path(data).expanduser().resolve()
    if not folder.is_dir():
        raise ConfigurationError(f"the data folder {folder} does not exist", hint="check the path after --data")

    def fill(root: Path) -> Mapping[str, Any] | None:
        from orchestration.examples.olist import write_example

        return write_example(root, folder)

    return fill


def _fill_tryton(data: str) -> Filler:
    def fill(root: Path) -> Mapping[str, Any] | None:
        from orchestration.examples.tryton import write_example

        return write_example(root, data)

    return fill


def next_commands(directory: Path) -> list[str]:
    """What to type next, for the folder as the user wrote it."""
    where = "" if directory.resolve() == Path.cwd() else f" --workspace {shlex.quote(str(directory))}"
    return [f"triloop doctor{where}", f"triloop run{where}"]


def told(made: Made, commands: list[str], *, filled: bool, language: str) -> str:
    """What was made and what to type next, as one text."""
    chinese = language == "zh"
    lines = [f"工作区已建好：{made.root}" if chinese else f"made the workspace {made.root}"]
    files = [name for name in made.written if not name.startswith("inbox/")]
    received = len(made.written) - len(files)
    lines += [f"  {name}" for name in files]
    if received:
        lines.append(f"  inbox/（{received} 个文件）" if chinese else f"  inbox/ ({received} files)")
    if made.backups:
        kept = ", ".join(made.backups)
        lines.append(f"  原文件保留为：{kept}" if chinese else f"  earlier versions are kept as {kept}")
    lines.append("接下来：" if chinese else "next:")
    if not filled:
        lines.append(
            "  设置 triloop.yml，把文件放入 inbox/，编写 mappings/<来源>.yml（见 docs/reference/mapping.md）"
            if chinese
            else "  set triloop.yml, put files into inbox/, write mappings/<source>.yml (docs/reference/mapping.md)"
        )
    lines += [f"  {command}" for command in commands]
    return "\n".join(lines)
