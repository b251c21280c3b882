"""Fetching a released folder: every file from the remote, every hash checked on the way.

The released dvc.lock names the listing by its hash, the listing names the files by theirs, and the
manifest among them proves their SHA-256; nothing is taken on trust.
"""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.details import DETAILS, read_details
from pipeline.versions.folder_listing import Listed, read_listing
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.lockfile import LOCK, output_at, read_outputs
from pipeline.versions.meter import Meter, OnProgress
from pipeline.versions.objects import Store
from pipeline.versions.remote import Remote, effective_remote, remote_of_config
from pipeline.versions.store import (
    CONNECTIONS,
    MAXIMUM_LISTING_BYTES,
    fetch_checked,
    open_store,
)
from pipeline.versions.whereabouts import where_it_lies

# Left free on the disk that a version is written to.
SPARE_BYTES = 50_000_000


def fetch_output(
    git: Git,
    release: Release,
    path: str,
    directory: Path,
    *,
    needed: Callable[[str], bool] = lambda _: True,
    on_progress: OnProgress,
) -> None:
    """Fetch one stored folder of a release into `directory`, every file's hash checked.

    Args:
        needed: Whether a file is, by its path inside the folder; others are not fetched.
    """
    prefix = released_prefix(git, release)
    where = f"{LOCK} of {release.tag}"
    outputs = read_outputs(git.read(release.commit, prefix + LOCK), where=where)
    remote = released_remote(git, release, prefix)
    _require_reachable(remote, release)
    store = open_store(remote)
    stated = read_details(git, release.commit, prefix).objects
    folder_md5 = output_at(outputs, path, where=where).md5
    listed = listed_files(store, folder_md5, directory, stated=stated, tag=release.tag)
    files = [file for file in listed if needed(file.path)]
    total = sum(_stated(stated, file.md5, release.tag) for file in files)
    require_room(directory, total, tag=release.tag)
    for file in files:
        check_inside(directory, file, release.tag)
        (directory / file.path).parent.mkdir(parents=True, exist_ok=True)
    meter = Meter(total, on_progress)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        fetched = [
            pool.submit(
                fetch_checked,
                store,
                file.md5,
                directory / file.path,
                most_bytes=stated[file.md5],
                on_bytes=meter.add,
            )
            for file in files
        ]
        try:
            for one in fetched:
                one.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _require_reachable(remote: Remote, release: Release) -> None:
    if remote.local_path and not remote.local_path.is_dir():
        raise VersionError(
            f"The data of {release.tag} lie in {remote.local_path}, a folder that this machine "
            "does not have. Pull on the machine that released it, or have it released to a remote "
            "that both can reach (`equipoise remote set URL`). Where its workspace has been moved, "
            "name the workspace with --repo."
        )


def check_inside(directory: Path, file: Listed, tag: str) -> None:
    """Refuse a listing that would have files written elsewhere.

    Raises:
        VersionError: the file would not lie in the folder.
    """
    if not (directory / file.path).resolve().is_relative_to(directory.resolve()):
        raise VersionError(
            f"The listing of {tag} names {file.path!r}, which lies outside the folder; "
            "it was not made by this product, and nothing was written."
        )


def listed_files(
    store: Store, folder_md5: str, scratch: Path, *, stated: Mapping[str, int], tag: str
) -> list[Listed]:
    """The files of a stored folder, in order; `stated` maps objects to the bytes they should have.

    Raises:
        VersionError: the listing is missing, damaged, or no listing.
    """
    path = scratch / ".listing"
    most_bytes = min(_stated(stated, folder_md5, tag), MAXIMUM_LISTING_BYTES)
    fetch_checked(store, folder_md5, path, most_bytes=most_bytes)
    content = path.read_bytes()
    path.unlink()
    return read_listing(content, where=f"the listing {folder_md5} of {tag}")


def require_room(directory: Path, n_bytes: int, *, tag: str) -> None:
    """Refuse to fetch more than the disk of a folder has room for.

    Raises:
        VersionError: there is less free than is needed.
    """
    free = shutil.disk_usage(directory).free
    if free < n_bytes + SPARE_BYTES:
        raise VersionError(
            f"{tag} needs {n_bytes / 1e6:,.0f} MB, and the disk of {directory.parent} has "
            f"{free / 1e6:,.0f} MB free, of which {SPARE_BYTES / 1e6:.0f} MB stay free. Free some, "
            "or name a folder on a larger disk."
        )


def _stated(stated: Mapping[str, int], md5: str, tag: str) -> int:
    if md5 not in stated:
        raise VersionError(
            f"{DETAILS} of {tag} does not say how large the object {md5} is, which its dvc.lock or "
            "a listing names. It was not made by this product; take another version."
        )
    return stated[md5]


def released_prefix(git: Git, release: Release) -> str:
    """The workspace's path inside the repository, as the release's commit has it.

    A larger repository may hold a dvc.lock of another project's. The release's own is the one that
    has the release's details beside it, and that names what the tag names.

    Raises:
        VersionError: the commit is not that of a release.
    """
    names = set(git.files(release.commit))
    found = [name.removesuffix(LOCK) for name in names if Path(name).name == LOCK]
    if not found:
        raise VersionError(f"The commit of {release.tag} holds no {LOCK}; it is not a release.")
    found = [prefix for prefix in found if prefix + DETAILS in names] or found
    if len(found) > 1:
        found = [prefix for prefix in found if _is_named(git, release, prefix)] or found
    return min(found, key=len)


def _is_named(git: Git, release: Release, prefix: str) -> bool:
    """Whether a dvc.lock of the release's commit holds the outputs that its tag names."""
    try:
        outputs = read_outputs(git.read(release.commit, prefix + LOCK), where=release.tag)
    except VersionError:
        return False
    named = release.record.outputs.items() if release.record else ()
    return set(named) <= {(output.path, output.md5) for output in outputs}


def released_remote(git: Git, release: Release, prefix: str) -> Remote:
    """Where a release's data lie: its published URL, with this machine's credentials for it."""
    published = remote_of_config(
        git.read(release.commit, f"{prefix}.dvc/config"), where=f".dvc/config of {release.tag}"
    )
    published = where_it_lies(git, release, prefix, published)
    try:
        own = effective_remote(git.directory)
    except VersionError:
        return published
    if own.url != published.url:
        return published
    return Remote(published.name, published.url, {**published.options, **own.options})
