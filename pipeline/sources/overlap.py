"""Raw data must not lie where the product writes: the next run would read its own output as data.

Two paths may be one place under many names: through links, `..`, a file system that takes upper for
lower case, or a bind mount. Folders are therefore compared by device and inode, up to the root, and
by their place inside the mounted file system, which a bind mount shows a second time.
"""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import SourceError

# The folders in which the product writes, from the workspace.
OWN_FOLDERS = ("data", "reports", ".equipoise", ".dvc", ".git")
# How DVC names an object in its cache.
_OBJECT = re.compile(r"/files/md5/[0-9a-f]{2}/[0-9a-f]{30}$")
MOUNTS = Path("/proc/self/mountinfo")


def refuse_overlap(source: Path, root: Path, others: Mapping[str, Path]) -> None:
    """Refuse raw data that hold, lie in, or are a folder in which a workspace writes.

    Args:
        source: Where the raw data lie; it exists.
        root: The workspace, which need not be there yet.
        others: Name → further folders that the product writes, such as DVC's cache.

    Raises:
        SourceError: the sentence says which folder it is, and what to do.
    """
    if _same(source, root):
        raise SourceError(
            f"The raw data {source} are the workspace itself, in which Equipoise writes. Make the "
            f"workspace elsewhere: {_init_beside(source)}."
        )
    if _holds(source, root):
        raise SourceError(
            f"The raw data {source} hold the workspace {root}, so that what Equipoise writes would "
            f"be read as data. Make the workspace elsewhere: {_init_beside(source)}."
        )
    places = {f"the workspace's {name}/": root / name for name in OWN_FOLDERS}
    for name, place in {**places, **others}.items():
        if _same(source, place) or _holds(place, source):
            raise SourceError(
                f"The raw data {source} lie in {name} ({place}), where Equipoise writes and "
                f"deletes files. {_move(source, root)}"
            )
        if _holds(source, place):
            raise SourceError(
                f"The raw data {source} hold {name} ({place}), so that what Equipoise writes would "
                "be read as data. Name a folder that holds the raw data and nothing else."
            )
    twin = _hard_link(source, [root / name for name in OWN_FOLDERS[:2]])
    if twin is not None:
        raise SourceError(
            f"The raw data {source} are the same file as {twin} (a hard link), which Equipoise "
            f"writes. {_move(source, root)}"
        )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other) or _place(one) == _place(other)
    except OSError:
        return False


def _holds(outer: Path, inner: Path) -> bool:
    """Whether `inner`, which need not be there, lies somewhere below `outer`."""
    if not outer.exists():
        return False
    known = _identity(outer)
    if any(_identity(place) == known for place in _upwards(inner)):
        return not _same(outer, inner)
    here, there = _place(outer), _place(next(_upwards(inner)))
    return here is not None and there is not None and _is_below(there, here)


def _is_below(inner: tuple[str, Path], outer: tuple[str, Path]) -> bool:
    return inner[0] == outer[0] and inner[1].is_relative_to(outer[1])


def _upwards(path: Path) -> Iterator[Path]:
    """The folders around a path that exist, the path itself first, links followed."""
    resolved = Path(os.path.realpath(path))
    return (place for place in (resolved, *resolved.parents) if place.exists())


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _place(path: Path) -> tuple[str, Path] | None:
    """The device of a path's file system and the path inside it; None where that is not told."""
    resolved = Path(os.path.realpath(path))
    best: tuple[int, str, Path] | None = None
    for device, inside, mounted in _mounts():
        if resolved.is_relative_to(mounted):
            depth = len(mounted.parts)
            if best is None or depth >= best[0]:
                best = (depth, device, inside / resolved.relative_to(mounted))
    return None if best is None else best[1:]


def _mounts() -> Iterator[tuple[str, Path, Path]]:
    """Device, folder inside of it, and where that is mounted; nothing on other systems."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split(" ")
        if len(fields) > 4:
            yield fields[2], Path(_unescaped(fields[3])), Path(_unescaped(fields[4]))


def _unescaped(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


def _hard_link(source: Path, folders: list[Path]) -> Path | None:
    """A file below the folders that is the source under another name."""
    if not source.is_file() or source.stat().st_nlink == 1:
        return None
    files = (path for folder in folders if folder.is_dir() for path in folder.rglob("*"))
    return next((path for path in files if path.is_file() and path.samefile(source)), None)


def _move(source: Path, root: Path) -> str:
    """What to do with raw data that lie where the product writes."""
    real = source.resolve()
    if _OBJECT.search(str(real)) and Path(f"{source}.dvc").is_file():
        return (
            "DVC has linked them from its cache. Have it keep a copy there instead: `dvc config "
            f"cache.type copy`, then `dvc unprotect {shlex.quote(str(source))}`; then run the same "
            "command again."
        )
    target = next(place for place in _free_names(root, source) if not place.exists())
    # Moving a link would leave the data where they are, and an object is DVC's to keep.
    verb, how = ("cp", "Copy") if _OBJECT.search(str(real)) else ("mv", "Move")
    shown = source if source.absolute() == real else real
    moved = f"`{verb} {shlex.quote(str(shown))} {shlex.quote(str(target))}`"
    return (
        f"{how} them out first: {moved}. Then name {target} as `--from` of `equipoise init`, or as "
        "`source.path` in params.yaml."
    )


def _free_names(root: Path, source: Path) -> Iterator[Path]:
    suffix = source.suffix if source.is_file() else ""
    yield root / f"raw{suffix}"
    number = 2
    while True:
        yield root / f"raw-{number}{suffix}"
        number += 1


def _init_beside(source: Path) -> str:
    source = source.resolve()
    folder = source if source.is_dir() else source.parent
    beside = folder.with_name(f"{folder.name}-workspace")
    return f"`equipoise init {shlex.quote(str(beside))} --from {shlex.quote(str(source))}`"
