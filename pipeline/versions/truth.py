"""Whether a released version says what made it: its tag, its settings and its dvc.lock compared."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.errors import ParamsError, VersionError
from pipeline.versions.agreement import SETTINGS, differences, disagreements, shown
from pipeline.versions.details import Details, read_details
from pipeline.versions.fetch import released_prefix
from pipeline.versions.git import Git
from pipeline.versions.graph import PARAMS_FILE
from pipeline.versions.listing import Release
from pipeline.versions.lockfile import COMMITTED, LOCK, hash_of_files, read_outputs
from pipeline.versions.record import WITHOUT_EFFECT, VersionRecord, digest_of
from pipeline.yaml_text import parse_mapping


def untruths(git: Git, release: Release) -> list[str]:
    """Every way in which a release contradicts what its own dvc.lock recorded, a sentence each.

    Args:
        git: The repository with the tag.
        release: One that was made by this product.
    """
    if release.record is None:
        return []
    try:
        prefix = released_prefix(git, release)
        lock = git.read(release.commit, prefix + LOCK)
        found = {name: git.find(release.commit, prefix + name) for name in SETTINGS}
        settings = {name: content for name, content in found.items() if content is not None}
        details = read_details(git, release.commit, prefix)
        return [
            *disagreements(settings, lock),
            *_of_record(release.record, details),
            *_of_details(settings, details),
            *_of_reports(git, release, prefix, lock),
        ]
    except VersionError as error:
        return [str(error)]


def _of_record(record: VersionRecord, details: Details) -> Iterator[str]:
    """The tag's message beside reports/release.json, which was written in the same moment."""
    if details.params.get("seed", record.seed) != record.seed:
        yield f"Its tag names the seed {record.seed}, its files {details.params['seed']}."
    told = {key: value for key, value in details.params.items() if key not in WITHOUT_EFFECT}
    if digest_of(told) != record.params:
        yield "Its tag names other params than reports/release.json."
    if digest_of(details.sample_schema) != record.schema_digest:
        yield "Its tag names another schema than reports/release.json."


def _of_details(settings: Mapping[str, bytes], details: Details) -> Iterator[str]:
    try:
        told = parse_mapping(settings.get(PARAMS_FILE, b""), where=PARAMS_FILE)
    except ParamsError as error:
        yield str(error)
        return
    filled = _same_keys(details.params, told)
    for key, new, old in differences(told, filled):
        yield f"`{key}` is {shown(new)} in params.yaml and {shown(old)} in reports/release.json."


def _same_keys(content: Any, like: Any) -> Any:
    """The part of a mapping that another one speaks of; the rest are defaults."""
    if not isinstance(content, Mapping) or not isinstance(like or {}, Mapping):
        return content
    return {key: _same_keys(content.get(key), value) for key, value in (like or {}).items()}


def _of_reports(git: Git, release: Release, prefix: str, lock: bytes) -> Iterator[str]:
    for output in read_outputs(lock, where=LOCK):
        if output.path.startswith(f"{COMMITTED}/"):
            whole = prefix + output.path
            files = {
                name.removeprefix(whole).removeprefix("/"): git.read(release.commit, name)
                for name in git.files(release.commit, whole)
            }
            if hash_of_files(files) != output.md5:
                yield f"Its {output.path} is not what the stage wrote, by dvc.lock."
