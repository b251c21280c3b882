"""`equipoise pull`: a version's data in the form that its reader needs."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.completion import version_names
from pipeline.commands.transfer import transfer
from pipeline.commands.versions import Name, Repository, name_at
from pipeline.dataset.wanted import Format, Selection
from pipeline.errors import VersionError
from pipeline.terminal import say
from pipeline.versions.listing import find_release, list_releases
from pipeline.versions.pull import fetch_set, new_directory
from pipeline.versions.repository import open_repository


def pull(
    to: Annotated[Path, typer.Option("--to", help="Folder to write; it must not exist yet.")],
    version: Annotated[
        str,
        typer.Argument(
            help="v1.2.3, `latest`, or `promoted` (the newest promoted).",
            autocompletion=version_names,
        ),
    ] = "promoted",
    repo: Repository = ".",
    form: Annotated[Format, typer.Option("--format", help="The form of the data.")] = "parquet",
    only_synthetic: Annotated[
        bool, typer.Option("--only-synthetic", help="Leave the real rows out.")
    ] = False,
    only_real: Annotated[
        bool, typer.Option("--only-real", help="Leave the synthetic rows out.")
    ] = False,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")
    ] = None,
    name: Name = None,
) -> None:
    """Pull a version's dataset, every file checked against its manifest."""
    selection = _selection(only_synthetic, only_real, classes or [])
    with open_repository(repo) as git, new_directory(to) as directory:
        release = find_release(list_releases(git, name or name_at(git)), version)
        with transfer(f"Pulling {release.tag}") as told:
            if form == "parquet" and selection.takes_all:
                fetch_set(git, release, directory, on_progress=told)
            else:
                # pandas and pyarrow are slow to import, and plain pulls do without.
                from pipeline.dataset.export import export

                with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as whole:
                    fetch_set(git, release, Path(whole), on_progress=told)
                    export(Path(whole), directory, form, selection)
    say(f"Pulled {release.tag} to {to}.")


def _selection(only_synthetic: bool, only_real: bool, classes: list[str]) -> Selection:
    if only_synthetic and only_real:
        raise VersionError("--only-synthetic and --only-real together leave no row; give one.")
    synthetic = True if only_synthetic else False if only_real else None
    return Selection(synthetic=synthetic, classes=tuple(classes))
