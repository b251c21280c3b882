"""Whether a stage's outputs are what dvc.lock names, and what to do where they are not.

DVC takes a file whose size and times are as they were for unchanged, and an object in its cache for
good because it is read-only. Where an output is missing, it hands out a damaged object for ever.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.dvc_settings import cache_directory
from pipeline.versions.folder_listing import read_listing
from pipeline.versions.local_store import LocalStore
from pipeline.versions.lockfile import LOCK, Output, hash_output, read_stages
from pipeline.versions.store import read_back, read_listing_object
from pipeline.workspace import Workspace

# What `read_back` says of an object that is not there.
MISSING = "missing"


def recorded_outputs(workspace: Workspace, stage: str) -> tuple[Output, ...]:
    """The outputs that dvc.lock names for a stage; none where it has no entry.

    Raises:
        VersionError: dvc.lock is damaged.
    """
    path = workspace.root / LOCK
    recorded = read_stages(path.read_bytes(), where=str(path)) if path.is_file() else {}
    return recorded[stage].outs if stage in recorded else ()


def missing_outputs(workspace: Workspace, outputs: Iterable[Output]) -> list[Output]:
    """Those that do not stand in the workspace."""
    return [output for output in outputs if not (workspace.root / output.path).exists()]


def wrong_outputs(workspace: Workspace, outputs: Iterable[Output]) -> list[Output]:
    """Those that are missing or hold other bytes than dvc.lock names; every byte is read."""
    return [
        output
        for output in outputs
        if not (workspace.root / output.path).exists()
        or hash_output(workspace.root / output.path)[0] != output.md5
    ]


def discard(workspace: Workspace, outputs: Iterable[Output]) -> list[str]:
    """Remove wrong outputs, and every object in the cache that is proven bad by its hash.

    DVC then takes good objects out of the cache, or runs the stage again. Nothing outside of the
    workspace and its cache is touched.

    Returns:
        The hashes of the objects that were removed.
    """
    folder = cache_directory(workspace.root)
    removed: list[str] = []
    for output in outputs:
        path = workspace.root / output.path
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if folder is not None:
            removed += _remove_damaged(folder, output)
    return removed


def _remove_damaged(folder: Path, output: Output) -> list[str]:
    # DVC keeps the objects of its local cache where a local remote has them.
    cache = LocalStore(folder)
    problems = read_back(cache, _objects(cache, output))
    damaged = sorted(md5 for md5, what in problems.items() if what != MISSING)
    for md5 in damaged:
        cache.remove(md5)
    return damaged


def _objects(cache: LocalStore, output: Output) -> list[str]:
    if not output.is_folder:
        return [output.md5]
    try:
        content = read_listing_object(cache, output.md5)
        listed = read_listing(content, where=f"the listing {output.md5}")
    except (OSError, VersionError):
        return [output.md5]
    return [output.md5, *(file.md5 for file in listed)]
