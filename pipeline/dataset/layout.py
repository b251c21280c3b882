"""Where the rows of a set lie: a folder for each source, a file name for each membership.

    data/real/both-5d41402a-00000.parquet          rows of the configs `train` and `balanced`
    data/gan/recommended-5d41402a-00000.parquet    rows of `train` alone
    data/gan/balanced-5d41402a-00000.parquet       rows of `balanced` alone

so that each config is a list of globs. No name is that of a split, by which other readers would
part the rows. The digest in the middle is that of all rows: the Hugging Face library caches a local
folder by its name and its globs alone, and would take one version for another. A set of an earlier
release lies in `train/part-00000.parquet`, all of its rows together. Light to import.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pipeline.dataset.wanted import Rows
from pipeline.errors import VersionError
from pipeline.workspace import sha256_of

FOLDER, EARLIER_FOLDER = "data", "train"
ROWS: tuple[Rows, ...] = get_args(Rows)
# Name of a part → whether its rows are in `train`, and whether they are in `balanced`.
PARTS: Mapping[str, tuple[bool, bool]] = {
    "both": (True, True),
    "recommended": (True, False),
    "balanced": (False, True),
}
# In this order wherever sources are listed; others follow by name.
SOURCES = ("real", "gan", "classical", "deformed", "smote", "taught")
# Source, part and number; the digest is there once all rows have been written.
ROW_FILE = re.compile(
    rf"{FOLDER}/([^/]+)/({'|'.join(PARTS)})-(?:[0-9a-f]{{8}}-)?(\d{{5}})\.parquet"
)


def part_of(in_train: bool, in_balanced: bool) -> str:
    """The name of the part whose rows have these memberships."""
    return next(name for name, held in PARTS.items() if held == (in_train, in_balanced))


def in_order(sources: Iterable[str]) -> list[str]:
    """Each source once, in the order of `SOURCES`."""
    known = {source: place for place, source in enumerate(SOURCES)}
    return sorted(set(sources), key=lambda source: (known.get(source, len(known)), source))


def is_among(name: str, rows: Rows) -> bool:
    """Whether a file of a set is needed for these rows; True for any that holds no rows.

    Args:
        name: Path of the file inside the set.
    """
    found = ROW_FILE.fullmatch(name)
    if found is None or rows == "all":
        return True
    source, part, _ = found.groups()
    in_train, in_balanced = PARTS[part]
    return {"train": in_train, "balanced": in_balanced, "synthetic": source == "gan"}[rows]


def row_files(directory: Path, rows: Rows) -> list[Path]:
    """The files that hold these rows, real rows first.

    Of an earlier release's set all files, whichever rows are asked for: its rows tell themselves
    apart only by their columns.
    """
    if is_earlier(directory):
        return sorted((directory / EARLIER_FOLDER).glob("*.parquet"))
    names = [name for name in _names_in(directory) if is_among(name, rows)]
    return [directory / name for name in _sorted(names)]


def globs_of(names: Iterable[str], rows: Rows) -> list[str]:
    """The globs over a set's files that give these rows; empty where there are none.

    Args:
        names: Path of each file inside the set.
    """
    taken = _sorted(name for name in names if ROW_FILE.fullmatch(name) and is_among(name, rows))
    return list(dict.fromkeys(re.sub(r"-\d{5}\.parquet$", "-*.parquet", name) for name in taken))


def name_by_content(directory: Path) -> list[str]:
    """Put the digest of all rows into the names of their files; returns these, real rows first."""
    old = _sorted(_names_in(directory))
    told = "".join(f"{name} {sha256_of(directory / name)}\n" for name in old)
    digest, new = hashlib.sha256(told.encode()).hexdigest()[:8], []
    for name in old:
        source, part, number = _parts(name)
        new.append(f"{FOLDER}/{source}/{part}-{digest}-{number}.parquet")
        (directory / name).rename(directory / new[-1])
    return new


def is_earlier(directory: Path) -> bool:
    """Whether a folder holds a set as earlier releases laid it out."""
    return any((directory / EARLIER_FOLDER).glob("*.parquet"))


def require_rows(directory: Path, facts: Mapping[str, Any], rows: Rows) -> None:
    """Refuse rows that a set, or the part of it that was pulled, does not have.

    Args:
        facts: Those of its manifest.

    Raises:
        VersionError: naming the rows there are; also where no set has rows of that name.
    """
    if rows not in ROWS:
        raise VersionError(f"There are no rows {rows!r}; name one of {', '.join(ROWS)}.")
    held = facts.get("configs")
    if isinstance(held, Mapping) and rows not in held:
        names = ", ".join(f"`{name}`" for name in ROWS if name in held)
        raise VersionError(
            f"{directory} has no rows `{rows}`; it has {names or 'none'}. Where the version has "
            f"them, `equipoise pull --rows {rows}` brings them."
        )


def _names_in(directory: Path) -> list[str]:
    files = directory.glob(f"{FOLDER}/*/*.parquet")
    names = (path.relative_to(directory).as_posix() for path in files)
    return [name for name in names if ROW_FILE.fullmatch(name)]


def _sorted(names: Iterable[str]) -> list[str]:
    """By source, then by part as in `PARTS`, then by number."""

    names = list(names)
    sources, parts = in_order(_parts(name)[0] for name in names), [*PARTS]

    def key(name: str) -> tuple[int, int, str]:
        source, part, _ = _parts(name)
        return sources.index(source), parts.index(part), name

    return sorted(names, key=key)


def _parts(name: str) -> tuple[str, str, str]:
    """Source, part and number that the name of a file of rows tells."""
    found = ROW_FILE.fullmatch(name)
    assert found is not None
    return found[1], found[2], found[3]
