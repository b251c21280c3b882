"""Which versions there are: read from tags alone, so that a bare repository is enough."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import VersionError
from pipeline.versions.git import Git
from pipeline.versions.names import (
    STAGE,
    Version,
    artefact_of_tag,
    checked_name,
    number_of_promoted_tag,
    version_of_tag,
)
from pipeline.versions.operands import Pattern
from pipeline.versions.record import VersionRecord, read_message


@dataclass(frozen=True)
class Release:
    """A released version.

    Attributes:
        date: When it was released, ISO 8601 with offset.
        record: What its tag says; None where the tag was made by something else.
        promotion: The number N of its promotion; None where it was not promoted.
    """

    version: Version
    tag: str
    commit: str
    date: str
    record: VersionRecord | None
    promotion: int | None


def list_releases(git: Git, name: str) -> list[Release]:
    """Every version of the artefact in a repository, oldest first.

    Tags whose names are not those of a version are no matter of ours, whoever made them.

    Raises:
        VersionError: no artefact can have that name.
    """
    checked_name(name)
    promotions: dict[str, int] = {}
    for tag in git.tags(f"{name}#{STAGE}#*"):
        number = number_of_promoted_tag(tag.name, name)
        if number is not None:
            promotions[tag.commit] = max(number, promotions.get(tag.commit, 0))
    releases = []
    for tag in git.tags(f"{name}@v*"):
        version = version_of_tag(tag.name, name)
        if version:
            promotion = promotions.get(tag.commit)
            record = read_message(tag.message)
            releases.append(Release(version, tag.name, tag.commit, tag.date, record, promotion))
    return sorted(releases, key=lambda release: release.version)


def artefact_names(git: Git) -> list[str]:
    """Every name under which a repository has versions, in alphabetical order."""
    listed = git.run("for-each-ref", "--format=%(refname:strip=2)", Pattern("refs/tags"))
    return sorted(
        {name for tag in listed.split("\n") if (name := artefact_of_tag(tag)) is not None}
    )


def find_release(releases: Sequence[Release], wanted: str | None) -> Release:
    """The release that a version names; the newest promoted one where none is named.

    Args:
        releases: Oldest first.
        wanted: `v1.2.3`, `1.2.3`, `augmented@v1.2.3`, `latest`, `promoted`, or None (`promoted`).

    Raises:
        VersionError: there is no such release.
    """
    if not releases:
        raise VersionError("No version has been released yet. Run `equipoise run`.")
    if wanted in (None, "promoted"):
        promoted = [release for release in releases if release.promotion is not None]
        if not promoted:
            raise VersionError(
                "No version has been promoted yet, since no trial has shown that one helps. "
                f"Name a version, for example {releases[-1].version} (the newest)."
            )
        return max(promoted, key=lambda release: release.promotion or 0)
    if wanted == "latest":
        return releases[-1]
    assert wanted is not None
    version = Version.parse(wanted.rpartition("@")[2])
    for release in releases:
        if release.version == version:
            return release
    near = ", ".join(str(release.version) for release in releases[-5:])
    raise VersionError(f"There is no version {version}; the newest are {near}.")
