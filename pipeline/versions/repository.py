"""A repository to read versions from: the user's own, another folder's, or one behind a URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from pipeline.addresses import GitAddress
from pipeline.errors import VersionError
from pipeline.versions.access import NoRepositoryError, require_repository
from pipeline.versions.foreign import borrowed, fetched
from pipeline.versions.git import Git


@contextmanager
def open_repository(where: str) -> Iterator[Git]:
    """The repository around the current folder as it is, or any other one as a stranger's.

    Args:
        where: A folder, or an address that git can fetch from.

    Raises:
        VersionError: there is no repository, it cannot be reached, or the address is none.
    """
    try:
        address = GitAddress(where)
    except ValueError as error:
        raise VersionError(f"--repo {error}.") from None
    folder = Path(where)
    if where.lower().startswith("file://"):
        folder = Path(unquote(where[len("file://") :]))
    elif address.is_elsewhere and not _is_folder(folder):
        with fetched(where) as git:
            yield git
        return
    try:
        if not _is_folder(folder):
            raise NoRepositoryError(f"{folder} is not a folder.")
        if is_own(folder):
            yield require_repository(folder.resolve())
        else:
            with borrowed(folder.resolve()) as git:
                yield git
    except NoRepositoryError:
        raise VersionError(
            f"{where!r} cannot be read: it is not a git repository that git will read. Name one "
            "with --repo, or change into a workspace."
        ) from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # A name that is too long for any file, for example.
        return False


def is_own(folder: Path) -> bool:
    """Whether a folder is the current one, or lies with it in one repository."""
    here = Path.cwd()
    return folder.resolve() == here or _top(folder.resolve()) == _top(here) is not None


def _top(folder: Path) -> Path | None:
    """The nearest repository above, found without git, which would read what is there.

    A bare one that lies in the files of another, as a stranger may have committed it, is one too.
    """
    return next((place for place in (folder, *folder.parents) if _is_top(place)), None)


def _is_top(place: Path) -> bool:
    is_bare = (place / "HEAD").is_file() and (place / "objects").is_dir()
    return (place / ".git").exists() or is_bare
