"""Pulling a version: every file from the remote, checked twice, and in place only when all is well.

The hash in the released dvc.lock names the listing, the listing names the files, and the manifest
among them proves their SHA-256; nothing is taken on trust.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.evidence import AUGMENTED, LOCK
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.lockfile import md5_of, output_at, read_outputs
from pipeline.versions.remote import Remote, effective_remote, remote_of_config
from pipeline.versions.store import Store, fetch_checked, open_store
from pipeline.workspace import verify_manifest

OnFile = Callable[[int, int], None]


def no_matter(done: int, total: int) -> None:
    """Listen to progress and do nothing."""


@dataclass(frozen=True)
class Listed:
    """One file of a stored folder: path inside it, and DVC's hash."""

    path: str
    md5: str


@contextmanager
def new_directory(target: Path) -> Iterator[Path]:
    """A folder to write into that appears as `target` on a clean exit, or not at all.

    Raises:
        VersionError: something stands there already.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise VersionError(
            f"{target} exists already and is left as it is. Name another folder with --to, or "
            "remove that one."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        temporary.replace(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def pull(git: Git, release: Release, target: Path, *, on_file: OnFile = no_matter) -> None:
    """Write the augmented set of a release as it was released (Parquet, card, manifest).

    Args:
        git: The repository with the release's tag.
        release: Which one.
        target: A folder that does not exist yet, or is empty.
        on_file: Is told the number of files done, and of all files.

    Raises:
        VersionError: the target is taken, or an object is missing or damaged.
        ArtifactError: what arrived does not match its manifest.
    """
    with new_directory(target) as directory:
        fetch_output(git, release, AUGMENTED, directory, on_file=on_file)
        verify_manifest(directory)


def fetch_output(
    git: Git, release: Release, path: str, directory: Path, *, on_file: OnFile
) -> None:
    """Fetch one stored folder of a release into `directory`, every file's hash checked."""
    prefix = released_prefix(git, release)
    where = f"{LOCK} of {release.tag}"
    outputs = read_outputs(git.read(release.commit, prefix + LOCK), where=where)
    store = open_store(released_remote(git, release, prefix))
    files = listed_files(store, output_at(outputs, path, where=where).md5, directory)
    for done, file in enumerate(files, 1):
        destination = directory / file.path
        if not destination.resolve().is_relative_to(directory.resolve()):
            raise VersionError(
                f"The listing of {release.tag} names {file.path!r}, which lies outside the folder; "
                "it was not made by this product, and nothing was written."
            )
        destination.parent.mkdir(parents=True, exist_ok=True)
        fetch_checked(store, file.md5, destination)
        on_file(done, len(files))


def listed_files(store: Store, folder_md5: str, scratch: Path) -> list[Listed]:
    """The files of a stored folder, in order."""
    path = scratch / ".listing"
    fetch_checked(store, folder_md5, path)
    content = path.read_bytes()
    path.unlink()
    assert md5_of(content) == folder_md5.removesuffix(".dir")
    return [Listed(entry["relpath"], entry["md5"]) for entry in json.loads(content)]


def released_prefix(git: Git, release: Release) -> str:
    """The workspace's path inside the repository, as the release's commit has it."""
    names = git.run("ls-tree", "-r", "--name-only", "--full-tree", release.commit).splitlines()
    found = [name.removesuffix(LOCK) for name in names if Path(name).name == LOCK]
    if not found:
        raise VersionError(f"The commit of {release.tag} holds no {LOCK}; it is not a release.")
    return min(found, key=len)


def released_remote(git: Git, release: Release, prefix: str) -> Remote:
    """Where a release's data lie: its published URL, with this machine's credentials for it."""
    published = remote_of_config(
        git.read(release.commit, f"{prefix}.dvc/config"), where=f".dvc/config of {release.tag}"
    )
    try:
        own = effective_remote(git.directory)
    except VersionError:
        return published
    if own.url != published.url:
        return published
    return Remote(published.name, published.url, {**published.options, **own.options})
