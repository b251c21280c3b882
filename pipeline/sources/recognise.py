"""What lies at a path: which kind of source, why it is thought so, and what to propose."""

import contextlib
import itertools
import statistics
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SourceError
from pipeline.params import TableParams
from pipeline.sources.csv_bytes import DELIMITERS, CsvError, look_at
from pipeline.sources.folder_walk import Found, walk
from pipeline.sources.idx import find_pairs
from pipeline.sources.idx_file import IdxError, read_header
from pipeline.sources.image_folder import header_size
from pipeline.sources.parquet import class_names_of
from pipeline.sources.parquet_file import ParquetError, parts_of
from pipeline.sources.picture import KNOWN_SUFFIXES, size_of
from pipeline.sources.words import counted

TABLE_SUFFIXES = {".csv", ".tsv", ".txt"}
PARQUET_SUFFIXES = {".parquet", ".pq"}
ARCHIVE_SUFFIXES = {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"}
LABEL_NAMES = ("label", "class", "target", "category", "y", "outcome", "diagnosis")
SAMPLED_FILES = 500
EXPECTED = (
    "Expected is a folder with one folder of pictures a class, IDX files, a .csv or .tsv table, or "
    "Parquet files."
)


@dataclass(frozen=True)
class Recognised:
    """What was found at a path.

    Attributes:
        kind: A `source.kind`.
        path: Absolute path for `source.path`.
        reason: A sentence: what was seen.
        label_column: For tables and Parquet.
        sizes: (height, width) in pixels of some of the pictures.
        settings: What else the `source` section needs, e.g. {"table": {"delimiter": ";"}}.
    """

    kind: str
    path: Path
    reason: str
    label_column: str | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    settings: dict[str, dict[str, str]] = field(default_factory=dict)


def recognise(path: Path, *, label: str | None = None) -> Recognised:
    """What lies at `path`; nothing but names and headers is read.

    Raises:
        SourceError: nothing lies there, or nothing that is known.
    """
    path = path.resolve()
    if not path.exists():
        raise SourceError(f"There is nothing at {path}. {EXPECTED}")
    if path.is_dir():
        return _folder(path, label)
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        return _csv(path, label)
    if suffix in PARQUET_SUFFIXES:
        return _parquet(path, [path], label)
    if suffix in ARCHIVE_SUFFIXES and "ubyte" not in path.name:
        raise SourceError(f"{path} is an archive; unpack it, and name the folder. {EXPECTED}")
    if "ubyte" in path.name:
        raise SourceError(f"{path} is one IDX file; name the folder {path.parent} that holds all.")
    raise SourceError(f"{path} is a {suffix or 'nameless'} file, which is not known. {EXPECTED}")


def _folder(path: Path, label: str | None) -> Recognised:
    names = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    if any("idx" in name and ("images" in name or "labels" in name) for name in names):
        return _idx(path)
    if any(path.glob("**/*.parquet")):
        return _parquet(path, _parts(path), label)
    tables = [name for name in names if Path(name).suffix.lower() in TABLE_SUFFIXES - {".txt"}]
    if len(tables) == 1 and not any((path / name).is_dir() for name in names):
        return _csv(path / tables[0], label)
    found = walk(path)
    pictures = [file for file in found.files if Path(file.path).suffix.lower() in KNOWN_SUFFIXES]
    if pictures:
        return _pictures(path, [file.path for file in pictures], found.files)
    shown = ", ".join(names[:10]) or "nothing"
    if any(Path(name).suffix.lower() in KNOWN_SUFFIXES for name in names):
        raise SourceError(
            f"{path} holds pictures directly ({shown}); one folder a class is expected: move each "
            "picture into the folder of its class."
        )
    raise SourceError(f"{path} holds nothing that is known ({shown}). {EXPECTED}")


def _pictures(path: Path, pictures: list[str], files: list[Found]) -> Recognised:
    classes = {file.class_name for file in files}
    splits = sorted({file.split for file in files if file.split})
    step = max(1, len(pictures) // SAMPLED_FILES)
    sizes = [header_size(path / name) for name in itertools.islice(pictures, 0, None, step)]
    given = f", parted into {', '.join(splits)}" if splits else ""
    return Recognised(
        kind="image_folder",
        path=path,
        reason=f"Folders of pictures: {counted(len(pictures), 'picture')} of "
        f"{counted(len(classes), 'class', 'classes')}{given}.",
        sizes=tuple(size for size in sizes if size),
    )


def _idx(path: Path) -> Recognised:
    problems: list[str] = []
    pairs = find_pairs(path, problems)
    if problems:
        raise SourceError(f"The IDX files in {path} cannot be used:", problems)
    try:
        headers = [read_header(pair.images) for pair in pairs]
    except IdxError as error:
        raise SourceError(f"The IDX files in {path} cannot be used:", [str(error)]) from None
    n = sum(header.shape[0] for header in headers)
    sizes = tuple((h.shape[1], h.shape[2]) for h in headers if len(h.shape) == 3)
    return Recognised(
        kind="idx",
        path=path,
        reason=f"IDX files (as of MNIST): {', '.join(pair.images.name for pair in pairs)} with "
        f"{counted(n, 'picture')}.",
        sizes=sizes,
    )


def _csv(path: Path, label: str | None) -> Recognised:
    settings: dict[str, dict[str, str]] = {}
    try:
        delimiter = max(DELIMITERS, key=lambda mark: _columns(path, mark))
        layout = look_at(path, TableParams.model_validate({"delimiter": delimiter}))
    except CsvError as error:
        raise SourceError(f"The table {path} cannot be used:", [f"It {error}."]) from None
    if delimiter != ("\t" if path.suffix.lower() == ".tsv" else ","):
        settings["table"] = {"delimiter": delimiter}
    return Recognised(
        kind="table",
        path=path,
        reason=f"A table with {counted(len(layout.header), 'column')} parted at "
        f"{DELIMITERS[delimiter]}s: {', '.join(layout.header[:20])}.",
        label_column=_label(label, list(layout.header), path),
        settings=settings,
    )


def _columns(path: Path, mark: str) -> int:
    with path.open("rb") as stream:
        return stream.readline(2**20).count(mark.encode())


def _parquet(path: Path, parts: list[Path], label: str | None) -> Recognised:
    try:
        schema = pq.read_schema(parts[0])
    except (pa.ArrowInvalid, OSError):
        raise SourceError(
            f"{parts[0]} is no whole Parquet file; it may be cut short: fetch it again."
        ) from None
    column = _label(label, schema.names, path)
    if not any(pa.types.is_struct(field.type) for field in schema):
        return Recognised(
            kind="table",
            path=path,
            reason=f"A Parquet table with {counted(len(schema.names), 'column')}: "
            f"{', '.join(schema.names[:20])}.",
            label_column=column,
        )
    names = class_names_of(schema, column)
    told = f" of the classes {', '.join(names[:20])}" if names else ""
    return Recognised(
        kind="parquet",
        path=path,
        reason=f"Parquet in the Hugging Face image layout: {counted(len(parts), 'file')} with "
        f"pictures{told}.",
        label_column=column,
        sizes=_sampled_sizes(parts[0]),
    )


def _sampled_sizes(part: Path) -> tuple[tuple[int, int], ...]:
    """(height, width) in pixels of the first pictures of the part; none where it is damaged."""
    with contextlib.suppress(pa.ArrowInvalid, OSError, KeyError):
        file = pq.ParquetFile(part)
        image = next(field.name for field in file.schema_arrow if pa.types.is_struct(field.type))
        batch = next(file.iter_batches(SAMPLED_FILES, columns=[image]))
        contents = batch.column(0).field("bytes").to_pylist()
        return tuple(filter(None, (size_of(content or b"") for content in contents)))
    return ()


def _parts(path: Path) -> list[Path]:
    try:
        return parts_of(path)
    except ParquetError as error:
        raise SourceError(f"{path} {error}. {EXPECTED}") from None


def _label(label: str | None, names: list[str], path: Path) -> str:
    if label is not None:
        if label not in names:
            raise SourceError(
                f"{path} has no column {label!r} (--label); its columns are "
                f"{', '.join(names[:30])}."
            )
        return label
    likely = [name for name in names if name.lower() in LABEL_NAMES]
    if len(likely) != 1:
        raise SourceError(
            f"Which column of {path} holds the class is not certain; name it with --label, one of "
            f"{', '.join(names[:30])}."
        )
    return likely[0]


def median_side_px(sizes: tuple[tuple[int, int], ...]) -> int:
    """The median longer side in pixels."""
    return int(statistics.median_low(max(size) for size in sizes))
