"""The places that a run writes to: a probe file in each shows that it can, before any training."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import EquipoiseError, WorkspaceError
from pipeline.machine_errors import free_bytes, machine_refusal
from pipeline.versions.dvc import site_cache
from pipeline.versions.dvc_settings import cache_directory
from pipeline.versions.remote import effective_remote
from pipeline.workspace import Workspace

GIGABYTE = 10**9
# More than a file system keeps beside a file's name, so that a full disk is seen.
PROBE_BYTES = 2**20


@dataclass(frozen=True)
class Place:
    """A folder that a run writes to, and what it is."""

    noun: str
    folder: Path


def written_places(workspace: Workspace) -> list[Place]:
    """Every place that a run of the workspace writes to; a remote beyond this machine is none."""
    places = [
        Place("the workspace", workspace.root),
        Place("data", workspace.root / "data"),
        Place("reports", workspace.reports),
        Place("the private folder", workspace.private),
        Place("temporary files", Path(tempfile.gettempdir())),
    ]
    with contextlib.suppress(EquipoiseError):
        places.append(Place("DVC's site cache", site_cache(workspace.root)))
        cache = cache_directory(workspace.root)
        if cache is not None:
            places.append(Place("DVC's cache", cache))
        remote = effective_remote(workspace.root).local_path
        if remote is not None:
            places.append(Place("the remote", remote))
    return places


def probe(place: Place) -> EquipoiseError | None:
    """Write, sync and delete a file of 1 MB there; what the machine refused, or None.

    A folder that is not there yet is tried where it would be made, and is not made.
    """
    folder = next(path for path in (place.folder, *place.folder.parents) if path.exists())
    try:
        _write_probe(folder)
    except OSError as error:
        # The probe's own name, which chance chose, tells a person nothing.
        told = OSError(error.errno, error.strerror, str(place.folder))
        return machine_refusal(told, place=place.folder) or EquipoiseError(
            f"{place.folder} cannot be written ({error.strerror})."
        )
    return None


def refusals(places: list[Place]) -> list[str]:
    """A sentence for each thing that the machine refused, with the other places it holds for."""
    alike: dict[str, list[tuple[Place, str]]] = {}
    for place in places:
        refusal = probe(place)
        if refusal is not None:
            told = str(refusal)
            alike.setdefault(told.replace(str(place.folder), ""), []).append((place, told))
    return [
        told
        + (f" The same holds for {', '.join(other.noun for other, _ in others)}." * bool(others))
        for (_, told), *others in alike.values()
    ]


def refuse_unwritable(workspace: Workspace) -> None:
    """Refuse a run of which a place takes no file, before anything is computed.

    Raises:
        WorkspaceError: a disk is full or read-only, or a right is missing.
    """
    told = refusals(written_places(workspace))
    if told:
        raise WorkspaceError(" ".join(told))


def rooms(places: list[Place]) -> Iterator[str]:
    """How much is free on each disk that the places lie on, one clause a disk."""
    seen: set[int] = set()
    for place in places:
        folder = next(path for path in (place.folder, *place.folder.parents) if path.exists())
        disk, free = folder.stat().st_dev, free_bytes(folder)
        if disk not in seen and free is not None:
            seen.add(disk)
            yield f"{free / GIGABYTE:.1f} GB free for {place.noun}"


def _write_probe(folder: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=".equipoise-probe-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(bytes(PROBE_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
    finally:
        Path(name).unlink(missing_ok=True)
