"""Which files an image folder holds, before any is opened.

<root>/<class>/<file>                  or
<root>/<train|validation|test>/<class>/<file>
"""

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.sources.class_names import problem_with
from pipeline.sources.picture import KNOWN_SUFFIXES
from pipeline.sources.words import counted

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir"})


@dataclass(frozen=True)
class Found:
    """One file: its path below the root, its class, and the split that the source gives."""

    path: str
    class_name: str
    split: str | None


@dataclass
class Walk:
    """What a folder holds, in sorted order, and what is wrong with it."""

    root: Path
    files: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def walk(root: Path) -> Walk:
    """Look through the folder without opening any file and without following a link out of it."""
    found = Walk(root=root)
    top = _folders(found, "", root)
    given = [name for name in top if name.lower() in SPLIT_NAMES]
    if given and len(given) < len(top):
        others = ", ".join(name for name in top if name not in given)[:200]
        found.problems.append(
            f"{root} holds {', '.join(given)} beside {others}; all its folders must be splits, "
            "or all classes: move the classes into the splits, or rename."
        )
    elif given:
        _walk_splits(found, given)
    else:
        for name in top:
            _walk_class(found, name, name, split=None)
    if not found.files and not found.problems:
        found.problems.append(
            f"{root} is empty; one folder a class with pictures in it is expected: "
            "<root>/<class>/<file>."
        )
    return found


def _walk_splits(found: Walk, given: list[str]) -> None:
    meant: dict[str, str] = {}
    for name in given:
        split = SPLIT_NAMES[name.lower()]
        if split in meant:
            found.problems.append(
                f"{found.root} holds both {meant[split]}/ and {name}/, which mean the same split; "
                "keep one."
            )
        meant.setdefault(split, name)
    missing = [split for split in ("train", "test") if split not in meant]
    if missing:
        found.problems.append(
            f"{found.root} holds {', '.join(given)} but no {' and no '.join(missing)} folder; the "
            "splits are used as given: add it, or remove the level of splits so that they are made."
        )
    for split, name in sorted(meant.items()):
        for class_name in _folders(found, name, found.root / name):
            _walk_class(found, f"{name}/{class_name}", class_name, split=split)
    of = {
        split: {file.class_name for file in found.files if file.split == split} for split in meant
    }
    for split in sorted(set(meant) - {"train"}):
        found.problems += [
            f"The class {name!r} has pictures in {meant[split]}/ but none in "
            f"{meant.get('train', 'train')}/; add some, or remove the class."
            for name in sorted(of[split] - of.get("train", set()))
        ]


def _folders(found: Walk, below: str, directory: Path) -> list[str]:
    """The folders in a level that holds folders only."""
    names = []
    loose = []
    for entry, kind in _entries(found, below, directory):
        if kind == "folder":
            names.append(entry)
        elif kind == "file":
            loose.append(entry)
    pictures = [name for name in loose if Path(name).suffix.lower() in KNOWN_SUFFIXES]
    if pictures:
        found.problems.append(
            f"{directory} holds {counted(len(pictures), 'picture')} directly (such as "
            f"{pictures[0]}); one folder a class is expected: move each picture into the folder of "
            "its class."
        )
    others = set(loose) - set(pictures)
    found.ignored.update({"files beside the class folders": len(others)} if others else {})
    return names


def _walk_class(found: Walk, below: str, class_name: str, *, split: str | None) -> None:
    problem = problem_with(class_name)
    if problem:
        found.problems.append(problem)
        return
    before = len(found.files)
    for name, kind in _entries(found, below, found.root / below):
        path = f"{below}/{name}"
        if kind == "file":
            found.files.append(Found(path=path, class_name=class_name, split=split))
        else:
            found.problems.append(
                f"{path} is a folder inside the class folder {class_name!r}; pictures are expected "
                "directly in it: move them up, or name the folder in a path of its own."
            )
    if len(found.files) == before:
        found.problems.append(
            f"The class folder {below} is empty; add pictures, or remove the folder."
        )


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
            found.ignored[entry.name if len(entry.name) <= 40 else "hidden files"] += 1
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
