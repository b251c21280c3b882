"""IDX, the format of MNIST: one file of pictures and one of labels a split."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.errors import SourceError
from pipeline.params import ResizeParams
from pipeline.sources.class_names import in_order
from pipeline.sources.decoding import Decoded, describe
from pipeline.sources.folder_layout import SPLIT_NAMES
from pipeline.sources.glance import Entry, Glance, stamp_of
from pipeline.sources.idx_file import Header, IdxError, is_gzip, read_blocks, read_header
from pipeline.sources.parallel import map_in_order
from pipeline.sources.picture import KEPT_PIXELS, MINIMUM_SIDE_PX
from pipeline.sources.picture_source import PictureSource
from pipeline.sources.picture_survey import PictureSurvey, Place
from pipeline.sources.survey import Notice, Survey, converted, warning

SPLIT_OF_WORD = {"t10k": "test", **SPLIT_NAMES}
# QMNIST's labels are rows of eight numbers, of which the first is the class.
QMNIST_COLUMNS = 8


@dataclass(frozen=True)
class Pair:
    """The two files of one split."""

    images: Path
    labels: Path
    split: str | None


class Idx(PictureSource):
    """A folder of IDX files as a source."""

    def survey(self) -> Survey:
        """See `survey.Source.survey`."""
        headline = f"The IDX files in {self._path} cannot be used:"
        problems: list[str] = []
        pairs = find_pairs(self._path, problems)
        headers = [_checked(pair, problems) for pair in pairs]
        usable = [
            (pair, header)
            for pair, header in zip(pairs, headers, strict=True)
            if header is not None
        ]
        if problems or not usable:
            raise SourceError(headline, problems)
        self._n_pictures = sum(header.shape[0] for _, header in usable)
        sizes = [(header.shape[1], header.shape[2]) for _, header in usable]
        pictures = self._begin(headline, sizes, total=self._n_pictures)
        pictures.notices += _notices_of_names(pairs)
        pictures.notices += _notices_of_sets(pairs)
        for pair, header in usable:
            self._take(pair, header, pictures)
        labels = {place.class_name for place in pictures.places}
        if len(labels) == 1:
            pictures.problems.append(f"There is one label only ({labels.pop()}); two are needed.")
        pictures.notices += _notices_of_gaps(labels)
        return pictures.finish()

    def _take(self, pair: Pair, header: Header, pictures: PictureSurvey) -> None:
        name = pair.images.name
        try:
            labels = np.concatenate(list(read_blocks(pair.labels, read_header(pair.labels))))
            labels = labels[:, 0] if labels.ndim == 2 else labels
        except IdxError as error:
            pictures.problems.append(f"{pair.labels.name} {error}.")
            return
        try:
            entries: Iterable[Entry] = (
                self._decoded(pair, header, pictures.resize)
                if self._glance is None
                else self._looked_at(pair, header, self._glance)
            )
            for row, entry in enumerate(entries):
                pictures.add(Place(f"{name}[{row}]", str(labels[row]), pair.split), entry)
        except IdxError as error:
            pictures.problems.append(f"{name} {error}.")

    def _decoded(
        self,
        pair: Pair,
        header: Header,
        resize: ResizeParams | None,
        rows: np.ndarray | None = None,
    ) -> Iterator[Decoded]:
        """The pictures of a file, or those at these rows, sorted."""
        decode = functools.partial(_describe_block, resize=resize)
        blocks = read_blocks(pair.images, header)
        if rows is None:
            chosen, workers = blocks, None
        else:
            chosen, workers = _only(blocks, rows), 1
        for results in map_in_order(decode, chosen, workers=workers):
            yield from results

    def _looked_at(self, pair: Pair, header: Header, glance: Glance) -> list[Entry]:
        n, height, width = header.shape
        return glance.look(
            [str(row) for row in range(n)],
            [stamp_of(pair.images)] * n,
            lambda _: (height, width),
            lambda rows: self._decoded(pair, header, None, np.array(rows)),
            kind=f"idx {pair.images.name}",
            share=n / self._n_pictures,
        )


def _only(blocks: Iterable[np.ndarray], rows: np.ndarray) -> Iterator[np.ndarray]:
    """Of each block the records at these positions of the whole, which are sorted."""
    start = 0
    for block in blocks:
        inside = rows[(rows >= start) & (rows < start + len(block))] - start
        if len(inside):
            yield block[inside]
        start += len(block)


def find_pairs(root: Path, problems: list[str]) -> list[Pair]:
    """The files of pictures and of labels, matched by name; what has no partner is a problem."""
    files = [
        path
        for path in sorted(root.iterdir())
        if path.is_file() and not path.name.startswith(".") and _is_idx_name(path.name)
    ]
    images = _by_key((path for path in files if "images" in path.name.lower()), problems)
    labels = _by_key((path for path in files if "labels" in path.name.lower()), problems)
    if not images and not labels:
        problems.append(
            f"{root} holds no files named like `train-images-idx3-ubyte` and "
            "`train-labels-idx1-ubyte` (or with .gz)."
        )
    problems += [
        f"{path.name} has no file of {missing} beside it; put {path.name.replace(a, b)} there."
        for own, others, missing, a, b in (
            (images, labels, "labels", "images-idx3", "labels-idx1"),
            (labels, images, "pictures", "labels-idx1", "images-idx3"),
        )
        for key, path in own.items()
        if key not in others
    ]
    both = sorted(set(images) & set(labels))
    sets = sorted({_words(key)[0] for key in both})
    if len(sets) > 1:
        problems.append(
            f"{root} holds the files of {len(sets)} data sets ({', '.join(sets)}); move the files "
            "of the one that is meant into a folder of their own."
        )
    pairs = [Pair(images[key], labels[key], _words(key)[1]) for key in both]
    if len(pairs) == 1:
        return [replace(pairs[0], split=None)]
    for pair in pairs:
        if pair.split is None:
            problems.append(
                f"{pair.images.name} does not say its split, though there are several; name it "
                "train-…, val-… or test-…."
            )
    for split, n in Counter(pair.split for pair in pairs if pair.split).items():
        if n > 1 and len(sets) < 2:
            problems.append(f"{root} holds {n} pairs of files for {split}; keep one.")
    return pairs


def _by_key(paths: Iterable[Path], problems: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in paths:
        first = found.setdefault(_key(path), path)
        if first != path:
            problems.append(f"{first.name} and {path.name} mean the same file; delete one.")
    return found


def _is_idx_name(name: str) -> bool:
    return ("idx" in name.lower() or "ubyte" in name.lower()) and (
        "images" in name.lower() or "labels" in name.lower()
    )


def _key(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return name.split("images")[0].split("labels")[0].strip("-_.")


def _words(key: str) -> tuple[str, str | None]:
    """(data set, split) in a key such as `train` or `emnist-letters-train`."""
    words = [word for word in re.split(r"[-_.]", key) if word]
    splits = [SPLIT_OF_WORD[word] for word in words if word in SPLIT_OF_WORD]
    name = "-".join(word for word in words if word not in SPLIT_OF_WORD)
    return name, splits[0] if splits else None


def _checked(pair: Pair, problems: list[str]) -> Header | None:
    """The header of the pictures, where it and that of the labels can be meant."""
    before = len(problems)
    headers: list[Header] = []
    for path in (pair.images, pair.labels):
        try:
            headers.append(read_header(path))
        except (IdxError, OSError) as error:
            problems.append(f"{path.name} {error}.")
    if len(problems) > before:
        return None
    images, labels = headers
    if len(images.shape) == 1 and len(labels.shape) == 3:
        problems.append(
            f"{pair.images.name} holds labels and {pair.labels.name} holds pictures; the two are "
            "swapped: exchange their names."
        )
    elif len(images.shape) != 3:
        problems.append(
            f"{pair.images.name} has {len(images.shape)} dimensions; pictures have 3 "
            "(number, height, width)."
        )
    elif len(labels.shape) != 1 and not _is_of_qmnist(labels):
        problems.append(f"{pair.labels.name} has {len(labels.shape)} dimensions; labels have 1.")
    elif images.dtype != np.dtype(">u1"):
        problems.append(
            f"{pair.images.name} holds values of type {images.dtype.name}; unsigned bytes (0x08) "
            "from 0 to 255 are expected."
        )
    elif labels.dtype.kind == "f":
        problems.append(
            f"{pair.labels.name} holds {labels.dtype.name}; whole numbers are expected."
        )
    elif images.shape[0] != labels.shape[0]:
        problems.append(
            f"{pair.images.name} holds {images.shape[0]:,} pictures and {pair.labels.name} "
            f"{labels.shape[0]:,} labels; the counts must be equal."
        )
    else:
        problems += _problems_of_size(pair.images.name, *images.shape[1:])
    return images if len(problems) == before else None


def _problems_of_size(name: str, height: int, width: int) -> list[str]:
    if height * width > KEPT_PIXELS or min(height, width) < MINIMUM_SIDE_PX:
        sentence = (
            f"{name} holds pictures of {height}×{width} px; at least {MINIMUM_SIDE_PX} px a side "
            f"and at most {KEPT_PIXELS:,} px in all are expected."
        )
        return [sentence]
    return []


def _describe_block(block: np.ndarray, *, resize: ResizeParams | None) -> list[Decoded]:
    return [describe(Image.fromarray(pixels), resize) for pixels in block]


def _notices_of_names(pairs: list[Pair]) -> list[Notice]:
    return [
        warning(
            f"{path.name} {'is' if is_gzip(path) else 'is not'} gzip, unlike its name; it was read "
            "by content."
        )
        for pair in pairs
        for path in (pair.images, pair.labels)
        if is_gzip(path) != path.name.lower().endswith(".gz")
    ]


def _is_of_qmnist(labels: Header) -> bool:
    return labels.shape[1:] == (QMNIST_COLUMNS,) and labels.dtype.kind == "i"


def _notices_of_sets(pairs: list[Pair]) -> Iterator[Notice]:
    """What is known of data sets by their names, and of their labels by their shape."""
    if any("emnist" in pair.images.name.lower() for pair in pairs):
        yield warning(
            "The files of EMNIST hold every picture transposed (rows and columns exchanged); they "
            "are kept as they are. Its file of the characters that the labels stand for is not "
            "read."
        )
    if any(len(read_header(pair.labels).shape) == 2 for pair in pairs):
        yield converted(
            "The labels are rows of eight numbers, as of QMNIST; the first is the class, the "
            "others (writer, place in the original) are left out."
        )


def _notices_of_gaps(labels: set[str]) -> list[Notice]:
    known = in_order(labels)
    if known == tuple(str(index) for index in range(len(known))):
        return []
    mapping = ", ".join(f"{name} → {index}" for index, name in enumerate(known))
    return [converted(f"The labels are not 0 to {len(known) - 1} without gaps; mapped: {mapping}.")]
