"""What the folders above the pictures mean: classes, splits, wrappers.

A reading is taken where it is the only one. Where there are several, the sentence names them with
the line of params.yaml that settles it: `source.folders`, one word a level below the root, such as
`split/class` or `any/class`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

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
# As in training_set or test-images.
SPLIT_ENDINGS = ("_set", "-set", "_images", "-images", "_data", "-data")
SHOWN = 6

Parts = tuple[str, ...]


@dataclass
class Reading:
    """What was made of the folders.

    Attributes:
        meanings: Folder, as parts below the root, to its class and its split or None.
        problems: Whole sentences; nothing is read where there are any.
        remarks: Whole sentences about readings that are not the plain one.
        class_level: Folders that hold the class folders.
    """

    root: str
    meanings: dict[Parts, tuple[str, str | None]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    class_levels: set[Parts] = field(default_factory=set)


def split_named(name: str) -> str | None:
    """The split that a folder's name says as a whole, or by its first or last word, or None."""
    plain = name.lower()
    for ending in SPLIT_ENDINGS:
        plain = plain.removesuffix(ending)
    words = re.split(r"[-_. ]+", plain)
    known = (SPLIT_NAMES.get(word.removesuffix("set")) for word in (plain, words[0], words[-1]))
    return next(filter(None, known), None)


def read_layout(folders: Iterable[Parts], *, root: str, declared: str | None) -> Reading:
    """The reading of the folders that hold pictures directly.

    Args:
        folders: Parts below the root, none of them empty.
        root: For sentences.
        declared: `source.folders`.
    """
    reading = Reading(root=root)
    paths = sorted(folders)
    if declared is None:
        _infer(reading, paths, at=(), levels=(), split=None)
    else:
        _apply(reading, paths, tuple(declared.split("/")))
    return reading


def _apply(reading: Reading, paths: list[Parts], levels: Parts) -> None:
    declared = "/".join(levels)
    least = max(k for k, word in enumerate(levels) if word != "any") + 1
    for path in paths:
        shown = "/".join(path)
        if len(path) < least or (len(path) > len(levels) and levels[-1] != "any"):
            reading.problems.append(
                f"{shown} holds pictures at level {len(path)}, where `source.folders: {declared}` "
                f"expects them at level {least}; move them, or end the line with `/any`."
            )
            continue
        split = None
        if "split" in levels:
            name = path[levels.index("split")]
            split = split_named(name)
            if split is None:
                reading.problems.append(
                    f"{shown} lies in {name!r}, which is no split, though `source.folders: "
                    f"{declared}` says so; train, validation and test are expected."
                )
                continue
        reading.meanings[path] = (path[levels.index("class")], split)


def _infer(
    reading: Reading, paths: list[Parts], *, at: Parts, levels: Parts, split: str | None
) -> None:
    """Take the one reading of the folders below `at`, which lie at least one level deeper."""
    depth = len(at)
    below = [path[depth:] for path in paths]
    firsts = list(dict.fromkeys(path[0] for path in below))
    is_deep = {first: all(len(p) > 1 for p in below if p[0] == first) for first in firsts}
    splits = [first for first in firsts if split_named(first)] if split is None else []
    if len(firsts) == 1 and is_deep[firsts[0]]:
        _unwrap(reading, paths, firsts[0], at=at, levels=levels, split=split)
    elif splits and len(splits) == len(firsts) and all(is_deep.values()):
        _take_splits(reading, paths, splits, at=at, levels=levels)
    elif any(is_deep[first] for first in splits) and not all(is_deep.values()):
        others = ", ".join(first for first in firsts if first not in splits)[:200]
        flat = ", ".join(first for first in splits if not is_deep[first])
        where = _shown(reading, at)
        reading.problems.append(
            f"{where} holds {', '.join(splits)} beside {others}; all its folders must be splits, "
            "or all classes: move the classes into the splits, or rename."
            if others
            else f"{where} holds {flat} with pictures directly in it, beside splits with folders "
            "of classes; move each picture into a folder of its class there, or move "
            f"{flat} elsewhere."
        )
    elif all(len(path) == 1 for path in below):
        _take_classes(reading, firsts, at=at, levels=levels, splits=splits, split=split)
    else:
        _take_deeper(reading, below, firsts, at=at, levels=levels, split=split)


def _unwrap(
    reading: Reading, paths: list[Parts], name: str, *, at: Parts, levels: Parts, split: str | None
) -> None:
    if split is None and split_named(name):
        reading.remarks.append(
            f"{_shown(reading, at)} holds {name} alone, so that no split is given; the splits are "
            "made by `source.split`."
        )
    elif split is None:
        reading.remarks.append(
            f"The classes were looked for in {'/'.join((*at, name))}, the only folder with "
            "pictures there."
        )
    _infer(reading, paths, at=(*at, name), levels=(*levels, "any"), split=split)


def _take_splits(
    reading: Reading, paths: list[Parts], names: list[str], *, at: Parts, levels: Parts
) -> None:
    meant: dict[str, str] = {}
    for name in names:
        split = split_named(name)
        assert split is not None
        if split in meant:
            reading.problems.append(
                f"{_shown(reading, at)} holds both {meant[split]}/ and {name}/, which mean the "
                "same split; keep one."
            )
            continue
        meant[split] = name
    if "train" not in meant:
        reading.problems.append(
            f"{_shown(reading, at)} holds {', '.join(names)} but no train folder; the splits are "
            "used as given: add it, or remove the level of splits so that they are made."
        )
    for split, name in sorted(meant.items()):
        inside = [path for path in paths if path[: len(at) + 1] == (*at, name)]
        _infer(reading, inside, at=(*at, name), levels=(*levels, "split"), split=split)


def _take_classes(
    reading: Reading,
    names: list[str],
    *,
    at: Parts,
    levels: Parts,
    splits: list[str],
    split: str | None,
) -> None:
    if len(names) > 1 and len(splits) == len(names):
        reading.problems.append(
            f"{_shown(reading, at)} holds {', '.join(names)} with pictures directly in them; move "
            "each picture into a folder of its class there, or, where these are the names of the "
            f"classes, set {_line(*levels, 'class')}."
        )
        return
    reading.class_levels.add(at)
    for name in names:
        reading.meanings[(*at, name)] = (name, split)


def _take_deeper(
    reading: Reading,
    below: list[Parts],
    firsts: list[str],
    *,
    at: Parts,
    levels: Parts,
    split: str | None,
) -> None:
    """Pictures more than one level down: the level of the classes must be found, or asked for."""
    seconds = list(dict.fromkeys(path[1] for path in below if len(path) > 1))
    is_even = all(len(path) == 2 for path in below)
    if is_even and split is None and all(split_named(name) for name in seconds):
        reading.remarks.append(
            f"Each class folder of {_shown(reading, at)} holds splits ({', '.join(seconds)}), "
            "which are used as given."
        )
        for path in below:
            reading.meanings[(*at, *path)] = (path[0], split_named(path[1]))
    elif is_even and len(seconds) == 1:
        reading.remarks.append(
            f"The pictures of each class lie in a folder {seconds[0]!r} inside its own."
        )
        for path in below:
            reading.meanings[(*at, *path)] = (path[0], split)
    elif any((path[0],) in below for path in below if len(path) > 1):
        inner = next(path for path in below if len(path) > 1 and (path[0],) in below)
        reading.problems.append(
            f"{'/'.join((*at, *inner[:2]))} is a folder inside the class folder {inner[0]!r}; "
            "pictures are expected directly in it: move them up, or, where all below it is of its "
            f"class, set {_line(*levels, 'class', 'any')}."
        )
    elif any(split_named(first) for first in firsts) and split is None:
        named = [first for first in firsts if split_named(first)]
        others = [first for first in firsts if first not in named]
        reading.problems.append(
            f"{_shown(reading, at)} holds {_some(named)} beside {_some(others)}, whose names tell "
            "no split; rename them (train, validation or test), move them elsewhere, or, where "
            f"none is a split and {_some(firsts)} are the classes, set "
            f"{_line(*levels, 'class', 'any')}."
        )
    else:
        reading.problems.append(
            f"{_shown(reading, at)} holds folders inside folders, which can be read in two ways: "
            f"where {_some(firsts)} are the classes, set {_line(*levels, 'class', 'any')}; where "
            f"{_some(seconds)} are, set {_line(*levels, 'any', 'class')}."
        )


def _line(*levels: str) -> str:
    pattern = "/".join(levels)
    return f"`source.folders: {pattern}` (`equipoise init --folders {pattern}`)"


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _shown(reading: Reading, at: Parts) -> str:
    return "/".join((reading.root, *at))
