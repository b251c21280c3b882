"""Pulling a version: it appears whole and proven, or not at all."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.fetch import fetch_output
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.lockfile import AUGMENTED
from pipeline.versions.meter import OnProgress, no_matter
from pipeline.workspace import verify_manifest


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


def fetch_set(
    git: Git,
    release: Release,
    directory: Path,
    *,
    needed: Callable[[str], bool] = lambda _: True,
    on_progress: OnProgress = no_matter,
) -> None:
    """Write the augmented set of a release into an empty folder, and prove it by its manifest.

    Args:
        git: The repository with the release's tag.
        release: Which one.
        directory: An existing, empty folder.
        needed: Whether a file is, by its path inside the set; others are not fetched.
        on_progress: Is told the number of bytes done, and of all bytes.

    Raises:
        VersionError: an object is missing or damaged.
        ArtifactError: what arrived does not match its manifest.
    """
    fetch_output(git, release, AUGMENTED, directory, needed=needed, on_progress=on_progress)
    verify_manifest(directory, needed=needed)


def pull(git: Git, release: Release, target: Path, *, on_progress: OnProgress = no_matter) -> None:
    """Write the augmented set of a release as it was released (Parquet, card, manifest).

    Raises:
        VersionError: the target is taken, or an object is missing or damaged.
        ArtifactError: what arrived does not match its manifest.
    """
    with new_directory(target) as directory:
        fetch_set(git, release, directory, on_progress=on_progress)
