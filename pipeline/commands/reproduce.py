"""`equipoise reproduce`: draw a version's synthetic rows again, and compare."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.completion import version_names
from pipeline.commands.transfer import transfer
from pipeline.commands.versions import Name, Repository, name_at
from pipeline.errors import VersionError
from pipeline.terminal import say
from pipeline.versions.listing import find_release, list_releases
from pipeline.versions.pull import new_directory
from pipeline.versions.repository import open_repository


def reproduce(
    version: Annotated[
        str,
        typer.Argument(
            help="v1.2.3, `latest`, or `promoted` (the newest promoted).",
            autocompletion=version_names,
        ),
    ],
    to: Annotated[
        Path | None, typer.Option("--to", help="Keep the set made again in this new folder.")
    ] = None,
    repo: Repository = ".",
    name: Name = None,
) -> None:
    """Make a version again from its recipe (real rows, generator, addresses) and compare hashes."""
    # torch takes a second to import.
    from pipeline.reproduction import reproduce as again

    with (
        open_repository(repo) as git,
        tempfile.TemporaryDirectory(prefix="equipoise-") as scratch,
        new_directory(to or Path(scratch, "set")) as directory,
    ):
        release = find_release(list_releases(git, name or name_at(git)), version)
        with transfer(f"Fetching the recipe of {release.tag}") as told:
            made = again(git, release, directory, on_progress=told)
        what = f"{release.tag}: {made.n_synthetic} synthetic rows of {made.n_rows} drawn again"
        if not made.is_same and not made.only_words_differ and to is None:
            raise VersionError(
                f"{what}; the set's hash is {made.found} where {made.expected} was released. "
                "Another version of torch or another kind of processor rounds differently; pull "
                "the released rows with `equipoise pull`."
            )
    if made.is_same:
        say(f"{what}; every file has the released hash.")
    elif made.only_words_differ:
        say(
            f"{what}; every row is as released. Only the wording of the card or of recipe.json "
            "differs, because this version of Equipoise words them differently."
        )
    else:
        say(f"{what} to {to}; its hash differs from the released one ({made.expected}).")
