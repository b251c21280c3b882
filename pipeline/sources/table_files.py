"""Which files a table consists of, and what their names and folders tell: splits, partitions."""

import re
from pathlib import Path
from urllib.parse import unquote

from pipeline.sources.cells import Place, TableError
from pipeline.sources.folder_layout import SPLIT_NAMES, split_named

PARQUET_SUFFIXES = (".parquet", ".pq")
TEXT_SUFFIXES = (".csv", ".tsv")
HIVE_MISSING = "__HIVE_DEFAULT_PARTITION__"
PARTITION = re.compile(r"([^=]+)=(.*)")
MAXIMUM_FILES = 10_000
HELD_OUT = {"holdout", "heldout", "held", "hold", "eval", "evaluation", "unseen", "submission"}


def files_of(path: Path) -> list[Path]:
    """The file itself; of a folder its Parquet files at any depth, else its .csv and .tsv files.

    Raises:
        TableError: there are none, too many, or of both kinds.
    """
    if path.is_file():
        return [path]
    parquet = _below(path, PARQUET_SUFFIXES)
    texts = _below(path, TEXT_SUFFIXES)
    if parquet and texts:
        raise TableError(
            f"holds Parquet and text tables ({parquet[0].name} and {texts[0].name}); name one file "
            "or a folder of one kind as `source.path`"
        )
    found = parquet or texts
    if not found:
        raise TableError("holds no .parquet, .csv or .tsv file")
    if len(found) > MAXIMUM_FILES:
        raise TableError(f"holds {len(found):,} files; at most {MAXIMUM_FILES:,} are read")
    return found


def places_of(paths: list[Path], root: Path) -> list[Place]:
    """What each file's name and folders tell.

    Raises:
        TableError: some names tell a split and others none, or none the training split.
    """
    if not root.is_dir():
        return [Place(paths[0].name)]
    relative = [path.relative_to(root) for path in paths]
    splits = splits_of(relative)
    places = [
        Place(str(path), split, _partition(path))
        for path, split in zip(relative, splits, strict=True)
    ]
    stems = {re.sub("[0-9]+", "", path.stem) for path in relative}
    is_text = paths[0].suffix.lower() in TEXT_SUFFIXES
    if is_text and len(stems) > 1 and not any(place.split or place.partition for place in places):
        shown = ", ".join(str(path) for path in relative[:5])
        raise TableError(
            f"holds several tables ({shown}), which are neither parts of one nor splits (train, "
            "test); name the one that is meant as `source.path`"
        )
    return places


def _below(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Files with such a suffix, sorted; hidden ones and those of hidden folders are nobody's."""
    return sorted(
        found
        for found in path.rglob("*")
        if found.suffix.lower() in suffixes
        and found.is_file()
        and not any(part.startswith((".", "_")) for part in found.relative_to(path).parts)
    )


def splits_of(paths: list[Path]) -> list[str | None]:
    """The split that each file's name or folder tells; None for all where there are not two.

    Args:
        paths: From the folder that was named.

    Raises:
        TableError: some tell a split and others none, there is no train, or one is held out.
    """
    found = [split_in(path) for path in paths]
    known = {split for split in found if split}
    if len(set(found)) < 2:
        _refuse_held_out(paths)
        return [None] * len(paths)
    if None in found:
        first = next(path for path, split in zip(paths, found, strict=True) if split is None)
        raise TableError(
            f"holds files of the splits {', '.join(sorted(known))} beside {first}, whose name "
            "tells none; rename it (train, validation or test first), or move it elsewhere"
        )
    if "train" not in known:
        raise TableError(
            f"holds files of the splits {', '.join(sorted(known))} and no training file; add one, "
            "or name one file as `source.path`, and the splits are made of it"
        )
    return found


def _refuse_held_out(paths: list[Path]) -> None:
    """Files that nobody should train on, though their names do not say which split they are."""
    held_out = [path for path in paths if HELD_OUT & set(_words(path.stem))]
    if held_out and len(held_out) < len(paths):
        raise TableError(
            f"holds {held_out[0]} beside other files; name all by their splits (train, validation "
            "or test first), or move it elsewhere"
        )


def split_in(path: Path) -> str | None:
    """The split of a folder's first word, or of the first or the last word of the file's name."""
    for part in path.parts[:-1]:
        found = PARTITION.fullmatch(part)
        first = [part] if found is None else [found[2]] * (found[1].lower() == "split")
        for word in first:
            if split := split_named((_words(word) or [""])[0]):
                return split
    words = _words(path.stem)
    return next((split for word in words[:1] + words[-1:] if (split := split_named(word))), None)


def _words(name: str) -> list[str]:
    """The words of a name without numbers: of adult_train-00000-of-00002 adult and train."""
    words = [word.strip("0123456789()") for word in re.split(r"[-_. ]+", name.lower())]
    words = [word.removesuffix("set") or word for word in words]
    return [word for word in words if word and word != "of"]


def _partition(path: Path) -> tuple[tuple[str, str | None], ...]:
    found = [PARTITION.fullmatch(part) for part in path.parts[:-1]]
    return tuple(
        (match[1], None if match[2] == HIVE_MISSING else unquote(match[2]))
        for match in found
        if match and not (match[1].lower() == "split" and match[2].lower() in SPLIT_NAMES)
    )
