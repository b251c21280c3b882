"""`equipoise gc`: make room without losing anything that a version needs."""

from typing import Annotated

import typer

from pipeline.commands.versions import Name, name_at
from pipeline.lease import SCHEDULED_RUN, hold
from pipeline.terminal import say
from pipeline.versions.repository import open_repository
from pipeline.workspace import Workspace

PURPOSE = "equipoise gc"


def gc(
    keep: Annotated[
        int, typer.Option("--keep", min=0, help="Newest versions whose data stay in the cache.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    in_remote: Annotated[
        bool,
        typer.Option(
            "--remote",
            help="Also remove from the remote what nothing points at. Only for a remote in which "
            "no other repository stores data.",
        ),
    ] = False,
    name: Name = None,
) -> None:
    """Remove data that nothing points at, and cached copies of older versions.

    What a tag, branch or work tree needs is never removed from the remote, and a cached copy goes
    only where the remote has a good one. Not while a run is under way, by hand or scheduled.
    """
    from pipeline.versions.garbage import find_garbage, remove

    workspace = Workspace.at()
    with (
        hold(workspace, PURPOSE),
        # A scheduled run works in a worktree, with the same cache.
        hold(workspace, PURPOSE, name=SCHEDULED_RUN),
        open_repository(str(workspace.root)) as git,
    ):
        garbage = find_garbage(git, name or name_at(git), keep=keep, in_remote=in_remote)
        if not dry_run:
            remove(git, garbage)
    verb = "Would remove" if dry_run else "Removed"
    say(
        f"{verb} {len(garbage.cache)} objects ({garbage.cache_bytes / 1e6:.1f} MB) from the cache "
        f"and {len(garbage.remote)} ({garbage.remote_bytes / 1e6:.1f} MB) from the remote."
    )
    if garbage.kept_back:
        say(
            f"{garbage.kept_back} cached objects of older versions stay, because the remote has no "
            "good copy of them; see `equipoise verify`."
        )
