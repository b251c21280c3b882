"""Making room: what nothing points at, and copies in the cache that the remote has as well."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.dvc_settings import cache_directory, refuse_foreign_settings
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.local_store import LocalStore
from pipeline.versions.needs import needed_by_versions, needed_in_work_trees, needed_on_branches
from pipeline.versions.objects import Store, StoredObject
from pipeline.versions.remote import effective_remote
from pipeline.versions.store import open_store, read_back

# A release of somebody else may have sent its data, and not yet made its tag.
GRACE_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Garbage:
    """What can go, in the cache and in the remote.

    Attributes:
        kept_back: Cached objects of older versions that stay, since the remote has no good copy.
    """

    cache: list[StoredObject] = field(default_factory=list)
    remote: list[StoredObject] = field(default_factory=list)
    kept_back: int = 0

    @property
    def cache_bytes(self) -> int:
        return sum(one.n_bytes for one in self.cache)

    @property
    def remote_bytes(self) -> int:
        return sum(one.n_bytes for one in self.remote)


def find_garbage(git: Git, name: str, *, keep: int, in_remote: bool = False) -> Garbage:
    """What could be removed without losing anything that a tag, branch or work tree needs.

    From the cache: what nothing points at, and the data of all but the `keep` newest versions
    where the remote holds a good copy (read back and hashed). From the remote, only when asked:
    what nothing points at and is older than a day.

    Args:
        git: The workspace's repository.
        name: Under which the versions are released.
        keep: Number of newest versions whose data stay in the cache.
        in_remote: Look in the remote as well.

    Raises:
        VersionError: it cannot be known what is needed; then nothing can go.
    """
    if keep < 0:
        raise VersionError(f"--keep {keep} is less than 0.")
    root = Path(git.directory)
    refuse_foreign_settings(root)
    folder = cache_directory(root)
    cache = LocalStore(folder or root / ".dvc" / "cache")
    remote = open_store(effective_remote(root))
    releases = list_releases(git, name)
    newest = releases[len(releases) - keep :] if keep < len(releases) else releases
    tagged = needed_by_versions(git, releases)
    in_trees = needed_in_work_trees(git, (cache, remote))
    needed = tagged | in_trees | needed_on_branches(git, (cache, remote))
    fresh = needed_by_versions(git, newest) | in_trees | (needed - tagged)
    old = [one for one in cache.objects() if one.md5 in needed and one.md5 not in fresh]
    bad = read_back(remote, {one.md5: one.n_bytes for one in old})
    return Garbage(
        cache=[
            *(one for one in cache.objects() if one.md5 not in needed),
            *(one for one in old if one.md5 not in bad),
        ],
        remote=_unneeded(remote, needed) if in_remote else [],
        kept_back=len(bad),
    )


def remove(git: Git, garbage: Garbage) -> None:
    """Remove what `find_garbage` found."""
    root = Path(git.directory)
    folder = cache_directory(root)
    cache = LocalStore(folder or root / ".dvc" / "cache")
    for one in garbage.cache:
        cache.remove(one.md5)
    if garbage.remote:
        remote = open_store(effective_remote(root))
        for one in garbage.remote:
            remote.remove(one.md5)


def _unneeded(store: Store, needed: set[str]) -> list[StoredObject]:
    latest = time.time() - GRACE_SECONDS
    return [
        one
        for one in store.objects()
        if one.md5 not in needed and one.modified is not None and one.modified < latest
    ]
