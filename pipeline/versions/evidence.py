"""What a release is made of, read from a finished workspace and proven against dvc.lock."""

from dataclasses import dataclass

from pipeline.errors import VersionError
from pipeline.params import Params
from pipeline.results import read_result
from pipeline.versions.details import make_details
from pipeline.versions.git import Git
from pipeline.versions.lockfile import (
    AUGMENTED,
    COMMITTED,
    LOCK,
    Output,
    StoredFile,
    hash_output,
    listing_bytes,
    read_outputs,
)
from pipeline.versions.pipeline_file import CODE_FILE
from pipeline.versions.record import VersionRecord, make_record
from pipeline.versions.source_digest import source_digest
from pipeline.workspace import Workspace, verify_manifest

# Made from the released versions themselves (`pipeline.shelf`), so never part of one.
SHELF = ("reports/index.html", "reports/versions/")


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


def gather(workspace: Workspace, params: Params, git: Git) -> Evidence:
    """Read a finished run and prove that what stands in the workspace is what dvc.lock names.

    Raises:
        VersionError: a stage has not run, or an output changed after it ran.
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
    return Evidence(record, details, objects, {LOCK: lock, **_committed_files(workspace)})


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


def _committed_files(workspace: Workspace) -> dict[str, bytes]:
    names = ["params.yaml", "dvc.yaml", CODE_FILE, ".dvcignore", ".dvc/.gitignore"]
    paths = [workspace.root / name for name in names]
    paths += sorted(workspace.reports.rglob("*"))
    found = {path.relative_to(workspace.root).as_posix(): path for path in paths if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(SHELF)}
