"""Parquet in the Hugging Face image layout: a struct {bytes, path} and a label; also our releases.

Splits are told from names, as Hugging Face does: `<split>/….parquet` or `<split>-00000….parquet`,
at any depth. Of a released version only the real rows are taken: a generator trained on what
another one drew would learn its faults.
"""

import contextlib
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ParamsError, SourceError
from pipeline.params import ResizeParams, SourceParams
from pipeline.sources.class_names import in_order, problem_with
from pipeline.sources.decoding import Decoded, decode_picture
from pipeline.sources.folder_walk import SPLIT_NAMES
from pipeline.sources.groups import compiled, group_of
from pipeline.sources.parallel import map_in_order
from pipeline.sources.parquet_file import ParquetError, damaged, open_parts, parts_of
from pipeline.sources.picture import size_of
from pipeline.sources.picture_notices import converted
from pipeline.sources.picture_survey import PictureSurvey, Place
from pipeline.sources.sizing import settled
from pipeline.sources.survey import Survey

READ_ROWS = 64
SYNTHETIC = "is_synthetic"


class ParquetPictures:
    """Parquet files of pictures as a source; see `image_folder.ImageFolder` for the arguments."""

    def __init__(self, path: Path, params: SourceParams, *, scratch: Path):
        self._path = path
        self._params = params
        self._scratch = scratch
        self._pictures: PictureSurvey | None = None
        self._n_synthetic = 0

    def survey(self) -> Survey:
        """See `survey.Source.survey`."""
        headline = f"The Parquet files at {self._path} cannot be used:"
        try:
            paths = parts_of(self._path)
            parts = open_parts(paths, nested=True)
        except ParquetError as error:
            raise SourceError(headline, [f"{self._path.name} {error}."]) from None
        schema = parts[0].schema_arrow
        image, label = self._columns(schema)
        names = class_names_of(schema, label)
        splits = given_splits(paths, self._path)
        resize, chosen = settled(self._params.resize, self._sizes(parts, image))
        pictures = PictureSurvey(headline=headline, scratch=self._scratch, resize=resize)
        pictures.notices += chosen
        for path, part, split in zip(paths, parts, splits, strict=True):
            try:
                self._take(path, part, split, image, label, names, pictures, resize)
            except (pa.ArrowInvalid, OSError) as error:
                pictures.problems.append(f"{path.name} {damaged(error)}.")
        if self._n_synthetic:
            pictures.notices.append(
                converted(
                    f"{self._n_synthetic:,} synthetic rows were left out; real ones are used."
                )
            )
        found = in_order({place.class_name for place in pictures.places})
        pictures.problems += [text for name in found if (text := problem_with(name))]
        if len(found) < 2:
            pictures.problems.append(
                "There are not two classes with rows; at least two are needed."
            )
        self._pictures = pictures
        return pictures.finish(classes=tuple(n for n in names or found if n in found))

    def read(self, positions: np.ndarray) -> Iterator[pa.Table]:
        """See `survey.Source.read`."""
        assert self._pictures is not None, "survey comes first"
        return self._pictures.read(positions)

    def _columns(self, schema: pa.Schema) -> tuple[str, str]:
        images = [field.name for field in schema if pa.types.is_struct(field.type)]
        label = self._params.label_column or "label"
        problems = []
        if not images:
            problems.append(
                "No column is a picture, a struct of {bytes, path}; for a table of plain columns "
                "set `source.kind: table`."
            )
        if label not in schema.names:
            problems.append(
                f"`source.label_column` is {label!r}, which the files do not have; their columns "
                f"are {', '.join(schema.names)}."
            )
        group = self._params.split.group_column
        if group is not None and group not in schema.names:
            problems.append(
                f"`source.split.group_column` is {group!r}, which the files do not have."
            )
        if problems:
            raise ParamsError("params.yaml does not suit the Parquet files:", problems)
        return images[0], label

    def _sizes(self, parts: list[pq.ParquetFile], image: str) -> Iterator[tuple[int, int]]:
        for part in parts:
            # What is damaged is told when it is decoded.
            with contextlib.suppress(pa.ArrowInvalid, OSError):
                for batch in part.iter_batches(READ_ROWS, columns=[image]):
                    contents = batch.column(0).field("bytes").to_pylist()
                    yield from filter(None, (size_of(content or b"") for content in contents))

    def _take(
        self,
        path: Path,
        part: pq.ParquetFile,
        split: str | None,
        image: str,
        label: str,
        names: tuple[str, ...] | None,
        pictures: PictureSurvey,
        resize: ResizeParams,
    ) -> None:
        pattern = compiled(self._params.split.group_pattern)
        group = self._params.split.group_column
        wanted = [
            name for name in (image, label, group, SYNTHETIC) if name in part.schema_arrow.names
        ]
        decode = functools.partial(
            _decode_batch,
            image=image,
            resize=resize,
            scale_sixteen_bit=self._params.sixteen_bit == "scale",
        )
        row = 0
        for batch, decoded in map_in_order(decode, part.iter_batches(READ_ROWS, columns=wanted)):
            labels = batch.column(label).to_pylist()
            paths = batch.column(image).field("path").to_pylist()
            groups = batch.column(group).to_pylist() if group else [None] * len(labels)
            synthetic = (
                batch.column(SYNTHETIC).to_pylist()
                if SYNTHETIC in wanted
                else [False] * len(labels)
            )
            for k, value in enumerate(labels):
                where = f"{path.relative_to(self._path.parent)}[{row + k}]"
                if synthetic[k]:
                    self._n_synthetic += 1
                    continue
                name = _class_name(value, names)
                if name is None:
                    pictures.problems.append(
                        f"{where} has the label {value!r}, which is no class; correct or delete "
                        "the row."
                    )
                    continue
                own = groups[k] if groups[k] is not None else group_of(paths[k] or "", pattern)
                own = None if own is None else str(own)
                pictures.add(Place(where, name, split, own), decoded[k])
            row += len(labels)


def class_names_of(schema: pa.Schema, label: str) -> tuple[str, ...] | None:
    """The names that the Hugging Face metadata give the label's numbers; None without such."""
    metadata: dict[str, Any] = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    feature = metadata.get("info", {}).get("features", {}).get(label, {})
    return tuple(feature["names"]) if feature.get("names") else None


def given_splits(paths: list[Path], root: Path) -> list[str | None]:
    """The split that each file's name or folder tells; None for all where there are not two.

    Raises:
        SourceError: some files tell one and others do not, or there is no train or no test.
    """
    found = [_split_in(path.relative_to(root)) if root.is_dir() else None for path in paths]
    if len(set(found)) < 2:
        return [None] * len(paths)
    if None in found or not {"train", "test"} <= set(found):
        told = ", ".join(sorted(str(split or "no split") for split in set(found)))
        raise SourceError(
            f"The Parquet files at {root} cannot be used:",
            [f"Their names tell the splits: {told}; train and test are needed, and no others."],
        )
    return found


def _split_in(path: Path) -> str | None:
    for part in path.parts:
        word = re.split(r"[-_.]", part.lower())[0]
        if word in SPLIT_NAMES:
            return SPLIT_NAMES[word]
    return None


def _class_name(value: Any, names: tuple[str, ...] | None) -> str | None:
    if value is None:
        return None
    if names is None or isinstance(value, str):
        return str(value)
    return names[value] if 0 <= value < len(names) else None


def _decode_batch(
    batch: pa.RecordBatch, *, image: str, resize: ResizeParams, scale_sixteen_bit: bool
) -> tuple[pa.RecordBatch, list[Decoded | str]]:
    contents = batch.column(image).field("bytes").to_pylist()
    decoded = [
        "has no bytes; only pictures inside the file are read: embed them"
        if content is None
        else decode_picture(content, resize, scale_sixteen_bit=scale_sixteen_bit)
        for content in contents
    ]
    return batch, decoded
