"""What a plan reads of pictures: the headers of all, and as many whole as fit its time.

What was decoded is remembered below `.equipoise`, so that a plan with other params takes no second
decoding. The memory holds no pixels that a run uses; a run decodes every picture itself.
"""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.fingerprint import fingerprint
from pipeline.sources.decoding import THUMBNAIL_PX, Decoded
from pipeline.sources.likeness import LENGTH
from pipeline.workspace import write_bytes

# Measured: a core decodes 40 million pixels a second, and opening a picture costs as much as 30,000
# pixels. So many take about four seconds. That is as long as two further processes take that start,
# import what they need and share the work, so that one process does it all.
BUDGET_PIXELS = 150_000_000
PIXELS_A_PICTURE = 30_000
# So many are decoded however large they are, and so many that have no header that can be read.
LEAST_PICTURES = 32
MOST_WITHOUT_HEADER = 500
MOST_REMEMBERED = 200_000

Size = tuple[int, int]


@dataclass(frozen=True)
class Unseen:
    """A picture of which only the header was read: its height and width in pixels, upright."""

    height_px: int
    width_px: int


# A text is the rest of a sentence that says why the picture cannot be used.
Entry = Decoded | Unseen | str

_COLUMNS = pa.schema(
    [
        ("name", pa.string()),
        ("stamp", pa.string()),
        ("problem", pa.string()),
        ("height_px", pa.int64()),
        ("width_px", pa.int64()),
        ("digest", pa.string()),
        ("thumbnail", pa.binary()),
        ("likeness", pa.binary()),
        ("is_grey", pa.bool_()),
        ("is_constant", pa.bool_()),
        ("format", pa.string()),
        ("remarks", pa.list_(pa.string())),
    ]
)
_FACTS = [field.name for field in fields(Decoded) if field.name != "png"]


class Glance:
    """Decodes a sample where all would take too long; everything where not.

    Args:
        memory: The folder that remembers what was decoded; None remembers nothing.
        budget_pixels: About how many pixels are decoded in all.
    """

    def __init__(self, memory: Path | None = None, *, budget_pixels: int = BUDGET_PIXELS):
        self._memory = memory
        self._budget_pixels = budget_pixels

    def look(
        self,
        names: Sequence[str],
        stamps: Sequence[str],
        size_of: Callable[[int], Size | None],
        decode: Callable[[list[int]], Iterator[Decoded | str]],
        *,
        kind: str,
        share: float = 1.0,
    ) -> list[Entry]:
        """What is known of each picture, in order.

        Args:
            names: A name for each, unique in the source.
            stamps: What changes when a picture may have changed.
            size_of: The size of the picture at a position, from its header; None where it has none.
            decode: The pictures at these positions, decoded, in order.
            kind: What else the decoding depends on, as a name for what is remembered.
            share: Of the budget, where the pictures lie in several files.
        """
        known = self._read(kind)
        found = [known.get((name, stamp), None) for name, stamp in zip(names, stamps, strict=True)]
        sizes = [size_of(k) if entry is None else _size(entry) for k, entry in enumerate(found)]
        missing = [k for k in self._chosen(sizes, share) if not isinstance(found[k], Decoded | str)]
        for k, entry in zip(missing, decode(missing) if missing else (), strict=True):
            found[k] = entry
        entries: list[Entry] = [
            entry if entry is not None else Unseen(*(size or (0, 0)))
            for entry, size in zip(found, sizes, strict=True)
        ]
        fresh = {(n, s): e for n, s, e in zip(names, stamps, entries, strict=True)}
        if missing or fresh.keys() != known.keys():
            self._write(fresh, kind)
        return entries

    def once(self, inputs: Sequence[bytes], find: Callable[[], np.ndarray]) -> np.ndarray:
        """Rows that depend on nothing but the inputs, int64 [n, 2]: found, or remembered."""
        digest = hashlib.sha256(_key("pairs").encode())
        for content in inputs:
            digest.update(content)
        path = self._file("pairs", ".npy")
        start = digest.digest()
        with contextlib.suppress(OSError, ValueError, EOFError):
            content = b"" if path is None else path.read_bytes()
            if content.startswith(start):
                found = np.load(io.BytesIO(content[len(start) :]), allow_pickle=False)
                return np.asarray(found, np.int64).reshape(-1, 2)
        found = find()
        if path is not None:
            stream = io.BytesIO()
            np.save(stream, found, allow_pickle=False)
            with contextlib.suppress(OSError):
                write_bytes(path, start + stream.getvalue())
        return found

    def _chosen(self, sizes: Sequence[Size | None], share: float) -> list[int]:
        """Positions of the pictures to decode: all, or some spread evenly over all."""
        costs = [PIXELS_A_PICTURE + (size[0] * size[1] if size else 0) for size in sizes]
        budget = share * self._budget_pixels
        if sum(costs) <= budget:
            return list(range(len(sizes)))
        n = max(LEAST_PICTURES, int(budget * len(sizes) / sum(costs)))
        spread = np.linspace(0, len(sizes) - 1, min(n, len(sizes))).astype(int).tolist()
        without = [k for k, size in enumerate(sizes) if size is None][:MOST_WITHOUT_HEADER]
        return sorted({*spread, *without})

    def _file(self, kind: str, suffix: str) -> Path | None:
        name = hashlib.sha256(kind.encode()).hexdigest()[:16]
        return None if self._memory is None else self._memory / f"pictures-{name}{suffix}"

    def _read(self, kind: str) -> dict[tuple[str, str], Entry]:
        """What is remembered under this kind; nothing where the file is missing or damaged."""
        path = self._file(kind, ".parquet")
        if path is None:
            return {}
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, pa.ArrowException):
            table = pq.read_table(io.BytesIO(path.read_bytes()))
            if (table.schema.metadata or {}).get(b"kind") == _key(kind).encode():
                columns = table.select(_COLUMNS.names).cast(_COLUMNS).to_pydict()
                rows = zip(*columns.values(), strict=True)
                return {
                    (row[0], row[1]): _entry(dict(zip(columns, row, strict=True))) for row in rows
                }
        return {}

    def _write(self, entries: dict[tuple[str, str], Entry], kind: str) -> None:
        path = self._file(kind, ".parquet")
        if path is None or len(entries) > MOST_REMEMBERED:
            return
        rows = [
            {"name": name, "stamp": stamp, **_as_row(entry)}
            for (name, stamp), entry in entries.items()
        ]
        table = pa.Table.from_pylist(rows, _COLUMNS.with_metadata({"kind": _key(kind)}))
        content = io.BytesIO()
        pq.write_table(table, content)
        # A plan is as good where nothing can be remembered.
        with contextlib.suppress(OSError):
            write_bytes(path, content.getvalue())


def sizes_of(entries: Iterable[Entry]) -> Iterator[Size]:
    """(height, width) in pixels of all that have one."""
    yield from filter(None, map(_size, entries))


def stamp_of(path: Path | str) -> str:
    """What changes whenever the file's content may have; "" where it cannot be looked at."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def _size(entry: Entry) -> Size | None:
    if isinstance(entry, str) or not entry.height_px:
        return None
    return entry.height_px, entry.width_px


def _as_row(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"problem": entry}
    if isinstance(entry, Unseen):
        return {"height_px": entry.height_px, "width_px": entry.width_px}
    facts = {name: getattr(entry, name) for name in _FACTS}
    return {**facts, "thumbnail": entry.thumbnail.tobytes(), "remarks": sorted(entry.remarks)}


def _entry(row: dict[str, Any]) -> Entry:
    """The entry of a row.

    Raises:
        ValueError, TypeError: the row is of another form.
    """
    if row["problem"] is not None:
        return str(row["problem"])
    height, width = int(row["height_px"]), int(row["width_px"])
    if row["digest"] is None:
        return Unseen(height, width)
    facts = {name: row[name] for name in _FACTS}
    facts["thumbnail"] = np.frombuffer(facts["thumbnail"], np.uint8)
    facts["remarks"] = frozenset(facts["remarks"])
    if len(facts["thumbnail"]) != THUMBNAIL_PX**2 or len(facts["likeness"]) != LENGTH:
        raise ValueError("another length")
    return Decoded(png=b"", **facts)


def _key(kind: str) -> str:
    """What the memory depends on beside the pictures: the program that decodes them."""
    code = fingerprint(Path(__file__).parent, suffix=".py")
    return f"{kind} {code} pillow {version('pillow')} numpy {version('numpy')}"
