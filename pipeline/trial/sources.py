"""The rows that a set can be made of in one replicate: every source's, made from its real rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from pipeline.composition import Composition
from pipeline.randomness import derive_seed
from pipeline.results import Origin
from pipeline.samples import Samples, concatenate
from pipeline.trial.rule_keeping import made_rows
from pipeline.trial.teacher import fit_teacher, taught_rows

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
    steps: int,
    seed: int,
) -> Samples:
    """Accepted rows of each generator's pool, and as many cheap rows as any of the sets needs.

    Args:
        real: The rows from which cheap ones are made: those that the generators saw.
        pools, judged: Of each of `generators`, in their order.
        steps: Optimiser steps of each network of a teacher.

    Returns:
        Rows with `id` and `origin`, each source in the order in which a set takes its rows.
    """
    parts = [
        _of(accepted(pool, found), origin)
        for origin, pool, found in zip(generators, pools, judged, strict=True)
    ]
    parts += make_cheap(real, cheap, sets, steps=steps, seed=seed)
    return concatenate([_named(part) for part in parts])


def make_cheap(
    real: Samples,
    origins: Sequence[Origin],
    sets: Sequence[Composition],
    *,
    steps: int,
    seed: int,
) -> list[Samples]:
    """Rows of each source that costs no generator, as many as the greediest of the sets needs.

    Args:
        steps: Optimiser steps of each network of a teacher, who sees `real` and nothing else.
    """
    counts = np.bincount(real.labels, minlength=len(real.schema.classes))
    parts = []
    for origin in origins:
        needs = [one.missing(counts) for one in sets if origin in one.origins]
        wanted = np.max(needs, axis=0) if needs else np.zeros_like(counts)
        if wanted.any():
            own = derive_seed(seed, "source")
            if origin == "taught":
                teacher = fit_teacher(real, steps=steps, seed=own)
                rows = taught_rows(teacher, real, wanted, seed=own)
            else:
                rows = made_rows(origin, real, wanted, seed=own)
            parts.append(_of(rows, origin))
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


def _of(samples: Samples, origin: Origin) -> Samples:
    return replace(samples, provenance=samples.provenance.assign(origin=origin))


def _named(samples: Samples) -> Samples:
    return replace(samples, provenance=samples.provenance[list(COLUMNS)])
