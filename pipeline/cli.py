"""The command `equipoise`: every command lives in `pipeline.commands`, one file a noun."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from pipeline.commands.diff import diff
from pipeline.commands.doctor import doctor
from pipeline.commands.gc import gc
from pipeline.commands.init import init
from pipeline.commands.pull import pull
from pipeline.commands.remote import remote_app
from pipeline.commands.report import report
from pipeline.commands.reproduce import reproduce
from pipeline.commands.run import run
from pipeline.commands.schedule import schedule
from pipeline.commands.verify import verify
from pipeline.commands.versions import versions
from pipeline.errors import EquipoiseError


class Commands(TyperGroup):
    """Shows a user's error as its sentence, without a traceback, and ends with its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the line names."""
        try:
            return super().invoke(ctx)
        except EquipoiseError as error:
            sys.stderr.write(f"{error}\n")
            raise typer.Exit(error.exit_code) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Class-balanced synthetic data from a conditional GAN, put on an honest trial, "
    "released as versions.",
)
app.command()(init)
app.command()(run)
app.add_typer(schedule, name="schedule")
app.command()(doctor)
app.command()(versions)
app.command()(pull)
app.command()(diff)
app.command()(verify)
app.command()(reproduce)
app.command()(gc)
app.add_typer(remote_app, name="remote")
app.command()(report)


@app.callback()
def _commands() -> None:
    """Keep `equipoise run` a command of its own, however few there are."""


if __name__ == "__main__":
    app()
