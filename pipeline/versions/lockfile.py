"""dvc.lock: what every stage read and wrote, and the hashes that prove it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ParamsError, VersionError
from pipeline.file_names import name_problem, shown
from pipeline.versions.objects import is_object_name
from pipeline.yaml_text import parse_mapping

LOCK = "dvc.lock"
AUGMENTED = "data/augmented"
# What stages write there is small, and stored in the commit itself (`cache: false` in dvc.yaml).
COMMITTED = "reports"
FOLDER_SUFFIX = ".dir"


@dataclass(frozen=True)
class Output:
    """One output of a stage: its path from the workspace, and DVC's hash of it."""

    path: str
    md5: str

    @property
    def is_folder(self) -> bool:
        return self.md5.endswith(FOLDER_SUFFIX)


@dataclass(frozen=True)
class StoredFile:
    """One file of an output: its path inside the output ("" for a single file), hash and bytes."""

    path: str
    md5: str
    size_bytes: int


@dataclass(frozen=True)
class StageRecord:
    """What dvc.lock says of one stage: what it ran, read and wrote.

    Attributes:
        deps: Path from the workspace → DVC's hash of what the stage read there.
        params: File → key → the value that the stage was given.
    """

    cmd: str
    deps: Mapping[str, str]
    params: Mapping[str, Mapping[str, Any]]
    outs: tuple[Output, ...]


def read_outputs(lock: bytes | str, *, where: str) -> list[Output]:
    """Every output named by a dvc.lock's content.

    Raises:
        VersionError: the content is not a dvc.lock.
    """
    return [out for stage in read_stages(lock, where=where).values() for out in stage.outs]


def read_stages(lock: bytes | str, *, where: str) -> dict[str, StageRecord]:
    """Name of a stage → what a dvc.lock's content says of it.

    Raises:
        VersionError: the content is not a dvc.lock.
    """
    content = lock.encode() if isinstance(lock, str) else lock
    try:
        stages = parse_mapping(content, where=where)["stages"]
        recorded = {name: _stage(stage, where) for name, stage in stages.items()}
    except (ParamsError, KeyError, TypeError, AttributeError, ValueError):
        raise VersionError(
            f"{where} is not a dvc.lock that DVC wrote. Delete it and run `equipoise run`."
        ) from None
    return recorded


def _stage(stage: Mapping[str, Any], where: str) -> StageRecord:
    return StageRecord(
        cmd=str(stage.get("cmd", "")),
        deps={str(dep["path"]): str(dep.get("md5", "")) for dep in stage.get("deps") or ()},
        params={file: dict(values) for file, values in (stage.get("params") or {}).items()},
        outs=tuple(_output(out, where) for out in stage.get("outs") or ()),
    )


def _output(out: Mapping[str, Any], where: str) -> Output:
    path, md5 = out["path"], out["md5"]
    if not isinstance(path, str):
        raise TypeError
    if not is_object_name(md5):
        raise VersionError(
            f"{where} gives {shown(str(path))} the hash {shown(str(md5))}, which DVC never writes "
            "(32 hexadecimal digits are expected). Delete the file and run `equipoise run`, or "
            "take another version."
        )
    problem = name_problem(path)
    if problem:
        raise VersionError(
            f"{where} names the output {shown(path)}, which {problem}; outputs lie below the "
            "workspace. Delete the file and run `equipoise run`, or take another version."
        )
    return Output(path, md5)


def output_at(outputs: Iterable[Output], path: str, *, where: str) -> Output:
    """The output with that path.

    Raises:
        VersionError: there is none.
    """
    for output in outputs:
        if output.path == path:
            return output
    raise VersionError(f"{where} names no output {path}. Run `equipoise run`.")


def listing_bytes(files: Iterable[StoredFile]) -> bytes:
    """The listing of a folder exactly as DVC stores it under the folder's hash."""
    entries = [{"md5": file.md5, "relpath": file.path} for file in files]
    entries.sort(key=lambda entry: entry["relpath"])
    return json.dumps(entries, sort_keys=True).encode()


def md5_of(content: bytes) -> str:
    """DVC's hash of some bytes."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def hash_output(path: Path) -> tuple[str, list[StoredFile]]:
    """Re-hash a file or folder the way DVC does.

    Returns:
        The hash that dvc.lock is to hold, and every file of the output.
    """
    if path.is_file():
        file = _hash_file(path, "")
        return file.md5, [file]
    files = [
        _hash_file(found, found.relative_to(path).as_posix())
        for found in sorted(path.rglob("*"))
        if found.is_file()
    ]
    return md5_of(listing_bytes(files)) + FOLDER_SUFFIX, files


def hash_of_files(files: Mapping[str, bytes]) -> str:
    """DVC's hash of a folder's files by their paths in it; of a single file under the name ""."""
    if set(files) == {""}:
        return md5_of(files[""])
    stored = [StoredFile(name, md5_of(content), len(content)) for name, content in files.items()]
    return md5_of(listing_bytes(stored)) + FOLDER_SUFFIX


def _hash_file(path: Path, name: str) -> StoredFile:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return StoredFile(name, digest, path.stat().st_size)
