"""A workspace: every path in it, atomic writing, and the manifest that proves what was written."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pipeline.errors import ArtifactError, WorkspaceError
from pipeline.outside import outside_json, read_outside_json

MANIFEST = "manifest.json"
# Results and histories of ours are smaller by far; what is longer is no such file.
MAXIMUM_JSON_BYTES = 2**27
WAY_OUT = "Delete it and run `equipoise run`, or take another version."

Kind = TypeVar("Kind")


class ManifestFile(BaseModel):
    """What a manifest tells of one file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]


class Manifest(BaseModel):
    """`manifest.json` of a folder: every file that lies beside it, and what is known of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    files: dict[str, ManifestFile]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Workspace:
    """Every path of a workspace, once. `root` is absolute."""

    root: Path

    @classmethod
    def at(cls, path: Path | str = ".") -> "Workspace":
        """The workspace whose root is `path`.

        Raises:
            WorkspaceError: the folder has no params.yaml.
        """
        root = Path(path).resolve()
        if not (root / "params.yaml").is_file():
            raise WorkspaceError(
                f"{root} is not an Equipoise workspace: it has no params.yaml. "
                "Change into one, or make one with `equipoise init DIR --from PATH`."
            )
        return cls(root)

    @property
    def params_file(self) -> Path:
        return self.root / "params.yaml"

    @property
    def prepared(self) -> Path:
        return self.root / "data" / "prepared"

    @property
    def generator(self) -> Path:
        return self.root / "data" / "generator"

    @property
    def synthetic(self) -> Path:
        return self.root / "data" / "synthetic"

    @property
    def trial(self) -> Path:
        return self.root / "data" / "trial"

    @property
    def augmented(self) -> Path:
        return self.root / "data" / "augmented"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def metrics_file(self) -> Path:
        return self.reports / "metrics.json"

    @property
    def plots(self) -> Path:
        return self.reports / "plots"

    @property
    def report_file(self) -> Path:
        return self.reports / "report.html"

    @property
    def summary_file(self) -> Path:
        return self.reports / "summary.md"

    @property
    def tables_file(self) -> Path:
        return self.reports / "tables.json"

    @property
    def private(self) -> Path:
        """What belongs to this machine alone and never to git: locks, caches, the local remote."""
        return self.root / ".equipoise"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in lower-case hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, sync it, and rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any) -> None:
    """Write canonical JSON (sorted keys, no NaN), atomically."""
    text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_bytes(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """Read a JSON file that an earlier stage wrote.

    Raises:
        ArtifactError: the file is missing or not JSON.
    """
    return outside_json(
        _content(path), where=str(path), way_out=WAY_OUT, maximum_bytes=MAXIMUM_JSON_BYTES
    )


def read_json_as(path: Path, kind: type[Kind]) -> Kind:
    """The same, held to a type; for files that may have come with somebody else's version.

    Raises:
        ArtifactError: the file is missing, not JSON, or of another form.
    """
    return read_outside_json(
        _content(path),
        kind,
        where=str(path),
        way_out=WAY_OUT,
        maximum_bytes=MAXIMUM_JSON_BYTES,
    )


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAXIMUM_JSON_BYTES + 1)
    except FileNotFoundError:
        raise ArtifactError(
            f"{path} is missing. Run the stage that writes it, or `equipoise run`."
        ) from None
    except IsADirectoryError:
        raise ArtifactError(f"{path} is a folder, where a file is expected. {WAY_OUT}") from None


@contextlib.contextmanager
def writing(directory: Path, facts: dict[str, Any] | None = None) -> Iterator[Path]:
    """Write a directory of artefacts so that it appears whole or not at all.

    Yields a temporary sibling to write into. On a clean exit a manifest (SHA-256 and size of every
    file, and `facts`: counts, seed, parameters, versions) is added, everything is synced, and the
    directory is renamed into place. On an error the temporary directory is removed and nothing that
    stood under the final name is changed.

    The manifest holds nothing that changes from run to run (no times, no host names), so that equal
    inputs give equal bytes.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    temporary.chmod(0o755)
    try:
        yield temporary
        write_manifest(temporary, facts or {})
        _sync_tree(temporary)
        if directory.exists():
            shutil.rmtree(directory)
        temporary.replace(directory)
        _sync_directory(directory.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_manifest(directory: Path, facts: dict[str, Any]) -> None:
    """Write `manifest.json`: each file's SHA-256 and size in bytes, and what else is known."""
    files = {
        str(path.relative_to(directory)): {"sha256": sha256_of(path), "bytes": path.stat().st_size}
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path != directory / MANIFEST
    }
    write_json(directory / MANIFEST, {"files": files, "facts": facts})


def verify_manifest(
    directory: Path, *, needed: Callable[[str], bool] = lambda _: True
) -> dict[str, Any]:
    """Re-hash every file of an artefact directory and return the manifest's facts.

    Args:
        needed: Whether a file that the manifest names has to be there, by its path.

    Raises:
        ArtifactError: the manifest is missing, or a file is missing, damaged or unlisted.
    """
    manifest = read_json_as(directory / MANIFEST, Manifest)
    listed = manifest.files
    present = {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and path != directory / MANIFEST
    }
    missing = sorted(set(listed) - present)
    problems = [f"{name} is missing" for name in missing if needed(name)]
    problems += [f"{name} is not in the manifest" for name in sorted(present - set(listed))]
    problems += [
        f"{name} has changed since it was written"
        for name in sorted(present & set(listed))
        if sha256_of(directory / name) != listed[name].sha256
    ]
    if problems:
        raise ArtifactError(
            f"{directory} does not match its manifest: {'; '.join(problems[:20])}. "
            "Delete the folder and run the stage that writes it again."
        )
    return manifest.facts


def _sync_tree(directory: Path) -> None:
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        else:
            _sync_directory(path)
    _sync_directory(directory)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
