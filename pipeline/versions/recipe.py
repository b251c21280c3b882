"""What a version's synthetic rows are drawn again from, and whether the remote has all of it."""

import tempfile
from collections.abc import Collection
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.details import read_details
from pipeline.versions.fetch import listed_files, released_prefix, released_remote
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.lockfile import AUGMENTED, LOCK, output_at, read_outputs
from pipeline.versions.store import open_store
from pipeline.versions.truth import untruths

# Real rows, generator, and what the trial chose.
RECIPE = ("data/prepared", "data/generator", "data/trial")


def can_be_drawn_again(git: Git, release: Release, lost: Collection[str]) -> bool:
    """Whether `equipoise reproduce` can make the version again.

    Args:
        lost: Objects that the remote lacks or has damaged.
    """
    if release.record is None or AUGMENTED not in release.record.outputs or untruths(git, release):
        return False
    try:
        return not _objects_of_recipe(git, release).intersection(lost)
    except VersionError:
        # A folder of the recipe was never stored, or its listing is lost.
        return False


def _objects_of_recipe(git: Git, release: Release) -> set[str]:
    prefix = released_prefix(git, release)
    where = f"{LOCK} of {release.tag}"
    outputs = read_outputs(git.read(release.commit, prefix + LOCK), where=where)
    store = open_store(released_remote(git, release, prefix))
    stated = read_details(git, release.commit, prefix).objects
    found: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="equipoise-") as scratch:
        for path in RECIPE:
            folder = output_at(outputs, path, where=where).md5
            files = listed_files(store, folder, Path(scratch), stated=stated, tag=release.tag)
            found |= {folder, *(file.md5 for file in files)}
    return found
