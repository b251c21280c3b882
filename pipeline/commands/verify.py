"""`equipoise verify`: is everything that the versions need still there, and unharmed?"""

from typing import Annotated

import typer

from pipeline.commands.completion import version_names
from pipeline.commands.transfer import transfer
from pipeline.commands.versions import Name, Repository, name_at
from pipeline.errors import VersionError
from pipeline.terminal import say
from pipeline.versions.listing import find_release, list_releases
from pipeline.versions.repository import open_repository
from pipeline.versions.verification import verify as verify_releases

SHOWN_PROBLEMS = 20


def verify(
    version: Annotated[
        str | None,
        typer.Argument(
            help="v1.2.3, `latest` or `promoted`; all versions without it.",
            autocompletion=version_names,
        ),
    ] = None,
    read_data: Annotated[
        bool, typer.Option("--read-data", help="Read and hash every byte, not only sizes.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Read all, and put good copies from this cache in place.",
        ),
    ] = False,
    repo: Repository = ".",
    name: Name = None,
) -> None:
    """Check every object that versions need, in the remote and the cache, and say what to do."""
    with open_repository(repo) as git:
        releases = list_releases(git, name or name_at(git))
        if version or not releases:
            releases = [find_release(releases, version)]
        with transfer("Verifying") as told:
            found = verify_releases(
                git, releases, read_data=read_data, repair=repair, on_progress=told
            )
    depth = "every byte read" if found.read else "sizes and listings; --read-data reads every byte"
    looked = (
        f"{found.objects} objects ({found.n_bytes / 1e6:.1f} MB) of "
        f"{_plural(len(found.versions), 'version')} looked at ({depth})"
    )
    if found.mended:
        looked += f"; {_plural(found.mended, 'problem')} mended"
    problems = [*found.untruths, *found.problems]
    if problems:
        shown = [f"  - {problem}" for problem in problems[:SHOWN_PROBLEMS]]
        if len(problems) > SHOWN_PROBLEMS:
            shown.append(f"  … and {len(problems) - SHOWN_PROBLEMS} more.")
        headline = f"{looked}; {_plural(len(problems), 'problem')} found:"
        raise VersionError("\n".join([headline, *shown]))
    say(f"{looked}; all is well.")


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
