"""Where distances between rows of a table mean likeness."""

import numpy as np

from pipeline.samples import Samples


class TableSpace:
    """Columns as numbers of one scale."""

    @classmethod
    def fit(cls, real: Samples) -> "TableSpace":
        """Fit on real rows and nothing else."""
        raise NotImplementedError

    def columns(self, samples: Samples) -> np.ndarray:
        """float64 [n, d]."""
        raise NotImplementedError
