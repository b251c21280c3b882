"""Real rows, GAN rows and the rows of other sources, each with the configs that it belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.composition import first_rows
from pipeline.dataset.layout import in_order
from pipeline.errors import ArtifactError
from pipeline.results import TrialResult
from pipeline.samples import Samples, Schema, concatenate

# A plain fit needs no weights: those who use them leave out what is not in `train`.
TRAIN_WEIGHT, OTHER_WEIGHT = 1.0, 0.0
# The provenance columns of an assembled row, in order, with the type each keeps when it is empty.
COLUMNS = {
    "id": "string",
    "is_synthetic": "bool",
    "source": "string",
    "in_train": "bool",
    "in_balanced": "bool",
    "weight": "Float64",
    "source_path": "string",
    "generator": "string",
    "draw": "Int64",
    "score": "Float64",
}
# Kept as well where the source has groups, so that a version used as a source parts none of them.
GROUP = "group"
# What is no column of the set, though rows come with it.
LEFT_OUT = ("origin", "cluster", GROUP)


def assemble(
    real: Samples,
    pool: Samples,
    *,
    curation: pd.DataFrame,
    requested: Mapping[str, int],
    result: TrialResult,
    cheap: Samples | None = None,
) -> Samples:
    """All rows of the set: real ones, then those of the GAN, then those of other sources.

    A row is in `train` where the trial's recommended set has it, and weighs 1 there: of each class
    and source the first so many rows. A GAN row is in `balanced` where curation chose it to make up
    the exact number that was asked for; real rows are in both. Rows in neither are left out.

    Args:
        real: The prepared training split.
        pool: Every synthetic row drawn.
        curation: One row a pool row: `id`, `chosen`, `accepted`, `score` (probability of the asked
            class). Rows may be chosen to make up the number without being accepted; those are in no
            recommended set.
        requested: Class name → how many GAN rows `balanced` is to have, exactly.
        result: What the trial found; `in_set` of each class says how many rows of each source the
            recommended set has.
        cheap: Rows of the other sources with their `origin`; what more is known of them is kept.

    Returns:
        Samples whose provenance has the columns of `COLUMNS`, `group` where the real rows have one,
        and whatever further columns the rows of other sources have. Inputs are left unchanged.

    Raises:
        ArtifactError: the curation does not speak of the pool, a class would not get exactly the
            rows that were asked for, or a source has fewer rows than the recommended set.
    """
    counts = _counts(result, real.schema)
    _check_real(real, counts.pop("real", np.zeros(len(real.schema.classes), np.int64)))
    drawn = _of_gan(pool, curation, counts.pop("gan", None))
    _check_exact(drawn.take(drawn.provenance["in_balanced"].to_numpy(bool)), requested)
    others = [
        _of_other(cheap, origin, counts[origin])
        for origin in in_order(counts)
        if counts[origin].any()
    ]
    columns = COLUMNS | ({GROUP: "string"} if GROUP in real.provenance else {})
    parts = [_described(real, "real", in_train=True, in_balanced=True), drawn, *others]
    joined = _joined([part for part in parts if len(part)], columns | _further_columns(others))
    if joined.provenance["id"].duplicated().any():
        twice = joined.provenance["id"][joined.provenance["id"].duplicated()].iloc[0]
        raise ArtifactError(
            f"Two rows of the augmented set share the identifier {twice!r}; identifiers are to be "
            "unique. Run `equipoise run` to write the inputs again."
        )
    return joined


def _counts(result: TrialResult, schema: Schema) -> dict[str, np.ndarray]:
    """Source → rows of each class in the recommended set, int64 [classes]."""
    of_class = {row.name: row.in_set for row in result.classes}
    if set(of_class) != set(schema.classes):
        wrong = min(set(of_class) ^ set(schema.classes))
        raise ArtifactError(
            f"The trial's record and the samples differ in the class {wrong!r}. Run `equipoise "
            "run` to write both again."
        )
    origins = dict.fromkeys(origin for row in result.classes for origin in row.in_set)
    return {
        origin: np.array([of_class[name].get(origin, 0) for name in schema.classes], np.int64)
        for origin in origins
    }


def _check_real(real: Samples, counts: np.ndarray) -> None:
    found = real.counts()
    for name, n in zip(real.schema.classes, counts, strict=True):
        if found[name] != n:
            raise ArtifactError(
                f"The trial's record has {n} real rows of class {name!r} in the recommended set, "
                f"and data/prepared has {found[name]}. Run `equipoise run` to write both again."
            )


def _of_gan(pool: Samples, curation: pd.DataFrame, wanted: np.ndarray | None) -> Samples:
    """The pool's rows that are in `train` or in `balanced`, by class, in the order of drawing."""
    missing = set(pool.ids) ^ set(curation["id"])
    if missing:
        raise ArtifactError(
            f"The curation and the synthetic pool differ in {len(missing)} rows, for example "
            f"{min(missing)!r}. Run `equipoise run` to write both again."
        )
    by_id = curation.set_index("id").loc[pool.ids]
    in_balanced = by_id["chosen"].to_numpy(dtype=bool)
    in_train = np.zeros(len(pool), bool)
    if wanted is not None:
        accepted = np.flatnonzero(by_id["accepted"].to_numpy(dtype=bool))
        _check_enough(pool.labels[accepted], wanted, pool.schema, "gan")
        in_train[accepted[first_rows(pool.labels[accepted], wanted)]] = True
    scored = pool.provenance.assign(score=by_id["score"].to_numpy(dtype=float))
    described = _described(
        replace(pool, provenance=scored), "gan", in_train=in_train, in_balanced=in_balanced
    )
    rows = np.flatnonzero(in_train | in_balanced)
    return described.take(rows[np.argsort(pool.labels[rows], kind="stable")])


def _of_other(cheap: Samples | None, origin: str, wanted: np.ndarray) -> Samples:
    """Of one of the other sources the first so many rows of each class."""
    if cheap is None:
        raise ArtifactError(
            f"The recommended set has {origin} rows, and data/trial/cheap is missing. Run "
            "`equipoise run` to write it again."
        )
    own = cheap.take(np.flatnonzero(cheap.provenance["origin"] == origin))
    _check_enough(own.labels, wanted, own.schema, origin)
    taken = own.take(first_rows(own.labels, wanted))
    return _described(taken, origin, in_train=True, in_balanced=False)


def _check_enough(labels: np.ndarray, wanted: np.ndarray, schema: Schema, origin: str) -> None:
    found = np.bincount(labels, minlength=len(schema.classes))
    for name, n, m in zip(schema.classes, wanted, found, strict=True):
        if n > m:
            raise ArtifactError(
                f"The recommended set has {n} {origin} rows of class {name!r}, and only {m} are "
                "there. Run `equipoise run` to write the trial and its rows again."
            )


def _check_exact(chosen: Samples, requested: Mapping[str, int]) -> None:
    found = chosen.counts()
    wrong = [
        f"{name!r} has {found[name]} where {requested.get(name, 0)} were asked for"
        for name in chosen.schema.classes
        if found[name] != requested.get(name, 0)
    ]
    if wrong:
        raise ArtifactError(
            f"The curated synthetic rows are not balanced as asked: {'; '.join(wrong)}. "
            "Raise `balance.pool_factor` in params.yaml so that curation has more to choose from."
        )


def _described(
    samples: Samples, source: str, *, in_train: bool | np.ndarray, in_balanced: bool | np.ndarray
) -> Samples:
    """The same rows with their source and their configs beside what is known of them already."""
    frame = samples.provenance.assign(
        source=source,
        is_synthetic=source != "real",
        in_train=in_train,
        in_balanced=in_balanced,
        weight=np.where(in_train, TRAIN_WEIGHT, OTHER_WEIGHT),
    )
    return replace(samples, provenance=frame)


def _joined(parts: Sequence[Samples], columns: Mapping[str, Any]) -> Samples:
    typed = [
        replace(
            part,
            provenance=pd.DataFrame(
                {name: _column(part.provenance, name, kind) for name, kind in columns.items()}
            ),
        )
        for part in parts
    ]
    return concatenate(typed)


def _column(frame: pd.DataFrame, name: str, kind: Any) -> pd.Series:
    if name in frame:
        return frame[name].astype(kind)
    return pd.Series([None] * len(frame), dtype=kind)


def _further_columns(parts: Sequence[Samples]) -> dict[str, Any]:
    """Of rows of other sources, what more is known of them: column → type."""
    found = {
        str(name): "string" if _is_text(column) else column.dtype
        for part in parts
        for name, column in part.provenance.items()
        if name not in COLUMNS and name not in LEFT_OUT and column.notna().any()
    }
    return dict(sorted(found.items()))


def _is_text(column: pd.Series) -> bool:
    """Whether pandas holds a column as text, or as objects, which become text."""
    return column.dtype == object or isinstance(column.dtype, pd.StringDtype)
