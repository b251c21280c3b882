"""New rows of a table from real ones, without a generator."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.samples import Samples, Schema


def copula_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """See the contract."""
    raise NotImplementedError


def munge_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """See the contract."""
    raise NotImplementedError


def smote_rows(real: Samples, wanted: np.ndarray, *, seed: int) -> Samples:
    """See the contract."""
    raise NotImplementedError


def noise(schema: Schema, counts: Sequence[int]) -> Samples:
    """See the contract."""
    raise NotImplementedError


def empty(schema: Schema) -> pd.DataFrame:
    """See the contract."""
    raise NotImplementedError


def sheets(classes: tuple[str, ...], parts: Mapping[str, Samples]) -> dict[str, bytes]:
    """See the contract."""
    raise NotImplementedError
