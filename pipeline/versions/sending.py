"""Sending a run's data to the remote, and proving that they arrived.

DVC's exit code proves nothing: with a full disk it says that everything is up to date.
"""

import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from pipeline.errors import TransferError, VersionError
from pipeline.versions import dvc
from pipeline.versions.dvc_settings import cache_directory
from pipeline.versions.local_store import LocalStore
from pipeline.versions.objects import Store
from pipeline.versions.process import CommandError
from pipeline.versions.remote import Remote
from pipeline.versions.store import MISSING, compare, copy_good, open_store, read_back
from pipeline.workspace import Workspace

SHOWN_OBJECTS = 20


def send(
    workspace: Workspace,
    remote: Remote,
    objects: Mapping[str, int],
    *,
    of_versions: Collection[str] = (),
    on_line: Callable[[str], None],
) -> None:
    """Push every output that dvc.lock names, then read all of it back from the remote.

    Every byte, whoever sent it and when: DVC takes an object for good whose name is there, so that
    what was damaged since an earlier release would be part of this one.

    Args:
        workspace: Whose cache holds the data.
        remote: Where they go.
        objects: DVC hash → bytes of everything that the remote must hold afterwards.
        of_versions: The objects that versions hold already. A damaged one is refused, since those
            versions are damaged as well; any other is what an interrupted run left, and replaced.
        on_line: Is told what happens.

    Raises:
        TransferError: DVC could not send.
        VersionError: there is no room, or the remote does not hold what was sent.
    """
    _require_room(remote, objects)
    store, cache = open_store(remote), cache_directory(workspace.root)
    missing = [md5 for md5, what in compare(store, objects).items() if what == MISSING]
    there = {md5: n_bytes for md5, n_bytes in objects.items() if md5 not in set(missing)}
    if there:
        on_line(f"release: reading back {_sum(there)} that the remote has already")
    # Before DVC looks at them, which fails over a damaged listing without naming it.
    _replace(store, cache, _problems(store, there), remote, of_versions, on_line)
    sent = {md5: objects[md5] for md5 in missing}
    on_line(f"release: sending {_sum(sent)} to {remote.public_url}")
    try:
        dvc.push(workspace.root)
    except CommandError as error:
        raise TransferError(
            f"The data could not be sent to {remote.public_url}, so nothing was released: "
            f"{remote.scrub(error.output)}\nFix that, then run the same command again."
        ) from None
    on_line("release: sent; reading it back")
    _replace(store, cache, _problems(store, sent), remote, (), on_line)
    on_line(f"release: the remote holds all {len(objects)} objects")


def _replace(
    store: Store,
    cache: Path | None,
    problems: Mapping[str, str],
    remote: Remote,
    of_versions: Collection[str],
    on_line: Callable[[str], None],
) -> None:
    """Put good copies from the cache in the place of what no version holds yet.

    Raises:
        VersionError: something else is damaged, or there is no good copy.
    """
    if any(md5 in of_versions for md5 in problems):
        raise VersionError(
            f"The remote {remote.public_url} holds damaged data, which earlier versions need as "
            f"well, so nothing was released:\n{_told(problems)}\nRun `equipoise verify --repair`, "
            "which puts good copies from this machine's cache in their place, then the same "
            "command again."
        )
    done = copy_good(LocalStore(cache), store, problems) if cache else []
    left = {md5: what for md5, what in problems.items() if md5 not in done}
    for md5 in done:
        on_line(f"release: object {md5} was {problems[md5]}; it is sent again")
    left |= read_back(store, done)
    if left:
        raise VersionError(
            f"The remote {remote.public_url} does not hold what was sent, so nothing was released:"
            f"\n{_told(left)}\nA full disk is the usual cause. Free some; delete these objects "
            "from the remote and from DVC's cache (files/md5/, two digits, then the rest); run "
            "`dvc commit`, which brings back what stands as dvc.lock says and refuses the rest; "
            "then run the same command again."
        )


def _told(problems: Mapping[str, str]) -> str:
    found = [*problems.items()][:SHOWN_OBJECTS]
    return "\n".join(f"  - object {md5} is {what}" for md5, what in found)


def _sum(objects: Mapping[str, int]) -> str:
    return f"{len(objects)} objects ({sum(objects.values()) / 1e6:.1f} MB)"


def _problems(store: Store, objects: Mapping[str, int]) -> dict[str, str]:
    """Object → what is wrong with it: its size, and else its bytes."""
    problems = compare(store, objects)
    fit = {md5: n_bytes for md5, n_bytes in objects.items() if md5 not in problems}
    return problems | read_back(store, fit)


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
