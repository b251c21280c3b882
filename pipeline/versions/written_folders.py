"""Folders outside of a workspace's own in which a run writes: DVC's cache, and the remote's."""

import contextlib
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.dvc_settings import cache_directory
from pipeline.versions.remote import effective_remote
from pipeline.versions.setup import first_worktree


def written_folders(root: Path) -> dict[str, Path]:
    """Name for a person → folder, as far as DVC's configuration tells; raw data lie in none."""
    found: dict[str, Path] = {}
    with contextlib.suppress(VersionError):
        cache = cache_directory(root)
        if cache is not None:
            found["DVC's cache"] = cache
    with contextlib.suppress(VersionError):
        remote = effective_remote(root).local_path
        if remote is not None:
            found["the folder of the remote"] = remote
    # Scheduled runs work in a worktree, and read the raw data where the user has them.
    with contextlib.suppress(VersionError):
        first = first_worktree(root)
        if first is not None:
            found |= {f"the workspace's {name}/": first / name for name in ("data", "reports")}
    return found
