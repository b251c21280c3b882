"""The command `equipoise`: every command lives in `pipeline.commands`, one file a noun."""

import itertools
from pathlib import Path
from typing import Any

import typer
from typer import rich_utils
from typer.core import TyperGroup
from typer.exceptions import TyperException

from pipeline.chatter import hide_warnings
from pipeline.commands.diff import diff
from pipeline.commands.doctor import doctor
from pipeline.commands.examples import epilog
from pipeline.commands.gc import gc
from pipeline.commands.init import init
from pipeline.commands.pull import pull
from pipeline.commands.remote import remote_app
from pipeline.commands.report import report
from pipeline.commands.reproduce import reproduce
from pipeline.commands.run import run
from pipeline.commands.schedule import schedule
from pipeline.commands.standing import is_workspace, show_standing
from pipeline.commands.verify import verify
from pipeline.commands.versions import versions
from pipeline.last_defence import as_told
from pipeline.terminal import complain, guard_streams, write

# Typer's own sentences hold words of the command line, and would pass the guard in colour alone.
rich_utils.COLOR_SYSTEM = None
_WORDS = f"{__name__}.words"


class Commands(TyperGroup):
    """Shows an error as its sentence, without a traceback, and ends with its exit code."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the whole command line, with all that it writes kept from commanding the terminal."""
        guard_streams()
        hide_warnings()
        return super().main(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the line names."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, TyperException, BrokenPipeError):
            # Typer shows these itself; of a pipe whose reader has gone (`head`) it says nothing.
            raise
        except Exception as error:
            told = as_told(error, place=_place(ctx.meta.get(_WORDS, [])))
            complain(told)
            raise typer.Exit(told.exit_code) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, and keep its words for the case that it fails."""
        ctx.meta[_WORDS] = args
        return super().resolve_command(ctx, args)


def _place(words: list[str]) -> Path:
    """The workspace that a command line names, or else the current folder."""
    for word, following in itertools.pairwise([*words, ""]):
        if word in ("-w", "--workspace"):
            return Path(following)
        if word.startswith("--workspace="):
            return Path(word.partition("=")[2])
    return Path()


app = typer.Typer(
    cls=Commands,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    help="Class-balanced synthetic data from a conditional GAN, put on an honest trial, "
    "released as versions.",
    epilog="Without a command, in a workspace: where it stands and what to do next. Exit codes: 0 "
    "done, 2 something needs your hand, 1 a failed check of `doctor` or a defect of the program, "
    "128 + N stopped by signal N.",
)
for name, command in (
    ("init", init),
    ("run", run),
    ("doctor", doctor),
    ("versions", versions),
    ("pull", pull),
    ("diff", diff),
    ("verify", verify),
    ("reproduce", reproduce),
    ("report", report),
    ("gc", gc),
):
    app.command(name, epilog=epilog(name))(command)
app.add_typer(schedule, name="schedule", epilog=epilog("schedule"))
app.add_typer(remote_app, name="remote")


@app.callback()
def _here(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    if is_workspace(Path()):
        show_standing(Path())
    else:
        write(f"{context.get_help()}\n")


if __name__ == "__main__":
    app()
