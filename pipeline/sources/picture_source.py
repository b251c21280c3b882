"""What the sources of pictures share: what they are told, and how they give back what they took."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.params import SourceParams
from pipeline.sources.glance import Glance
from pipeline.sources.picture_survey import PictureSurvey
from pipeline.sources.sizing import settled


class PictureSource:
    """A source whose rows are pictures; each format adds its own `survey`.

    Args:
        path: The file or folder that holds the data.
        params: The `source` section.
        scratch: Where decoded pictures wait between the survey and the reading.
        glance: What a plan reads; `read` has no pictures then. None reads all.
    """

    def __init__(
        self,
        path: Path,
        params: SourceParams,
        *,
        scratch: Path,
        glance: Glance | None = None,
    ):
        self._path = path
        self._params = params
        self._scratch = scratch
        self._glance = glance
        self._pictures: PictureSurvey | None = None

    def read(self, positions: np.ndarray) -> Iterator[pa.Table]:
        """See `survey.Source.read`."""
        assert self._pictures is not None, "survey comes first"
        return self._pictures.read(positions)

    def _begin(
        self, headline: str, sizes: Iterable[tuple[int, int]], *, total: int
    ) -> PictureSurvey:
        """A survey without pictures yet, which knows what they are to be fitted to.

        Args:
            headline: First sentence of a refusal.
            sizes: (height, width) of every picture, in pixels.
            total: How many pictures there are.
        """
        resize, chosen = settled(self._params.resize, sizes)
        self._pictures = PictureSurvey(
            headline=headline,
            scratch=self._scratch,
            resize=resize,
            near_policy=self._params.near_duplicates,
            glance=self._glance,
            # A plan takes seconds, and tells how far it is to nobody.
            total=total if self._glance is None else 0,
        )
        self._pictures.notices += chosen
        return self._pictures
