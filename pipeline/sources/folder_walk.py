"""Which files an image folder holds, before any is decoded; `folder_layout` says what they are."""

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.sources.class_names import problem_with
from pipeline.sources.folder_layout import Parts, Reading, read_layout
from pipeline.sources.picture import KNOWN_SUFFIXES
from pipeline.sources.words import counted

IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r"})
# Of pictures that are not read: they are refused by a sentence, where a text is left out.
OTHER_PICTURES = frozenset({".gif", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".psd", ".svg"})
OTHER_PICTURES |= {".cr2", ".nef", ".arw", ".dng", ".dcm", ".eps", ".tga", ".ppm", ".pgm", ".ico"}
PICTURES = KNOWN_SUFFIXES | OTHER_PICTURES
BEGINNINGS: tuple[bytes, ...] = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"RIFF",
)
BEGINNINGS += (b"GIF8", b"8BPS", b"\0\0\0")
DEEPEST_LEVEL = 12


@dataclass(frozen=True)
class Found:
    """One file: its path below the root, its class, and the split that the source gives."""

    path: str
    class_name: str
    split: str | None


@dataclass
class Walk:
    """What a folder holds, in sorted order, and what is wrong with it.

    Attributes:
        n_pictures: Files that may be pictures, whatever is made of them.
        remarks: Sentences about a reading that is not the plain one.
        ignored: What was left out, by name or kind, and how often.
    """

    root: Path
    files: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    n_pictures: int = 0


def walk(root: Path, declared: str | None = None) -> Walk:
    """Look through the folder without following a link out of it.

    Only of files without an ending the first bytes are read, since README is no picture.

    Args:
        declared: `source.folders`; left out, the only reading is taken, or it is asked for.
    """
    found = Walk(root=root)
    pictures: dict[Parts, list[str]] = {}
    _gather(found, pictures, ())
    loose = pictures.pop((), [])
    found.n_pictures = len(loose) + sum(map(len, pictures.values()))
    if loose:
        found.problems.append(
            f"{root} holds {counted(len(loose), 'picture')} directly (such as {loose[0]}); one "
            "folder a class is expected: move each picture into the folder of its class."
        )
    filled = [folder for folder, names in pictures.items() if names]
    reading = read_layout(filled, root=str(root), declared=declared) if filled else None
    if reading is not None:
        _take(found, pictures, reading)
    elif not found.problems:
        found.problems.append(
            f"{root} is empty; one folder a class with pictures in it is expected: "
            "<root>/<class>/<file>."
        )
    return found


def _gather(found: Walk, pictures: dict[Parts, list[str]], at: Parts) -> None:
    """The pictures of every folder, by its parts below the root; an empty folder has none."""
    below = "/".join(at)
    pictures[at] = []
    for name, kind in _entries(found, below, found.root.joinpath(*at)):
        suffix = Path(name).suffix.lower()
        if kind == "folder" and len(at) < DEEPEST_LEVEL:
            _gather(found, pictures, (*at, name))
        elif kind == "folder":
            found.problems.append(f"{below}/{name} lies {DEEPEST_LEVEL} folders deep; move it up.")
        elif suffix in PICTURES or (not suffix and _begins_as_one(found.root.joinpath(*at, name))):
            pictures[at].append(name)
        else:
            found.ignored[f"*{suffix[:20]}" if suffix else name[:40]] += 1


def _begins_as_one(path: Path) -> bool:
    """Whether a file without an ending may be a picture."""
    try:
        with path.open("rb") as stream:
            return stream.read(8).startswith(BEGINNINGS)
    except OSError:
        # What cannot be read is told where the pictures are.
        return True


def _take(found: Walk, pictures: dict[Parts, list[str]], reading: Reading) -> None:
    found.problems += reading.problems
    found.remarks += reading.remarks
    if reading.problems:
        return
    bad = {name: problem_with(name) for name, _ in reading.meanings.values()}
    found.problems += [text for text in bad.values() if text]
    for folder, (class_name, split) in sorted(
        reading.meanings.items(), key=lambda item: (item[1][1] or "", item[0])
    ):
        below = "/".join(folder)
        found.files += [
            Found(f"{below}/{name}", class_name, split)
            for name in pictures[folder]
            if not bad[class_name]
        ]
    _note_empty(found, pictures, reading)
    _note_untrained(found, reading)


def _note_empty(found: Walk, pictures: dict[Parts, list[str]], reading: Reading) -> None:
    """Folders at the level of the classes that hold no picture at any depth."""
    full = {folder[:depth] for folder, names in pictures.items() if names for depth in range(20)}
    for folder in pictures:
        if folder and folder not in full and folder[:-1] in reading.class_levels:
            below = "/".join(folder)
            if any(True for _ in os.scandir(found.root / below)):
                found.remarks.append(f"The folder {below} holds no pictures; it is left out.")
            else:
                found.problems.append(
                    f"The class folder {below} is empty; add pictures, or remove the folder."
                )


def _note_untrained(found: Walk, reading: Reading) -> None:
    of: dict[str, set[str]] = {}
    for name, split in reading.meanings.values():
        if split:
            of.setdefault(split, set()).add(name)
    for split in sorted(set(of) - {"train"}):
        found.problems += [
            f"The class {name!r} has pictures in {split}/ but none in train/; add some, or remove "
            "the class."
            for name in sorted(of[split] - of.get("train", set()))
        ]


def _entries(found: Walk, below: str, directory: Path) -> list[tuple[str, str]]:
    """(name, "file" or "folder") of what is neither ignored nor refused, sorted by name."""
    kept = []
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        found.problems.append(f"{directory} cannot be listed ({error.strerror}); check its rights.")
        return []
    for entry in entries:
        path = f"{below}/{entry.name}".lstrip("/")
        try:
            entry.name.encode()
        except UnicodeEncodeError:
            found.problems.append(f"The name {path!r} is not valid UTF-8; rename it.")
            continue
        if entry.name.startswith(".") or entry.name.lower() in IGNORED_NAMES:
            is_shown = len(entry.name) <= 40 and not entry.name.startswith("._")
            found.ignored[entry.name.rstrip("\r") if is_shown else "hidden files"] += 1
            continue
        kind = _kind(found, path, entry)
        if kind:
            kept.append((entry.name, kind))
    return kept


def _kind(found: Walk, path: str, entry: os.DirEntry) -> str | None:
    try:
        if entry.is_symlink() and not _stays_inside(found, path, Path(entry.path)):
            return None
        mode = entry.stat().st_mode
    except OSError as error:
        found.problems.append(f"{path} cannot be looked at ({error.strerror}); mend or delete it.")
        return None
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    found.problems.append(
        f"{path} is a pipe, socket or device, not a file; delete it from the folder."
    )
    return None


def _stays_inside(found: Walk, path: str, link: Path) -> bool:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        found.problems.append(
            f"{path} is a symbolic link that leads nowhere or in a circle; delete or mend it."
        )
        return False
    root = found.root.resolve()
    if not target.is_relative_to(root):
        found.problems.append(
            f"{path} is a symbolic link out of the folder (to {target}); copy the file in instead."
        )
        return False
    if link.parent.resolve().is_relative_to(target):
        found.problems.append(
            f"{path} is a symbolic link to a folder that holds it, which is a loop; delete it."
        )
        return False
    return True
