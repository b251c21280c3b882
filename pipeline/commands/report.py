"""`equipoise report`: any released version's report, without running anything."""

import shlex
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.completion import version_names
from pipeline.commands.serving import serve_folder
from pipeline.commands.versions import Name, Repository, name_at
from pipeline.errors import VersionError
from pipeline.terminal import say
from pipeline.versions.listing import find_release, list_releases
from pipeline.versions.repository import open_repository

HERE = Path("reports")


def report(
    version: Annotated[
        str | None,
        typer.Argument(
            help="v1.2.3, `latest`, or `promoted`; the index of all versions where none is named.",
            autocompletion=version_names,
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve all reports on this machine until Ctrl-C.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to serve on; 0 takes a free one.")
    ] = 0,
    to: Annotated[
        Path, typer.Option("--to", help="Folder to write the pages into.", show_default=True)
    ] = HERE,
    repo: Repository = ".",
    name: Name = None,
) -> None:
    """Show the report of a released version, or the index of all of them; nothing is run."""
    # Matplotlib and pandas are slow to import, and `equipoise --help` does without.
    from pipeline import shelf

    _refuse_links(to, shelf.PAGES)
    with open_repository(repo) as git:
        released_as = name or name_at(git)
        page = shelf.fill(git, released_as, to)
        if version is not None:
            page = shelf.put(git, find_release(list_releases(git, released_as), version), to)
    if serve:
        serve_folder(to, page.relative_to(to), port=port, show=show)
        return
    say(page)
    if show:
        webbrowser.open(page.resolve().as_uri())


def _refuse_links(folder: Path, pages: str) -> None:
    """Refuse links that a repository may have brought: pages would replace files elsewhere.

    Raises:
        VersionError: the usual folder, or the one for pages in any, is a link.
    """
    for place in (folder, folder / pages):
        if place.is_symlink() and (place != folder or folder == HERE):
            target = place.resolve()
            raise VersionError(
                f"{place} is a link to {target}, which may have come with the repository, so "
                "nothing was written there. If it is meant, name the folder of all reports: "
                f"`equipoise report --to {shlex.quote(str(target))}`; otherwise delete the link."
            )
