"""Which rows belong together: those of one group, and duplicates or near duplicates."""

import numpy as np
import pandas as pd

from pipeline.randomness import derive_seed
from pipeline.sources.twins import joined


def cluster_rows(rows: pd.DataFrame) -> np.ndarray:
    """Number the clusters: rows joined by a group, or as twins, directly or through others."""
    n = len(rows)
    links = []
    for name in ("twin", "group"):
        codes, _ = pd.factorize(rows[name])
        known = np.flatnonzero(codes >= 0)
        _, first = np.unique(codes[known], return_index=True)
        links.append(np.column_stack([known[first][codes[known]], known]))
    return joined(n, np.concatenate(links))


def cluster_names(rows: pd.DataFrame) -> np.ndarray | None:
    """A name for each row of a cluster that holds twins, the smallest identifier in it.

    A cluster that a group alone makes has that group's name already.

    Returns:
        Text, object [n], None for all other rows; or None where no row has a twin.
    """
    has_twin = rows["twin"].duplicated(keep=False).to_numpy()
    if not has_twin.any():
        return None
    clusters = cluster_rows(rows)
    named = np.isin(clusters, clusters[has_twin])
    own = pd.DataFrame({"cluster": clusters[named], "id": rows["id"].to_numpy(object)[named]})
    smallest = own.sort_values("id").drop_duplicates("cluster").set_index("cluster")["id"]
    names = np.full(len(rows), None, object)
    names[named] = smallest.loc[own["cluster"]].to_numpy(object)
    return names


def cluster_lots(
    rows: pd.DataFrame, clusters: np.ndarray, *, seed: int, purpose: str
) -> np.ndarray:
    """The lot of each cluster in [0, 1): the smallest lot of its groups, or else of its rows."""
    names = rows["group"].where(rows["group"].notna(), rows["id"]).to_numpy(object)
    lots = np.ones(int(clusters.max()) + 1)
    np.minimum.at(lots, clusters, lots_of(names, seed, purpose))
    return lots


def lots_of(names: np.ndarray, seed: int, purpose: str) -> np.ndarray:
    """A number in [0, 1) for each name, float64 [n], equal for equal names (SipHash-2-4 keyed)."""
    key = f"{derive_seed(seed, purpose):016x}"
    hashes = pd.util.hash_array(names, hash_key=key, categorize=False)
    return np.asarray(hashes >> np.uint64(11), np.float64) / 2.0**53
