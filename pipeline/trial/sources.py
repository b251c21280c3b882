"""The rows that a set can be made of in one replicate: every source's, made from its real rows."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from pipeline.composition import Composition
from pipeline.randomness import derive_seed
from pipeline.results import Origin
from pipeline.samples import Samples, concatenate
from pipeline.trial.rows import CHEAP_ROWS

Sources = Mapping[Origin, Samples]
# What each source's rows carry; what else a generator tells of its draws stays in its pool.
COLUMNS = ("id", "origin")


def make_sources(
    *,
    real: Samples,
    pools: Sequence[Samples],
    judged: Sequence[Mapping[str, list[Any]]],
    generators: tuple[Origin, ...],
    cheap: tuple[Origin, ...],
    sets: tuple[Composition, ...],
    seed: int,
) -> Samples:
    """Accepted rows of each generator's pool, and as many cheap rows as any of the sets needs.

    Args:
        real: The rows from which cheap ones are made: those that the generators saw.
        pools, judged: Of each of `generators`, in their order.

    Returns:
        Rows with `id` and `origin`, each source in the order in which a set takes its rows.
    """
    parts = [
        _named(accepted(pool, found), origin)
        for origin, pool, found in zip(generators, pools, judged, strict=True)
    ]
    parts += make_cheap(real, cheap, sets, seed=seed)
    return concatenate(parts)


def make_cheap(
    real: Samples, origins: Sequence[Origin], sets: Sequence[Composition], *, seed: int
) -> list[Samples]:
    """Rows of each source that costs no generator, as many as the greediest of the sets needs."""
    counts = np.bincount(real.labels, minlength=len(real.schema.classes))
    parts = []
    for origin in origins:
        wanted = np.max([s.missing(counts) for s in sets if origin in s.origins], axis=0, initial=0)
        if np.any(wanted):
            rows = CHEAP_ROWS[origin](real, wanted, seed=derive_seed(seed, "source"))
            parts.append(_named(rows, origin))
    return parts


def by_origin(rows: Samples) -> dict[Origin, Samples]:
    """The rows of each source, in their order."""
    origins = rows.provenance["origin"].astype(str)
    found: dict[Origin, Samples] = {}
    for origin in get_args(Origin):
        positions = np.flatnonzero(origins == origin)
        if len(positions):
            found[origin] = rows.take(positions)
    return found


def available(sources: Sources, classes: int) -> dict[Origin, np.ndarray]:
    """Rows of each class that each source has, int64 [classes]."""
    return {origin: np.bincount(rows.labels, minlength=classes) for origin, rows in sources.items()}


def accepted(pool: Samples, judged: Mapping[str, list[Any]]) -> Samples:
    """The rows of a pool that passed curation."""
    assert list(pool.ids) == judged["id"]
    return pool.take(np.asarray(judged["accepted"], bool))


def _named(samples: Samples, origin: Origin) -> Samples:
    frame = samples.provenance.assign(origin=origin)[list(COLUMNS)]
    return Samples(samples.schema, samples.values, samples.labels, frame)
