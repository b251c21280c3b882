"""What lies at a path: which kind of source, why it is thought so, and what to propose."""

import contextlib
import itertools
import re
import shlex
import statistics
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams, TableParams
from pipeline.sources.cells import Place, TableError
from pipeline.sources.csv_layout import DELIMITERS, look_at
from pipeline.sources.folder_walk import Walk, walk
from pipeline.sources.idx import find_pairs
from pipeline.sources.idx_file import IdxError, read_header
from pipeline.sources.image_folder import header_size
from pipeline.sources.parquet import class_names_of
from pipeline.sources.parquet_file import (
    ARROW_ERRORS,
    ParquetError,
    is_image,
    iterate,
    open_part,
    parts_of,
)
from pipeline.sources.picture import KNOWN_SUFFIXES, size_of
from pipeline.sources.table_files import TEXT_SUFFIXES, files_of, places_of
from pipeline.sources.words import counted

TABLE_SUFFIXES = {".csv", ".tsv", ".txt"}
PARQUET_SUFFIXES = {".parquet", ".pq"}
ARCHIVE_SUFFIXES = {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"}
LABEL_NAMES = ("label", "class", "target", "category", "y", "outcome", "diagnosis")
SAMPLED_FILES = 500
INIT_OPTIONS = ("encoding", "delimiter", "decimal", "thousands", "header", "skip_lines")
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
        image_column: For Parquet, where it was named.
        folders: For folders of pictures, where it was said.
        n_pictures: 0 for tables.
        has_path: Whether it lies at a path; what is built in does not.
        settings: What else the `source` section needs, e.g. {"table": {"delimiter": ";"}}.
    """

    kind: str
    path: Path
    reason: str
    label_column: str | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    image_column: str | None = None
    folders: str | None = None
    n_pictures: int = 0
    has_path: bool = True

    @property
    def modality(self) -> str:
        """The kind of data."""
        return "table" if self.kind == "table" else "image"


def recognise(
    path: Path,
    *,
    label: str | None = None,
    table: TableParams | None = None,
    folders: str | None = None,
    image: str | None = None,
) -> Recognised:
    """What lies at `path`; nothing but names and headers is read.

    Args:
        label: The column that holds the class, where it was named.
        table: How a text table is to be read, where that was said.
        folders: What the folders of pictures mean (`source.folders`), where that was said.
        image: The column that holds the picture, where it was named.

    Raises:
        SourceError: nothing lies there, or nothing that is known.
    """
    path = path.resolve()
    refuse_odd_path(path)
    if folders is not None:
        _check_folders(folders)
    if not path.exists():
        raise SourceError(f"There is nothing at {path}. {EXPECTED}")
    table = table or TableParams()
    if path.is_dir():
        return _folder(path, label, table, folders, image)
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        return _table(path, label, table)
    if suffix in PARQUET_SUFFIXES:
        return _parquet(path, [path], label, image)
    if suffix in ARCHIVE_SUFFIXES and "ubyte" not in path.name:
        raise SourceError(f"{path} is an archive; unpack it, and name the folder. {EXPECTED}")
    if "ubyte" in path.name:
        raise SourceError(f"{path} is one IDX file; name the folder {path.parent} that holds all.")
    raise SourceError(f"{path} is a {suffix or 'nameless'} file, which is not known. {EXPECTED}")


def refuse_odd_path(path: Path) -> None:
    """Refuse a path that params.yaml and DVC cannot hold.

    Raises:
        SourceError: it has a line break or another control character, or is not UTF-8.
    """
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SourceError(f"The path {text!r} is not valid UTF-8; rename the folder.") from None
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text):
        raise SourceError(
            f"The path {text!r} holds a line break or control character; rename the folder."
        )


def _check_folders(folders: str) -> None:
    try:
        SourceParams(folders=folders)
    except ValidationError:
        raise ParamsError(
            f"--folders is {folders!r}; one word a level of folders is expected, separated by `/`: "
            "`class` once, `split` at most once, `any` for others, such as `any/class`."
        ) from None


def _folder(
    path: Path, label: str | None, table: TableParams, folders: str | None, image: str | None
) -> Recognised:
    names = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    if any("idx" in name and ("images" in name or "labels" in name) for name in names):
        return _idx(path)
    found = walk(path, folders)
    parquet = _parts(path)
    n_classes = len({file.class_name for file in found.files})
    if not found.problems and (n_classes > 1 or (n_classes and not parquet)):
        return _pictures(path, found, folders)
    if parquet:
        return _parquet(path, parquet, label, image)
    if any(Path(name).suffix.lower() in KNOWN_SUFFIXES for name in names):
        shown = ", ".join(names[:10])
        raise SourceError(
            f"{path} holds pictures directly ({shown}); one folder a class is expected: move each "
            "picture into the folder of its class."
        )
    if found.n_pictures:
        raise SourceError(f"The image folder {path} cannot be used:", found.problems)
    tables = [name for name in names if Path(name).suffix.lower() in TABLE_SUFFIXES - {".txt"}]
    if tables and not any((path / name).is_dir() for name in names):
        return _table(path / tables[0] if len(tables) == 1 else path, label, table)
    if any(found for suffix in TEXT_SUFFIXES for found in path.rglob(f"*{suffix}")):
        return _table(path, label, table)
    shown = ", ".join(names[:10]) or "nothing"
    raise SourceError(f"{path} holds nothing that is known ({shown}). {EXPECTED}")


def _pictures(path: Path, found: Walk, folders: str | None) -> Recognised:
    files = found.files
    pictures = [file.path for file in files if Path(file.path).suffix.lower() in KNOWN_SUFFIXES]
    classes = {file.class_name for file in files}
    splits = sorted({file.split for file in files if file.split})
    step = max(1, len(pictures) // SAMPLED_FILES)
    sizes = [header_size(path / name) for name in itertools.islice(pictures, 0, None, step)]
    given = f", with the splits {', '.join(splits)}" if splits else ""
    return Recognised(
        kind="image_folder",
        path=path,
        reason=f"Folders of pictures: {counted(len(pictures), 'picture')} of "
        f"{counted(len(classes), 'class', 'classes')}{given}."
        f"{''.join(f' {remark}' for remark in found.remarks)}",
        folders=folders,
        n_pictures=len(pictures),
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
        n_pictures=n,
        sizes=sizes,
    )


def _table(path: Path, label: str | None, table: TableParams) -> Recognised:
    """A text table, or a folder of them; its first file is looked at."""
    name = path.name
    try:
        paths = files_of(path)
        places = places_of(paths, path)
        name = places[0].name
        layout = look_at(paths[0], table)
    except TableError as error:
        raise SourceError(
            f"The table {path} cannot be used:", [_for_init(f"{name} {error}.")]
        ) from None
    settings = table.model_dump(exclude_unset=True)
    if layout.delimiter != ("\t" if paths[0].suffix.lower() == ".tsv" else ","):
        settings["delimiter"] = layout.delimiter
    names = [*layout.header, *dict(places[0].partition)]
    parted = f"{counted(len(paths), 'file')}, " if len(paths) > 1 else ""
    return Recognised(
        kind="table",
        path=path,
        reason=f"A table with {parted}{counted(len(names), 'column')} separated by "
        f"{DELIMITERS[layout.delimiter]}s: {', '.join(names[:20])}.",
        label_column=_label(label, names, path),
        settings={"table": settings} if settings else {},
    )


def _for_init(text: str) -> str:
    """The same advice for somebody who has no params.yaml yet: the options of `equipoise init`."""
    pattern = rf"`source\.table\.({'|'.join(INIT_OPTIONS)}): ([^`]+)`"
    text = re.sub(pattern, _as_option, text).replace("`source.path`", "`--from`")
    return text.replace("`source.table.encoding`", "`--encoding`")


def _as_option(found: re.Match[str]) -> str:
    value = found[2].strip("\"'")
    if found[1] == "header":
        return "`--header`" if value == "true" else "`--no-header`"
    return f"`--{found[1].replace('_', '-')} {shlex.quote(value)}`"


def _parquet(path: Path, parts: list[Path], label: str | None, image: str | None) -> Recognised:
    try:
        schema = open_part(parts[0]).schema_arrow
    except ParquetError as error:
        raise SourceError(f"{parts[0]} {error}.") from None
    places = _places(parts, path)
    column = _label(label, [*schema.names, *dict(places[0].partition)], path)
    if not any(is_image(field) for field in schema):
        return Recognised(
            kind="table",
            path=path,
            reason=f"A Parquet table with {counted(len(schema.names), 'column')}: "
            f"{', '.join(schema.names[:20])}.",
            label_column=column,
        )
    image = _image(image, [field.name for field in schema if is_image(field)], path)
    names = class_names_of(schema, column)
    told = f" of the classes {', '.join(names[:20])}" if names else ""
    return Recognised(
        kind="parquet",
        path=path,
        reason=f"Parquet in the Hugging Face image layout: {counted(len(parts), 'file')} with "
        f"pictures{told}.",
        label_column=column,
        image_column=image,
        n_pictures=_n_rows(parts),
        sizes=_sampled_sizes(parts[0], image),
    )


def _n_rows(parts: list[Path]) -> int:
    # A damaged part is told when it is read.
    with contextlib.suppress(ParquetError, *ARROW_ERRORS):
        return sum(int(open_part(part).metadata.num_rows) for part in parts)
    return 0


def _image(image: str | None, found: list[str], path: Path) -> str | None:
    """The column of pictures where it was named; None where there is one only."""
    if image is not None and image not in found:
        raise SourceError(
            f"{path} has no column of pictures {image!r} (--image); those that it has are "
            f"{', '.join(found[:30])}."
        )
    if image is None and len(found) > 1:
        raise SourceError(
            f"{path} has several columns of pictures; name the one that is meant with --image, one "
            f"of {', '.join(found[:30])}."
        )
    return image


def _sampled_sizes(part: Path, image: str | None) -> tuple[tuple[int, int], ...]:
    """(height, width) in pixels of the first pictures of the part; none where it is damaged."""
    with contextlib.suppress(ParquetError, StopIteration, *ARROW_ERRORS):
        file = open_part(part)
        column = image or next(field.name for field in file.schema_arrow if is_image(field))
        batch = next(iterate(part, file, [column], SAMPLED_FILES))
        contents = batch.column(0).field("bytes").to_pylist()
        return tuple(filter(None, (size_of(content or b"") for content in contents)))
    return ()


def _places(parts: list[Path], path: Path) -> list[Place]:
    try:
        return places_of(parts, path)
    except TableError as error:
        raise SourceError(f"{path} {error}.") from None


def _parts(path: Path) -> list[Path]:
    with contextlib.suppress(ParquetError):
        return parts_of(path)
    return []


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
