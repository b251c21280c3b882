"""A local remote that is gone although versions were released to it: told, never filled anew."""

import shlex
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.fetch import released_prefix
from pipeline.versions.git import Git
from pipeline.versions.listing import Release, list_releases
from pipeline.versions.remote import Remote, remote_of_config


def refuse_vanished(git: Git, remote: Remote, name: str) -> None:
    """Refuse a local remote that is gone although versions were released to it.

    A disk that is not mounted, or a folder that was deleted: a run would fill a new one, and nobody
    would miss the versions before it.

    Raises:
        VersionError: the folder is missing, or holds no objects.
    """
    path = remote.local_path
    if path is None or (path / "files" / "md5").is_dir() or not git.is_repository():
        return
    there = [str(one.version) for one in list_releases(git, name) if _was_put(git, one, path)]
    if there:
        what = "holds no data" if path.is_dir() else "is missing"
        raise VersionError(
            f"{path} {what}, although {there[-1]} was released to it; its disk may not be mounted. "
            "Bring it back. Where the data lie elsewhere now, name that place with `equipoise "
            "remote set PATH`. Where they are lost, make the folder with "
            f"`mkdir -p {shlex.quote(f'{path}/files/md5')}`, and `equipoise verify "
            "--repair` puts there what this machine's cache has."
        )


def _was_put(git: Git, release: Release, path: Path) -> bool:
    try:
        content = git.read(release.commit, f"{released_prefix(git, release)}.dvc/config")
        return remote_of_config(content, where=release.tag).local_path == path
    except VersionError:
        return False
