"""What a training set is made of: how far its classes are filled, and from which sources of rows.

One rule for the trial, which tests a composition, and for the stage that ships it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline import answers, numbers
from pipeline.results import Origin
from pipeline.samples import Samples, concatenate

# How far classes are filled → their level, in rows of the largest class; "half" goes half the way.
FILLS: Mapping[str, float] = {"nothing": 0.0, "half": 1.0, "largest": 1.0, "four times": 4.0}
FILL_WORDS: Mapping[str, str] = {
    "nothing": "nothing added",
    "half": "each class filled half of the way to the largest",
    "largest": "each class filled to the largest",
    "four times": "each class filled to four times the largest",
}
# Source → rows of each class, int64 [classes].
Counts = Mapping[Origin, np.ndarray]


@dataclass(frozen=True)
class Composition:
    """How far classes are filled, and from which sources, in equal parts.

    Attributes:
        fill: A key of `FILLS`.
        origins: Sources of the added rows; empty where nothing is added.
    """

    fill: str
    origins: tuple[Origin, ...] = ()

    def counts(self, real: np.ndarray, available: Counts) -> dict[Origin, np.ndarray]:
        """Rows that each source gives to each class, int64 [classes] by source.

        What one source lacks the others give; a class that no source has enough rows for gets as
        many as there are. A class without real rows gets none.

        Args:
            real: Real rows of each class, int64 [classes].
            available: Rows that there are of each source; a source that is missing has none.
        """
        given = {origin: np.zeros(len(real), np.int64) for origin in self.origins}
        for label, missing in enumerate(self.missing(real)):
            shares = _shares(
                int(missing),
                [int(available[o][label]) if o in available else 0 for o in self.origins],
            )
            for origin, share in zip(self.origins, shares, strict=True):
                given[origin][label] = share
        return given

    def missing(self, real: np.ndarray) -> np.ndarray:
        """Rows that each class is to get in all, int64 [classes]."""
        gaps = np.maximum(FILLS[self.fill] * real.max(initial=0) - real, 0.0)
        if self.fill == "half":
            gaps = gaps / 2
        return np.asarray(np.where(real > 0, np.ceil(gaps), 0), np.int64)

    def words(self) -> str:
        """What it holds, inside a sentence."""
        if self.fill == "nothing" or not self.origins:
            return "the real rows alone"
        names = numbers.listed([answers.origin_name(origin) for origin in self.origins])
        return f"{FILL_WORDS[self.fill]}, with {names} rows"


def put_together(real: Samples, sources: Mapping[Origin, Samples], counts: Counts) -> Samples:
    """The real rows, then of each source as many rows of each class as are to be in the set.

    Args:
        sources: Rows of each source; those that come first are taken.
    """
    added = [
        sources[origin].take(first_rows(sources[origin].labels, n)) for origin, n in counts.items()
    ]
    return concatenate([real, *(part for part in added if len(part))])


def first_rows(labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Positions of the first `counts[k]` rows of each class k, in order, int64 [n]."""
    parts = [np.flatnonzero(labels == k)[: int(n)] for k, n in enumerate(counts)]
    return np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)


def oversampled(real: Samples) -> Samples:
    """The real rows, those of smaller classes repeated in turn until all are equally many.

    Identifiers repeat with the rows: this is a reference to compare with, never a set to ship.
    """
    counts = np.bincount(real.labels, minlength=len(real.schema.classes))
    parts = [
        np.resize(np.flatnonzero(real.labels == k), counts.max()) for k in np.flatnonzero(counts)
    ]
    return real.take(np.concatenate(parts))


def _shares(missing: int, available: list[int]) -> list[int]:
    """`missing` in equal parts, as far as there are so many; the rest from whoever has more."""
    shares = [0] * len(available)
    while missing > 0:
        able = [k for k, n in enumerate(available) if n > shares[k]]
        if not able:
            break
        each, over = divmod(missing, len(able))
        for place, k in enumerate(able):
            more = min(each + (place < over), available[k] - shares[k])
            shares[k] += more
            missing -= more
    return shares
