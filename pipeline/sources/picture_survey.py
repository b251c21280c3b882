"""What every source of pictures does with its decoded pictures: keep, compare, count, complain."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.codecs.png import with_channels
from pipeline.errors import SourceError
from pipeline.params import ResizeParams
from pipeline.progress import Pace
from pipeline.samples import Schema
from pipeline.sources import near_duplicates, twins
from pipeline.sources.class_names import in_order
from pipeline.sources.decoding import Decoded
from pipeline.sources.glance import Entry, Glance, Unseen
from pipeline.sources.likeness import LENGTH
from pipeline.sources.near_pictures import near_pairs
from pipeline.sources.picture_notices import picture_notices
from pipeline.sources.spool import Spool
from pipeline.sources.survey import BATCH_ROWS, Notice, Survey, make_rows
from pipeline.storage import image_table


@dataclass(frozen=True)
class Place:
    """Where one picture stands in the source.

    Attributes:
        path: Text that names it to a person and in its provenance.
        class_name: Its class.
        split: The split that the source gives, or None.
        group: What never parts, or None.
    """

    path: str
    class_name: str
    split: str | None = None
    group: str | None = None


@dataclass
class PictureSurvey:
    """Collects pictures one by one, then gives the survey and reads them back.

    Args:
        headline: First sentence of a refusal.
        scratch: Folder for the spool.
        resize: What the pictures were fitted to.
        near_policy: `source.near_duplicates`.
        total: How many pictures there are, to tell how far the reading is; 0 tells nothing.
        glance: Remembers which pictures are near another, for the next plan; None otherwise.
    """

    headline: str
    scratch: Path
    resize: ResizeParams
    near_policy: near_duplicates.Policy | None = None
    glance: Glance | None = None
    total: int = 0
    problems: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._spool = Spool(self.scratch)
        self.places: list[Place] = []
        self._is_seen: list[bool] = []
        self._digests: list[str] = []
        self._thumbnails: list[np.ndarray] = []
        # On disk, since a hundred thousand of them take half a gigabyte.
        self._likenesses = Spool(self.scratch)
        self._likeness_digests: list[bytes] = []
        self._sides_px: list[int] = []
        self._is_grey: list[bool] = []
        self._is_constant: list[bool] = []
        self._sizes: Counter[tuple[int, int]] = Counter()
        self._remarks: Counter[str] = Counter()
        self._kept = np.empty(0, np.int64)
        self._survey: Survey | None = None
        self._pace = Pace("prepare", "pictures")
        self._taken = 0

    def add(self, place: Place, decoded: Entry) -> None:
        """Take one picture, or note the problem that it has."""
        self._taken += 1
        if self.total > self._taken:
            self._pace.at(self._taken, self.total)
        if isinstance(decoded, str):
            self.problems.append(f"{place.path} {decoded}.")
            return
        if isinstance(decoded, Unseen):
            decoded = _nothing_known(place, decoded)
            self._is_seen.append(False)
        else:
            self._remarks.update(decoded.remarks)
            self._is_seen.append(True)
        self._spool.append(decoded.png)
        self.places.append(place)
        self._digests.append(decoded.digest)
        self._thumbnails.append(decoded.thumbnail)
        self._likenesses.append(decoded.likeness)
        self._likeness_digests.append(hashlib.sha256(decoded.likeness).digest()[:16])
        self._sides_px.append(min(decoded.height_px, decoded.width_px))
        self._is_grey.append(decoded.is_grey)
        self._is_constant.append(decoded.is_constant)
        if decoded.height_px:
            self._sizes[decoded.height_px, decoded.width_px] += 1

    def finish(
        self, *, classes: tuple[str, ...] | None = None, label_column: str = "label"
    ) -> Survey:
        """The survey of all pictures taken.

        Raises:
            SourceError: anything that was noted, pictures that stand in two classes or in two
                given splits.
        """
        names = np.array([place.class_name for place in self.places], object)
        self._refuse_crossing(names)
        if self.problems:
            raise SourceError(self.headline, self.problems)
        known = classes or in_order(names)
        self._kept = self._first_of_each()
        kept = [self.places[row] for row in self._kept]
        label_of = {name: index for index, name in enumerate(known)}
        labels = np.array([label_of[place.class_name] for place in kept])
        near = near_duplicates.judged(self._near_pairs(), labels, self.near_policy)
        rows = make_rows(
            [self._digests[row][:16] for row in self._kept],
            labels,
            [place.path for place in kept],
            splits=[place.split for place in kept],
            groups=[place.group for place in kept],
            twins=twins.joined(len(kept), near.linked),
        )
        seen = np.array(self._is_seen)
        is_grey = np.array(self._is_grey)[seen]
        channels = 1 if is_grey.all() else 3
        height, width = self._target()
        schema = Schema(
            modality="image",
            classes=known,
            image_shape=(height, width, channels),
            label_column=label_column,
        )
        notices = picture_notices(
            sizes=self._sizes,
            remarks=self._remarks,
            is_grey=is_grey,
            is_constant=np.array(self._is_constant)[seen],
            names=names[seen],
            dropped=len(self.places) - len(kept),
            rows=rows,
            schema=schema,
            near=near,
            resize=self.resize,
        )
        self._survey = Survey(
            schema=schema,
            rows=rows,
            notices=(*self.notices, *notices),
            sample=None if seen.all() else int(seen.sum()),
        )
        return self._survey

    def read(self, positions: np.ndarray) -> Iterator[pa.Table]:
        """See `survey.Source.read`."""
        survey = self._survey
        assert survey is not None
        assert survey.schema.image_shape is not None
        channels = survey.schema.image_shape[2]
        for start in range(0, len(positions), BATCH_ROWS):
            chosen = positions[start : start + BATCH_ROWS]
            grey = [self._is_grey[row] for row in self._kept[chosen]]
            encoded = self._spool.read(self._kept[chosen])
            if channels == 3 and any(grey):
                encoded = [
                    with_channels(content, 3) if flat else content
                    for content, flat in zip(encoded, grey, strict=True)
                ]
            yield image_table(
                encoded,
                survey.rows["label"].to_numpy()[chosen],
                survey.provenance.iloc[chosen].reset_index(drop=True),
                survey.schema,
            )

    def _target(self) -> tuple[int, int]:
        height, width = next(iter(self._sizes))
        return self.resize.height_px or height, self.resize.width_px or width

    def _near_pairs(self) -> np.ndarray:
        """Pairs of near duplicates among the kept rows, unless params.yaml says not to look."""
        seen = np.flatnonzero(np.array(self._is_seen)[self._kept])
        if self.near_policy == "off" or not len(seen):
            return np.empty((0, 2), np.int64)
        looked_at = self._kept[seen]

        def likenesses(rows: np.ndarray) -> np.ndarray:
            content = b"".join(self._likenesses.read(looked_at[rows]))
            return np.frombuffer(content, np.uint8).reshape(-1, LENGTH)

        thumbnails = np.stack([self._thumbnails[row] for row in looked_at])
        digests = [self._likeness_digests[row] for row in looked_at]
        sides_px = np.array(self._sides_px)[looked_at]

        def pairs() -> np.ndarray:
            return near_pairs(thumbnails, digests, sides_px, likenesses)

        if self.glance is None:
            return np.asarray(seen[pairs()])
        inputs = [thumbnails.tobytes(), *digests, sides_px.tobytes()]
        return np.asarray(seen[self.glance.once(inputs, pairs)])

    def _first_of_each(self) -> np.ndarray:
        seen: set[str] = set()
        kept = []
        for row, digest in enumerate(self._digests):
            if digest not in seen:
                seen.add(digest)
                kept.append(row)
        return np.array(kept, np.int64)

    def _refuse_crossing(self, names: np.ndarray) -> None:
        """Note each picture that stands in two classes, or in two splits that the source gives."""
        where: dict[str, list[int]] = defaultdict(list)
        for row, digest in enumerate(self._digests):
            where[digest].append(row)
        for found in where.values():
            if len(found) > 1:
                self._note_crossing(found, "classes", lambda row: str(names[row]))
                self._note_crossing(found, "splits", lambda row: self.places[row].split)

    def _note_crossing(
        self, found: list[int], nouns: str, value: Callable[[int], str | None]
    ) -> None:
        other = next((row for row in found if value(row) != value(found[0])), None)
        if other is not None:
            first, second = self.places[found[0]].path, self.places[other].path
            self.problems.append(
                f"{first} and {second} are the same picture in two {nouns} "
                f"({value(found[0])!r} and {value(other)!r}); delete the one that is wrong."
            )


def _nothing_known(place: Place, found: Unseen) -> Decoded:
    """What stands for a picture that was not decoded: like no other, and without remarks."""
    return Decoded(
        png=b"",
        digest=hashlib.sha256(place.path.encode()).hexdigest(),
        thumbnail=np.empty(0, np.uint8),
        likeness=b"",
        height_px=found.height_px,
        width_px=found.width_px,
        is_grey=False,
        is_constant=False,
        format="",
        remarks=frozenset(),
    )
