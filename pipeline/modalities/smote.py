"""SMOTE: new rows between a sample and its neighbours of the same class, in any space."""

import numpy as np

from pipeline.randomness import derive_seed

NEIGHBOURS = 5


def smote_columns(
    columns: np.ndarray, labels: np.ndarray, wanted: np.ndarray, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """`wanted` (int [classes]) new rows of each class, from rows float [n, d] and labels int64 [n].

    A class of one row is repeated, since there is nothing to go towards. Asking for more of one
    class never changes another.

    Returns:
        New rows, float64 [sum(wanted), d], and their labels, int64, in label order.

    Source: Chawla et al. 2002, arXiv:1106.1813; imbalanced-learn's implementation.
    """
    parts = [np.zeros((0, columns.shape[1]))]
    for label in np.flatnonzero(wanted):
        own = np.asarray(columns[labels == label], np.float64)
        assert len(own), f"SMOTE was asked for class {label}, which has no rows"
        if len(own) == 1:
            parts.append(np.repeat(own, wanted[label], axis=0))
        else:
            parts.append(
                _one_class(own, int(wanted[label]), derive_seed(seed, "smote", int(label)))
            )
    return np.concatenate(parts), np.repeat(np.arange(len(wanted)), wanted)


def _one_class(own: np.ndarray, wanted: int, seed: int) -> np.ndarray:
    # Slow to import, and a plan counts the arms without filling anything.
    from imblearn.over_sampling import SMOTE

    # imbalanced-learn fills one class up to another's size: a stand-in class sets the target.
    stand_in = np.zeros((len(own) + wanted, own.shape[1]))
    sampler = SMOTE(
        sampling_strategy={1: len(stand_in)},
        k_neighbors=min(NEIGHBOURS, len(own) - 1),
        random_state=seed % 2**32,
    )
    filled, _ = sampler.fit_resample(
        np.concatenate([own, stand_in]), np.repeat([1, 0], [len(own), len(stand_in)])
    )
    return np.asarray(filled[len(own) + len(stand_in) :], np.float64)
