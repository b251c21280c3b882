"""Where the data of versions lie now: a remote inside its workspace moves with it.

A release publishes the absolute path of a local remote, since a bare clone has no other way to it,
and, where the remote lies inside the workspace, its path from there as well. Whoever reads a
version looks in this workspace first, then where the release was made, then in the remote of this
workspace, then in the workspace that this repository was cloned from; what is found is proven by
its hashes, so that any of these may be taken.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.dvc_settings import cache_directory
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.local_store import LocalStore
from pipeline.versions.lockfile import AUGMENTED
from pipeline.versions.process import CommandError
from pipeline.versions.remote import Remote, effective_remote


def home_of(git: Git) -> Path | None:
    """The top of the repository's first work tree; None where it is a bare one."""
    try:
        own = Path(git.directory, git.run("rev-parse", "--git-dir")).resolve()
        common = Path(git.directory, git.run("rev-parse", "--git-common-dir")).resolve()
        if own != common:
            return None if common.name != ".git" else common.parent
        return Path(git.run("rev-parse", "--show-toplevel"))
    except CommandError:
        return None


def inside(remote: Remote, git: Git) -> str:
    """The remote's path from its workspace; "" where it lies outside, or is no folder."""
    home, path = home_of(git), remote.local_path
    if home is None or path is None:
        return ""
    # A scheduled run works in a worktree, and its remote is that of the first one.
    for root in (home / git.prefix(), Path(git.directory)):
        if path.resolve().is_relative_to(root.resolve()):
            return path.resolve().relative_to(root.resolve()).as_posix()
    return ""


def where_it_lies(git: Git, release: Release, prefix: str, published: Remote) -> Remote:
    """The remote of a release with the address at which its data are found today."""
    path = published.local_path
    if path is None:
        return published
    wanted = release.record.outputs.get(AUGMENTED) if release.record else None
    own = _own_place(git)
    places = list(_places(git, prefix, published, own))
    for place in places:
        if wanted and LocalStore(place).sizes([wanted]):
            return replace(published, url=str(place))
    # Nobody has them. A workspace that made them puts them back where its remote is now.
    is_maker = wanted is not None and own in places[:1] and _is_cached(git, wanted)
    return replace(published, url=str(own)) if is_maker and not path.is_dir() else published


def _is_cached(git: Git, md5: str) -> bool:
    cache = cache_directory(git.directory)
    return cache is not None and bool(LocalStore(cache).sizes([md5]))


def _places(git: Git, prefix: str, published: Remote, own: Path | None) -> Iterator[Path]:
    """Folders that may hold a release's data, the likeliest first."""
    home, path = home_of(git), published.local_path
    if home is not None and published.inside:
        yield home / prefix / published.inside
    if path is not None and path.is_absolute():
        yield path
    if own is not None:
        yield own
    source = git.source or _origin(git)
    if published.inside and source.is_dir():
        yield source / prefix / published.inside


def _origin(git: Git) -> Path:
    """Where the repository was cloned from, as a path; only folders are looked for there."""
    origin = git.run("config", "--default=", "--get", "remote.origin.url")
    return Path(origin.removeprefix("file://") or ".git")


def _own_place(git: Git) -> Path | None:
    try:
        return effective_remote(git.directory).local_path
    except VersionError:
        return None
