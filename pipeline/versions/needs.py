"""Which objects something still points at: versions, branches, and the files in work trees."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.details import read_details
from pipeline.versions.fetch import released_prefix
from pipeline.versions.folder_listing import read_listing
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.lockfile import COMMITTED, LOCK, Output, read_outputs
from pipeline.versions.objects import Store, UnfitObjectError
from pipeline.versions.store import read_listing_object


def needed_by_versions(git: Git, releases: Iterable[Release]) -> set[str]:
    """The objects of released versions, as their commits list them.

    Raises:
        VersionError: one was not made by this product, so that nobody knows what it needs.
    """
    return {
        md5
        for release in releases
        for md5 in read_details(git, release.commit, released_prefix(git, release)).objects
    }


def held_by_versions(git: Git, releases: Iterable[Release]) -> set[str]:
    """The same, as far as it is known: versions that do not tell it are passed over."""
    found: set[str] = set()
    for release in releases:
        with contextlib.suppress(VersionError):
            found |= needed_by_versions(git, [release])
    return found


def needed_on_branches(git: Git, stores: Sequence[Store]) -> set[str]:
    """The objects that dvc.lock names on any branch or tag.

    Args:
        git: A workspace's repository.
        stores: Where listings of folders may be found, the quickest first.

    Raises:
        VersionError: the listing of a folder is nowhere, so that nobody knows what it needs.
    """
    path = git.prefix() + LOCK
    revisions = list(filter(None, git.run("for-each-ref", "--format=%(refname)").split("\n")))
    # Many branches and tags share one dvc.lock.
    locks = {git.find(revision, path): revision for revision in revisions}
    return {
        md5
        for content, revision in locks.items()
        if content is not None
        for md5 in _needed_by_lock(content, f"{LOCK} of {revision}", stores)
    }


def needed_in_work_trees(git: Git, stores: Sequence[Store]) -> set[str]:
    """The same for the dvc.lock that lies in each of the repository's work trees."""
    lines = git.run("worktree", "list", "--porcelain").split("\n")
    roots = [line.removeprefix("worktree ") for line in lines if line.startswith("worktree ")]
    files = [Path(root, git.prefix() + LOCK) for root in roots]
    return {
        md5
        for file in files
        if file.is_file()
        for md5 in _needed_by_lock(file.read_bytes(), str(file), stores)
    }


def _needed_by_lock(content: bytes, where: str, stores: Sequence[Store]) -> set[str]:
    # Small outputs that git itself holds have no listing in a store, and need none.
    return {
        md5
        for output in read_outputs(content, where=where)
        if not output.path.startswith(f"{COMMITTED}/")
        for md5 in _objects_of(output, stores, where)
    }


def _objects_of(output: Output, stores: Sequence[Store], where: str) -> set[str]:
    if not output.is_folder:
        return {output.md5}
    for store in stores:
        try:
            content = read_listing_object(store, output.md5)
        except (FileNotFoundError, UnfitObjectError):
            continue
        listed = read_listing(content, where=f"the listing {output.md5} in {where}")
        return {output.md5, *(file.md5 for file in listed)}
    raise VersionError(
        f"{where} names {output.path}, whose listing {output.md5} is neither in the cache nor in "
        "the remote, so nobody knows which objects it needs, and nothing was removed. Run "
        "`equipoise verify`, or remove that branch or tag if nobody needs it."
    )
