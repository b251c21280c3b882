"""Image folders: `<root>/<class>/<file>`, with or without splits and wrappers above."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.params import ResizeParams
from pipeline.sources.decoding import Decoded, decode_picture
from pipeline.sources.folder_walk import Found, Walk, walk
from pipeline.sources.glance import Entry, Glance, sizes_of, stamp_of
from pipeline.sources.groups import compiled, group_of
from pipeline.sources.parallel import chunks, map_in_order
from pipeline.sources.picture import MAXIMUM_BYTES, SUFFIXES, size_of
from pipeline.sources.picture_source import PictureSource
from pipeline.sources.picture_survey import Place
from pipeline.sources.survey import Notice, Survey, converted, warning

CHUNK_FILES = 32
HEADER_BYTES = 64 * 2**10


class ImageFolder(PictureSource):
    """A folder of pictures as a source; the folder holds the classes or the splits."""

    def survey(self) -> Survey:
        """See `survey.Source.survey`."""
        headline = f"The image folder {self._path} cannot be used:"
        found = walk(self._path, self._params.folders)
        names = {file.class_name for file in found.files}
        if len(names) == 1 and not found.problems:
            found.problems.append(
                f"The folder has one class only ({next(iter(names))!r}); at least two are needed."
            )
        if not found.files or len(names) < 2:
            raise SourceError(headline, found.problems)
        pattern = compiled(self._params.split.group_pattern)
        entries: Iterable[Entry]
        if self._glance is None:
            pictures = self._begin(headline, self._sizes(found), total=len(found.files))
            entries = self._decoded([file.path for file in found.files], pictures.resize)
        else:
            entries = looked = self._looked_at(found, self._glance)
            pictures = self._begin(headline, sizes_of(looked), total=len(found.files))
        pictures.problems += found.problems
        pictures.notices += [converted(text) for text in found.remarks]
        pictures.notices += _ignored(found)
        for file, decoded in zip(found.files, entries, strict=True):
            place = Place(file.path, file.class_name, file.split, group_of(file.path, pattern))
            pictures.add(place, _with_name_remark(file, decoded))
        return pictures.finish()

    def _looked_at(self, found: Walk, glance: Glance) -> list[Entry]:
        paths = [file.path for file in found.files]
        # A hundred thousand paths take a second to be joined by pathlib.
        whole = [f"{self._path}/{path}" for path in paths]
        return glance.look(
            paths,
            [stamp_of(path) for path in whole],
            lambda position: header_size(whole[position]),
            lambda positions: self._decoded([paths[k] for k in positions], None, workers=1),
            kind=f"folder, 16 bit {self._params.sixteen_bit}",
        )

    def _sizes(self, found: Walk) -> Iterator[tuple[int, int]]:
        for file in found.files:
            size = header_size(self._path / file.path)
            if size:
                yield size

    def _decoded(
        self, paths: list[str], resize: ResizeParams | None, *, workers: int | None = None
    ) -> Iterator[Decoded | str]:
        decode = functools.partial(
            _decode_files,
            resize=resize,
            scale_sixteen_bit=self._params.sixteen_bit == "scale",
        )
        whole = (self._path / path for path in paths)
        for results in map_in_order(decode, chunks(whole, CHUNK_FILES), workers=workers):
            yield from results


def _decode_files(
    paths: list[Path], *, resize: ResizeParams | None, scale_sixteen_bit: bool
) -> list[Decoded | str]:
    return [
        _decode_file(path, resize=resize, scale_sixteen_bit=scale_sixteen_bit) for path in paths
    ]


def _decode_file(
    path: Path, *, resize: ResizeParams | None, scale_sixteen_bit: bool
) -> Decoded | str:
    try:
        size = path.stat().st_size
        if size > MAXIMUM_BYTES:
            return f"has {size:,} bytes; at most {MAXIMUM_BYTES:,} are read: make it smaller"
        content = path.read_bytes()
    except OSError as error:
        return f"cannot be read ({error.strerror}); check its rights, or delete it"
    return decode_picture(content, resize, scale_sixteen_bit=scale_sixteen_bit)


def header_size(path: Path | str) -> tuple[int, int] | None:
    """(height, width) of the picture in pixels, from its header; None where it cannot be read."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123
            start = stream.read(HEADER_BYTES)
            size = size_of(start)
            # A TIFF may tell its size at its end, and a JPEG after a large profile.
            is_whole = size is not None or len(start) < HEADER_BYTES
            return size if is_whole else size_of(start + stream.read(MAXIMUM_BYTES))
    except OSError:
        return None


def _with_name_remark(file: Found, decoded: Entry) -> Entry:
    if not isinstance(decoded, Decoded):
        return decoded
    suffix = Path(file.path).suffix.lower()
    return decoded if suffix in SUFFIXES[decoded.format] else decoded.remarked("misnamed")


def _ignored(found: Walk) -> list[Notice]:
    if not found.ignored:
        return []
    told = ", ".join(f"{name} ({n})" for name, n in sorted(found.ignored.items())[:10])
    return [warning(f"{sum(found.ignored.values())} files were ignored: {told}.")]
