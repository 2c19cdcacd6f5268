"""The ``triloop`` command: finds the asked-for command, imports only that, and turns errors into one screen."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build_command

from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import ConfigurationError, ExitCode, TriloopError, nearest

# Command → module and function, in the order of the help page. Nothing of these is imported before it is asked for:
# ``run`` needs Dagster and dbt (seconds), ``metrics`` only DuckDB.
COMMANDS: dict[str, str] = {
    "init": "orchestration.cli.init:init",
    "run": "orchestration.cli.run:run",
    "ingest": "orchestration.cli.ingest:ingest",
    "ui": "orchestration.cli.ui:ui",
    "metrics": "orchestration.cli.metrics:metrics",
    "query": "orchestration.cli.query:query",
    "trace": "orchestration.cli.trace:trace",
    "lot": "orchestration.cli.lot:lot",
    "profile": "orchestration.cli.profile:profile",
    "snapshots": "orchestration.cli.snapshots:snapshots",
    "quarantine": "orchestration.cli.quarantine:app",
    "identity": "orchestration.cli.identity:app",
    "acknowledge": "orchestration.cli.acknowledge:acknowledge",
    "anomalies": "orchestration.cli.anomalies:app",
    "close": "orchestration.cli.close:close",
    "reopen": "orchestration.cli.close:reopen",
    "verify": "orchestration.cli.verify:verify",
    "forget": "orchestration.cli.forget:forget",
    "doctor": "orchestration.cli.doctor:doctor",
}


class LazyGroup(TyperGroup):
    """A command group whose commands are imported when they are called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if getattr(ctx, "showing_help", False):  # a line of help must not cost an import
            return TyperCommand(cmd_name, help=say(f"help.{cmd_name}", choose_language(None)))
        return load(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        ctx.showing_help = True
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise ConfigurationError(f"there is no command '{args[0]}'", hint=nearest(args[0], COMMANDS))
        return super().resolve_command(ctx, args)


def load(name: str) -> Any:
    """Import one command."""
    module, _, function = COMMANDS[name].partition(":")
    found = getattr(import_module(module), function)
    if isinstance(found, typer.Typer):  # a group of commands
        return build_command(found)
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name)(found)
    return build_command(single)


app = typer.Typer(
    cls=LazyGroup,
    name="triloop",
    help="From campaign to cash, in numbers you can trace / 从投放到回款，可追溯的数字",
    epilog="Exit codes: 0 fine, 1 a gate refused or data at fault, 2 usage or settings, 3 internal.",
    add_completion=False,
    rich_markup_mode=None,  # Rich's help costs an import of half the library
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context, version: bool = typer.Option(False, "--version", help="show the version and end")
) -> None:
    """Options of the command itself; without a command, the help."""
    if version:
        from orchestration.lib.build_id import code_version

        typer.echo(f"triloop {code_version()}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the ``triloop`` script."""
    sys.exit(invoke(sys.argv[1:] if arguments is None else list(arguments)))


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line; errors go to stderr, one screen each.

    Returns:
        The exit code.
    """
    try:
        outcome = build_command(app)(args=list(arguments), prog_name="triloop", standalone_mode=False)
        code = outcome if isinstance(outcome, int) else ExitCode.OK
    except typer.Exit as stop:
        code = stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("\n" + say("error.stopped", choose_language(None)), file=sys.stderr)
        code = 130
    except BrokenPipeError:  # the reader of a pipe went away (`| head`): that is its right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.OK
    except Exception as error:  # the last resort: nobody should have to read a traceback
        told = explain_error(error)
        show_error(told, as_json=wants_json(arguments))
        code = told.exit_code
    return int(code)


def explain_error(error: Exception) -> TriloopError:
    """Any error as one that a user can act on; a fault of ours is written to a log first."""
    if isinstance(error, TriloopError):
        return error
    return (
        _usage_error(error)
        or _system_error(error)
        or TriloopError(
            f"{type(error).__name__}: {_first_line(error)}",
            hint="this is a fault of triloop; the whole story is in that file",
            file=write_crash_log(error),
        )
    )


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the caller is a program that reads JSON."""
    words = list(arguments)
    return "--json" in words or "--format=json" in words or ["--format", "json"] in map(list, pairwise(words))


def show_error(error: TriloopError, *, as_json: bool) -> None:
    """Write an error to stderr: message, place, fix - or the same as JSON."""
    if as_json:
        told = {
            "error": type(error).__name__,
            "message": error.message,
            "file": error.file,
            "line": error.line,
            "column": error.column,
            "fix": error.hint,
            "exit_code": int(error.exit_code),
        }
        print(json.dumps(told, ensure_ascii=False), file=sys.stderr)
        return
    lines = error.render().splitlines()
    mark = "✗"
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        mark = "\033[31m✗\033[0m"
    print("\n".join([f"{mark} {lines[0]}", *lines[1:]]), file=sys.stderr)


def _usage_error(error: Exception) -> TriloopError | None:
    """A complaint of the command-line parser (wrong option, missing argument) as one of ours."""
    from typer._click.exceptions import ClickException, NoArgsIsHelpError

    if isinstance(error, NoArgsIsHelpError) or not isinstance(error, ClickException):
        return None
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "triloop"
    return ConfigurationError(error.format_message(), hint=f"see: {path} --help")


def _system_error(error: Exception) -> TriloopError | None:
    """A folder that may not be written to, a full disk: the machine's refusal, which the user can lift."""
    hints = {
        errno.EACCES: "let the user who runs triloop read and write there",
        errno.EPERM: "let the user who runs triloop read and write there",
        errno.EROFS: "the disk is mounted read-only; use a workspace on one that can be written to",
        errno.ENOSPC: "free some space, then try again",
        errno.EDQUOT: "free some space, then try again",
        errno.ENOTDIR: "there is a file where a folder must be; move it away",
    }
    if not isinstance(error, OSError) or error.errno not in hints:
        return None
    return ConfigurationError(f"the system refused: {error.strerror}", file=error.filename, hint=hints[error.errno])


def write_crash_log(error: BaseException) -> Path:
    """Write the traceback where the user can find it: in the workspace, else in the temporary folder."""
    text = "".join(traceback.format_exception(error))
    name = f"triloop-error-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.log"
    state = Path(os.environ.get("TRILOOP_WORKSPACE") or ".").resolve() / ".triloop"
    for folder in (state / "logs", Path(tempfile.gettempdir())):
        try:
            if folder.parent.is_dir():
                folder.mkdir(exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
                return folder / name
        except OSError:
            continue  # a full or read-only disk may be the very fault: try the next place
    print(text, file=sys.stderr)  # nowhere to write: better a long screen than a lost cause
    return Path("stderr")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:300]


if __name__ == "__main__":
    main()
