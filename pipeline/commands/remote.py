"""`equipoise remote`: where the data of versions are stored."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.examples import epilog
from pipeline.errors import VersionError
from pipeline.terminal import say
from pipeline.workspace import Workspace

remote_app = typer.Typer(no_args_is_help=True, help="Where the data of versions are stored.")
Place = Annotated[
    Path, typer.Option("--workspace", "-w", help="The workspace's folder.", show_default="here")
]


@remote_app.command("set", epilog=epilog("remote set"))
def set_remote(
    url: Annotated[str, typer.Argument(help="A folder, s3://bucket/folder, or what DVC accepts.")],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="One of DVC's options for the remote, e.g. region=eu-central-1. With - as the "
            "value it is asked for and not shown, which is how to give a secret.",
        ),
    ] = None,
    workspace: Place = Path(),
) -> None:
    """Store the data of further versions at URL, every object verified.

    Secrets are written to .dvc/config.local alone, which git ignores.
    """
    from pipeline.versions.remote import effective_remote
    from pipeline.versions.remote_settings import set_remote as write

    place = Workspace.at(workspace)
    write(place.root, url, dict(_pair(text) for text in settings or []))
    say(f"Data are stored at {effective_remote(place.root).public_url} from now on.")


@remote_app.command("show", epilog=epilog("remote show"))
def show_remote(workspace: Place = Path()) -> None:
    """Show where data are stored, without any secret."""
    from pipeline.versions.remote import effective_remote

    say(effective_remote(Workspace.at(workspace).root).public_url)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise VersionError(
            f"--set takes NAME=VALUE, for example region=eu-central-1; not {name!r}."
        )
    if value == "-":
        value = typer.prompt(name, hide_input=True)
    return name, value
