"""A repository to read versions from: a workspace, a bare clone, or one behind a URL."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.credentials import without_credentials
from pipeline.errors import VersionError
from pipeline.versions.git import Git
from pipeline.versions.process import CommandError

_URL = re.compile(r"^[a-z+]+://|^[^/\s]+@[^/\s]+:|^[\w.-]+:(?!\\)")


@contextmanager
def open_repository(where: str) -> Iterator[Git]:
    """The repository at a path, or a temporary bare one holding a URL's tags.

    Raises:
        VersionError: there is no repository, or it cannot be reached.
    """
    if Path(where).exists() or not _URL.match(where):
        git = Git(Path(where).resolve())
        if not git.is_repository():
            raise VersionError(
                f"{where!r} is not a git repository that git will read. Name one with --repo, or "
                "change into a workspace."
            )
        yield git
        return
    with tempfile.TemporaryDirectory(prefix="equipoise-") as folder:
        git = Git(Path(folder))
        git.run("init", "--quiet", "--bare")
        try:
            git.run("fetch", "--quiet", "--no-tags", where, "refs/tags/*:refs/tags/*")
        except CommandError as error:
            raise VersionError(
                f"{without_credentials(where)} cannot be read: {error.output}. Check the address, "
                "and that `git ls-remote` with it works."
            ) from None
        yield git
