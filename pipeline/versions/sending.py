"""Sending a run's data to the remote, and proving that they arrived.

DVC's exit code proves nothing: with a full disk it says that everything is up to date.
"""

import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.errors import TransferError, VersionError
from pipeline.versions import dvc
from pipeline.versions.dvc_settings import cache_directory
from pipeline.versions.local_store import LocalStore
from pipeline.versions.objects import Store
from pipeline.versions.process import CommandError
from pipeline.versions.remote import Remote
from pipeline.versions.store import compare, copy_good, open_store, read_back
from pipeline.workspace import Workspace

READ_BACK_OBJECTS = 8
SHOWN_OBJECTS = 20


def send(
    workspace: Workspace,
    remote: Remote,
    objects: Mapping[str, int],
    *,
    on_line: Callable[[str], None],
) -> None:
    """Push every output that dvc.lock names, then compare the remote object by object.

    Args:
        workspace: Whose cache holds the data.
        remote: Where they go.
        objects: DVC hash → bytes of everything that the remote must hold afterwards.
        on_line: Is told what happens.

    Raises:
        TransferError: DVC could not send.
        VersionError: there is no room, or the remote does not hold what was sent.
    """
    _require_room(remote, objects)
    on_line(f"release: sending {len(objects)} objects to {remote.public_url}")
    try:
        dvc.push(workspace.root)
    except CommandError as error:
        raise TransferError(
            f"The data could not be sent to {remote.public_url}, so nothing was released: "
            f"{remote.scrub(error.output)}\nMend that and run the same command again."
        ) from None
    on_line("release: sent; comparing the remote, object by object")
    store = open_store(remote)
    cache = cache_directory(workspace.root)
    missing = compare(store, objects)
    if missing and cache:
        copy_good(LocalStore(cache), store, missing)
    verify_remote(remote, store, objects)
    on_line(f"release: the remote holds all {len(objects)} objects")


def verify_remote(remote: Remote, store: Store, objects: Mapping[str, int]) -> None:
    """Compare every object's presence and size, and read a random sample of them back.

    Raises:
        VersionError: something is missing or damaged.
    """
    problems = compare(store, objects)
    if not problems:
        # Chance need not be repeatable here: over many releases every object gets its turn.
        sample = random.sample(sorted(objects), min(READ_BACK_OBJECTS, len(objects)))
        problems = read_back(store, sample)
    if problems:
        found = [*problems.items()][:SHOWN_OBJECTS]
        shown = "\n".join(f"  - object {md5} is {what}" for md5, what in found)
        raise VersionError(
            f"The remote {remote.public_url} does not hold what was sent, so nothing was released:"
            f"\n{shown}\nA full disk is the usual cause. Free some, delete damaged objects, run "
            "`dvc commit --force`, and then the same command again."
        )


def _require_room(remote: Remote, objects: Mapping[str, int]) -> None:
    """Refuse early where a local remote's disk has less than twice the room that is needed."""
    folder = remote.local_path
    if folder is None:
        return
    missing = compare(open_store(remote), objects)
    needed = 2 * sum(objects[md5] for md5 in missing)
    free = shutil.disk_usage(_existing(folder)).free
    if free < needed:
        raise VersionError(
            f"The disk of the remote {folder} has {free / 1e6:.0f} MB free, and the release needs "
            f"{needed / 1e6:.0f} MB to be safe. Free some, or name a larger remote with "
            "`equipoise remote set URL`; nothing was released."
        )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
