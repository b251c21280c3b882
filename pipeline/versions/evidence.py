"""What a release is made of, read from a finished workspace and proven against dvc.lock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ProblemsError, VersionError
from pipeline.params import Params, parse_params
from pipeline.params_digest import params_digest
from pipeline.results import read_result
from pipeline.run_record import RUN_FILE
from pipeline.versions.agreement import disagreements
from pipeline.versions.details import make_details
from pipeline.versions.git import Git
from pipeline.versions.graph import PARAMS_FILE
from pipeline.versions.lockfile import (
    AUGMENTED,
    COMMITTED,
    LOCK,
    Output,
    StoredFile,
    hash_of_files,
    hash_output,
    listing_bytes,
    read_outputs,
)
from pipeline.versions.record import VersionRecord, make_record
from pipeline.versions.source_digest import source_digest
from pipeline.versions.testimony import contradictions
from pipeline.workspace import Workspace, verify_manifest


@dataclass(frozen=True)
class Evidence:
    """A finished run, ready to be released.

    Attributes:
        record: What its tag will say.
        details: What its commit will hold in `reports/release.json`.
        objects: DVC hash → bytes of everything that the remote must hold.
        files: Path from the workspace → content of what the commit holds.
    """

    record: VersionRecord
    details: str
    objects: dict[str, int]
    files: dict[str, bytes]


def gather(
    workspace: Workspace, params: Params, git: Git, settings: Mapping[str, bytes]
) -> Evidence:
    """Read a finished run and prove that all that is published is what dvc.lock recorded.

    Args:
        workspace: Where every stage has run.
        params: Its parameters.
        git: The repository around it.
        settings: Name → content of params.yaml, dvc.yaml and code.json as they are published.

    Raises:
        VersionError: a stage has not run, or an output or a setting changed after it ran.
        ArtifactError: the augmented set does not match its manifest.
    """
    lock_file = workspace.root / LOCK
    if not lock_file.is_file():
        raise VersionError(f"{lock_file} is missing: no stage has run yet. Run `equipoise run`.")
    lock = lock_file.read_bytes()
    outputs = read_outputs(lock, where=str(lock_file))
    hashed = {output.path: _proven(workspace, output) for output in outputs}
    stored = {
        output.path: output.md5 for output in outputs if not output.path.startswith(f"{COMMITTED}/")
    }
    if AUGMENTED not in stored:
        raise VersionError(f"{lock_file} names no {AUGMENTED}. Run `equipoise run`.")
    _require_agreement(workspace, params, settings, lock)
    result, facts = read_result(workspace.trial), verify_manifest(workspace.augmented)
    record = make_record(
        params,
        result,
        facts,
        outputs=stored,
        source=source_digest(workspace.prepared),
        code=git.head(),
    )
    objects: dict[str, int] = {}
    for path, md5 in stored.items():
        objects.update({file.md5: file.size_bytes for file in hashed[path]})
        if Output(path, md5).is_folder:
            objects[md5] = len(listing_bytes(hashed[path]))
    details = make_details(params, result, facts["schema"], objects)
    files = {LOCK: lock, **settings, **_committed_files(workspace, outputs)}
    return Evidence(record, details, objects, files)


def _require_agreement(
    workspace: Workspace, params: Params, settings: Mapping[str, bytes], lock: bytes
) -> None:
    """Refuse to release what would not say what made it.

    Raises:
        VersionError: settings, dvc.lock and the stages' manifests differ; every difference is told.
    """
    found = [*disagreements(settings, lock), *contradictions(workspace, params)]
    published = parse_params(settings[PARAMS_FILE], where=str(workspace.params_file))
    if params_digest(published) != params_digest(params):
        found.append("params.yaml was edited after it had been read.")
    if found:
        told = ProblemsError("The version would not say what made it:", found)
        raise VersionError(
            f"{told}\nNothing was released. Run `equipoise run`: it runs again what these settings "
            "change. Or put the old values back first."
        )


def _proven(workspace: Workspace, output: Output) -> list[StoredFile]:
    path = workspace.root / output.path
    if not path.exists():
        raise VersionError(
            f"{path} is missing, although dvc.lock says that it was written. Run `equipoise run`."
        )
    md5, files = hash_output(path)
    if md5 != output.md5:
        raise VersionError(
            f"{path} is not what its stage wrote (its hash is {md5}, dvc.lock says {output.md5}). "
            "Run `equipoise run`, which writes it again."
        )
    return files


def _committed_files(workspace: Workspace, outputs: Iterable[Output]) -> dict[str, bytes]:
    """What the commit holds besides settings: the reports, proven once more as they are read."""
    found = {
        name: (workspace.root / name).read_bytes()
        for name in (".dvcignore", ".dvc/.gitignore", f"{COMMITTED}/{RUN_FILE}")
        if (workspace.root / name).is_file()
    }
    for output in outputs:
        if output.path.startswith(f"{COMMITTED}/"):
            files = dict(_read_files(workspace.root / output.path))
            if hash_of_files(files) != output.md5:
                raise VersionError(
                    f"{workspace.root / output.path} was changed while it was being released. Run "
                    "`equipoise run`, which writes it again."
                )
            found.update({f"{output.path}/{n}".rstrip("/"): c for n, c in files.items()})
    return found


def _read_files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_file():
        yield "", path.read_bytes()
        return
    for found in sorted(path.rglob("*")):
        if found.is_file():
            yield found.relative_to(path).as_posix(), found.read_bytes()
