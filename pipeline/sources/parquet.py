"""Parquet in the Hugging Face image layout: a struct {bytes, path} and a label; also our releases.

Splits are told from names, as Hugging Face does: `<split>/….parquet` or `<split>-00000….parquet`,
at any depth. Of a released version only the real rows are taken, with their groups: a
generator trained on what another one drew would learn its faults.
"""

import contextlib
import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from pipeline.errors import ParamsError, SourceError
from pipeline.outside import read_outside_json
from pipeline.params import ResizeParams
from pipeline.sources.cells import TableError
from pipeline.sources.class_names import in_order, problem_with_value
from pipeline.sources.decoding import Decoded, decode_picture
from pipeline.sources.glance import Entry, Glance, stamp_of
from pipeline.sources.groups import compiled, group_of
from pipeline.sources.labels import merged_spellings
from pipeline.sources.parallel import map_in_order
from pipeline.sources.parquet_file import (
    ARROW_ERRORS,
    ParquetError,
    damaged,
    is_any,
    is_image,
    iterate,
    open_parts,
    parts_of,
)
from pipeline.sources.picture import size_of
from pipeline.sources.picture_source import PictureSource
from pipeline.sources.picture_survey import PictureSurvey, Place
from pipeline.sources.survey import Survey, converted
from pipeline.sources.table_files import splits_of

READ_ROWS = 64
SYNTHETIC = "is_synthetic"
# Where a released version keeps the groups of its source.
RELEASED_GROUP = "group"
HEADER = "The Hugging Face header of the Parquet files"
WAY_OUT = "Write the files again without the metadata `huggingface`, or with valid ones."


class _Info(BaseModel):
    features: dict[str, Any] = {}


class _Header(BaseModel):
    info: _Info = _Info()


class ParquetPictures(PictureSource):
    """Parquet files of pictures as a source."""

    def survey(self) -> Survey:
        """See `survey.Source.survey`."""
        headline = f"The Parquet files at {self._path} cannot be used:"
        try:
            paths = parts_of(self._path)
            parts = open_parts(paths)
        except ParquetError as error:
            raise SourceError(headline, [f"{self._path.name} {error}."]) from None
        columns = self._columns(parts[0].schema_arrow)
        splits = given_splits(paths, self._path)
        self._n_rows = sum(part.metadata.num_rows for part in parts)
        sizes = _sizes(paths, parts, columns.image)
        pictures = self._begin(headline, sizes, total=self._n_rows)
        n_synthetic = 0
        for path, part, split in zip(paths, parts, splits, strict=True):
            try:
                n_synthetic += self._take(path, part, split, columns, pictures)
            except ParquetError as error:
                pictures.problems.append(f"{path.name} {error}.")
            except ARROW_ERRORS as error:
                pictures.problems.append(f"{path.name} {damaged(error)}.")
        if n_synthetic:
            pictures.notices.append(
                converted(f"{n_synthetic:,} synthetic rows were left out; real ones are used.")
            )
        self._merge(columns.label, pictures)
        found = in_order({place.class_name for place in pictures.places})
        pictures.problems += [text for name in found if (text := problem_with_value(name))]
        if len(found) < 2:
            pictures.problems.append(
                "There are not two classes with rows; at least two are needed."
            )
        known = columns.class_names or found
        return pictures.finish(classes=tuple(name for name in known if name in found))

    def _columns(self, schema: pa.Schema) -> "_Columns":
        found = [field.name for field in schema if is_image(field)]
        asked = self._params.image_column
        images = [name for name in found if asked in (None, name)]
        label = self._params.label_column or "label"
        problems = []
        if found and not images:
            problems.append(
                f"`source.image_column` is {asked!r}, which is no column of pictures; those are "
                f"{', '.join(found)}."
            )
        elif len(images) > 1:
            problems.append(
                f"There are {len(images)} columns of pictures: {', '.join(images)}; set "
                "`source.image_column` to the one that is meant."
            )
        elif not images:
            problems.append(
                "No column is a picture, a struct of {bytes, path}; for a table of plain columns "
                "set `source.kind: table`."
            )
        if label not in schema.names:
            problems.append(
                f"`source.label_column` is {label!r}, which the files do not have; their columns "
                f"are {', '.join(schema.names)}."
            )
        elif not _names_classes(kind := schema.field(label).type):
            problems.append(
                f"`source.label_column` {label!r} is of the type {kind}; texts or numbers are "
                "expected. Convert the column, or name another."
            )
        group = self._params.split.group_column
        if group is not None and group not in schema.names:
            problems.append(
                f"`source.split.group_column` is {group!r}, which the files do not have."
            )
        if problems:
            raise ParamsError("params.yaml does not suit the Parquet files:", problems)
        synthetic = SYNTHETIC if SYNTHETIC in schema.names else None
        if group is None and synthetic and RELEASED_GROUP in schema.names:
            group = RELEASED_GROUP
        return _Columns(images[0], label, group, synthetic, class_names_of(schema, label))

    def _merge(self, label: str, pictures: PictureSurvey) -> None:
        """Labels that are one number in two spellings become one class where that is declared."""
        counts = Counter(place.class_name for place in pictures.places)
        one = merged_spellings(
            label, counts, self._params.table, pictures.problems, pictures.notices
        )
        pictures.places = [
            replace(place, class_name=one.get(place.class_name, place.class_name))
            for place in pictures.places
        ]

    def _take(
        self,
        path: Path,
        part: pq.ParquetFile,
        split: str | None,
        columns: "_Columns",
        pictures: PictureSurvey,
    ) -> int:
        """Take the real rows of a file; returns how many synthetic ones it holds besides."""
        pattern = compiled(self._params.split.group_pattern)
        batches = (
            self._decoded(path, part, columns, pictures.resize)
            if self._glance is None
            else self._looked_at(path, part, columns, self._glance)
        )
        first = n_synthetic = 0
        for batch, decoded in batches:
            for k, (value, inner_path, group, is_synthetic) in enumerate(columns.rows(batch)):
                where = f"{path.relative_to(self._path.parent)}[{first + k}]"
                name = columns.class_name(value)
                if is_synthetic:
                    n_synthetic += 1
                elif name is None:
                    pictures.problems.append(
                        f"{where} has the label {value!r}, which is no class; correct or delete "
                        "the row."
                    )
                else:
                    own = group if group is not None else group_of(inner_path or "", pattern)
                    own = None if own is None else str(own)
                    pictures.add(Place(where, name, split, own), decoded[k])
            first += len(batch)
        return n_synthetic

    def _decoded(
        self, path: Path, part: pq.ParquetFile, columns: "_Columns", resize: ResizeParams
    ) -> Iterator[tuple[pa.RecordBatch, list[Decoded | str]]]:
        decode = functools.partial(
            _decode_batch,
            image=columns.image,
            resize=resize,
            scale_sixteen_bit=self._params.sixteen_bit == "scale",
        )
        yield from map_in_order(decode, iterate(path, part, columns.present, READ_ROWS))

    def _looked_at(
        self, path: Path, part: pq.ParquetFile, columns: "_Columns", glance: Glance
    ) -> Iterator[tuple[pa.RecordBatch, list[Entry]]]:
        """The same of a sample; the file is read once for the sizes and once for the pictures."""
        sixteen_bit = self._params.sixteen_bit
        n, stamp = part.metadata.num_rows, stamp_of(path)
        sizes: dict[int, tuple[int, int] | None] = {}

        def size_of_row(row: int) -> tuple[int, int] | None:
            if not sizes:
                sizes.update(enumerate(_all_sizes(path, part, columns.image)))
            return sizes[row]

        def decode(rows: list[int]) -> Iterator[Decoded | str]:
            chosen = _only(iterate(path, part, [columns.image], READ_ROWS), np.array(rows))
            decode = functools.partial(
                _decode_batch,
                image=columns.image,
                resize=None,
                scale_sixteen_bit=sixteen_bit == "scale",
            )
            for _, decoded in map_in_order(decode, chosen, workers=1):
                yield from decoded

        found = glance.look(
            [str(row) for row in range(n)],
            [stamp] * n,
            size_of_row,
            decode,
            kind=f"parquet {path.name} {columns.image}, 16 bit {sixteen_bit}",
            share=n / max(1, self._n_rows),
        )
        start = 0
        for batch in iterate(path, part, columns.present, READ_ROWS):
            yield batch, found[start : start + len(batch)]
            start += len(batch)


@dataclass(frozen=True)
class _Columns:
    """The columns of the files that matter, and the names that they give their classes."""

    image: str
    label: str
    group: str | None
    synthetic: str | None
    class_names: tuple[str, ...] | None

    @property
    def present(self) -> list[str]:
        """The names of those that there are."""
        return [
            name
            for name in (self.image, self.label, self.group, self.synthetic)
            if name is not None
        ]

    def rows(self, batch: pa.RecordBatch) -> Iterator[tuple[Any, str | None, Any, bool]]:
        """Label, path inside the file, group and whether it is synthetic, of every row."""
        paths = batch.column(self.image).field("path").to_pylist()
        nothing = [None] * len(paths)
        groups = batch.column(self.group).to_pylist() if self.group else nothing
        synthetic = batch.column(self.synthetic).to_pylist() if self.synthetic else nothing
        labels = batch.column(self.label).to_pylist()
        yield from zip(labels, paths, groups, map(bool, synthetic), strict=True)

    def class_name(self, value: Any) -> str | None:
        """The class that a label names; None where it names none."""
        if value is None:
            return None
        if self.class_names is None or isinstance(value, str):
            return str(value)
        is_known = isinstance(value, int) and 0 <= value < len(self.class_names)
        return self.class_names[value] if is_known else None


def _names_classes(kind: pa.DataType) -> bool:
    """Whether values can be the names or the numbers of classes."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    return is_any(kind, "string") or any(is_kind(kind) for is_kind in numbers)


def _all_sizes(path: Path, part: pq.ParquetFile, image: str) -> Iterator[tuple[int, int] | None]:
    """(height, width) in pixels of every row, from the pictures' headers."""
    for batch in iterate(path, part, [image], READ_ROWS):
        for content in batch.column(0).field("bytes").to_pylist():
            yield size_of(content or b"")


def _only(batches: Iterable[pa.RecordBatch], rows: np.ndarray) -> Iterator[pa.RecordBatch]:
    """Of each batch the rows at these positions of the whole, which are sorted."""
    start = 0
    for batch in batches:
        inside = rows[(rows >= start) & (rows < start + len(batch))] - start
        if len(inside):
            yield batch.take(pa.array(inside))
        start += len(batch)


def _sizes(paths: list[Path], parts: list[pq.ParquetFile], image: str) -> Iterator[tuple[int, int]]:
    for path, part in zip(paths, parts, strict=True):
        # What is damaged is told when it is decoded.
        with contextlib.suppress(ParquetError, *ARROW_ERRORS):
            for batch in iterate(path, part, [image], READ_ROWS):
                contents = batch.column(0).field("bytes").to_pylist()
                yield from filter(None, (size_of(content or b"") for content in contents))


def class_names_of(schema: pa.Schema, label: str) -> tuple[str, ...] | None:
    """The names that the Hugging Face metadata give the label's numbers; None without such."""
    header = (schema.metadata or {}).get(b"huggingface", b"{}")
    told = read_outside_json(header, _Header, where=HEADER, way_out=WAY_OUT, error=SourceError)
    feature = told.info.features.get(label)
    names = feature.get("names") if isinstance(feature, dict) else None
    if not names:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SourceError(f"{HEADER} gives the label {label!r} names that are no texts. {WAY_OUT}")
    return tuple(names)


def given_splits(paths: list[Path], root: Path) -> list[str | None]:
    """The split that each file's name or folder tells, by the rule for tables.

    Raises:
        SourceError: some files tell one and others do not, or there is no train.
    """
    if not root.is_dir():
        return [None] * len(paths)
    try:
        return splits_of([path.relative_to(root) for path in paths])
    except TableError as error:
        raise SourceError(
            f"The Parquet files at {root} cannot be used:", [f"{root.name} {error}."]
        ) from None


def _decode_batch(
    batch: pa.RecordBatch, *, image: str, resize: ResizeParams | None, scale_sixteen_bit: bool
) -> tuple[pa.RecordBatch, list[Decoded | str]]:
    contents = batch.column(image).field("bytes").to_pylist()
    decoded = [
        "has no bytes; only pictures inside the file are read: embed them"
        if content is None
        else decode_picture(content, resize, scale_sixteen_bit=scale_sixteen_bit)
        for content in contents
    ]
    return batch, decoded
