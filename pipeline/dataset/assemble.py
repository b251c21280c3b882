"""Real rows, curated synthetic rows and cheap rows that won a place, with recommended weights."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.errors import ArtifactError
from pipeline.results import TrialResult
from pipeline.samples import Samples, concatenate

REAL_WEIGHT = 1.0
# The provenance columns of an assembled row, in order, with the type each keeps when it is empty.
COLUMNS = {
    "id": "string",
    "is_synthetic": "bool",
    "source": "string",
    "source_path": "string",
    "generator": "string",
    "draw": "Int64",
    "score": "Float64",
    "weight": "Float64",
}
# Kept as well where the source has groups, so that a version used as a source parts none of them.
GROUP = "group"


def assemble(
    real: Samples,
    pool: Samples,
    *,
    curation: pd.DataFrame,
    requested: Mapping[str, int],
    result: TrialResult,
    cheap: Samples | None = None,
) -> Samples:
    """One training set: all real rows, then the chosen synthetic rows, then the cheap rows.

    Args:
        real: The prepared training split.
        pool: Every synthetic row drawn; `curation` says which of them are part of the set.
        curation: One row a pool row: `id`, `chosen`, `accepted`, `score` (probability of the asked
            class). Rows that are chosen to make up the number without being accepted weigh 0: no
            arm of the trial was trained on such rows.
        requested: Class name → how many synthetic rows the set is to have, exactly.
        result: What the trial found; gives each source its weight, where 0 is a valid answer.
        cheap: Rows of the cheap sources with their `origin`; None where none won.

    Returns:
        Samples whose provenance has exactly the columns of `COLUMNS`, and `group` where the real
        rows have one. Inputs are left unchanged.

    Raises:
        ArtifactError: the curation does not speak of the pool, or a class would not get exactly
            the rows that were asked for.
    """
    chosen = _chosen(pool, curation)
    _check_exact(chosen, requested)
    sources: list[tuple[Samples, str | pd.Series]] = [(real, "real"), (chosen, "gan")]
    if cheap is not None and len(cheap):
        sources.append((cheap, cheap.provenance["origin"]))
    columns = COLUMNS | ({GROUP: "string"} if GROUP in real.provenance else {})
    joined = concatenate(
        [_described(part, source, result=result, columns=columns) for part, source in sources]
    )
    if joined.provenance["id"].duplicated().any():
        twice = joined.provenance["id"][joined.provenance["id"].duplicated()].iloc[0]
        raise ArtifactError(
            f"Two rows of the augmented set share the identifier {twice!r}; identifiers are to be "
            "unique. Run `equipoise run` to write the inputs again."
        )
    return joined


def rows_per_class(samples: Samples) -> dict[str, dict[str, int]]:
    """Class name → source of rows → number of rows, every class present, sources sorted."""
    sources = samples.provenance["source"].astype(str)
    found = Counter(zip(samples.labels.tolist(), sources, strict=True))
    return {
        name: {source: found[label, source] for source in sorted(set(sources))}
        for label, name in enumerate(samples.schema.classes)
    }


def generators(samples: Samples) -> list[str]:
    """The hash of every generator that a row came from, sorted."""
    return sorted(set(samples.provenance["generator"].dropna()))


def _chosen(pool: Samples, curation: pd.DataFrame) -> Samples:
    missing = set(pool.ids) ^ set(curation["id"])
    if missing:
        raise ArtifactError(
            f"The curation and the synthetic pool differ in {len(missing)} rows, for example "
            f"{min(missing)!r}. Run `equipoise run` to write both again."
        )
    by_id = curation.set_index("id").loc[pool.ids]
    rows = np.flatnonzero(by_id["chosen"].to_numpy(dtype=bool))
    rows = rows[np.argsort(pool.labels[rows], kind="stable")]
    taken = pool.take(rows)
    scores = by_id["score"].to_numpy(dtype=float)[rows]
    return Samples(
        schema=taken.schema,
        values=taken.values,
        labels=taken.labels,
        provenance=taken.provenance.assign(
            score=scores, accepted=by_id["accepted"].to_numpy(dtype=bool)[rows]
        ),
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
    samples: Samples,
    source: str | pd.Series,
    *,
    result: TrialResult,
    columns: Mapping[str, str],
) -> Samples:
    frame = samples.provenance.reindex(columns=[*columns])
    frame["source"] = source
    frame["is_synthetic"] = frame["source"] != "real"
    frame["weight"] = _weights(samples, frame["source"], result)
    return Samples(
        schema=samples.schema,
        values=samples.values,
        labels=samples.labels,
        provenance=frame.astype(dict(columns)),
    )


def _weights(samples: Samples, sources: pd.Series, result: TrialResult) -> np.ndarray:
    """The recommended weight of each row, float64 [n] in [0, 1]; a real row weighs 1.

    0 for a row that curation did not accept. Otherwise the trial's dose for the row's class and
    source under the primary classifier; where it gave none for that class, the source's mean
    weight; where it knows nothing of the source, 0.
    """
    dose = {
        (row.class_name, row.origin): row.weight
        for row in result.doses
        if row.classifier == result.primary_classifier
    }
    mean = {"real": REAL_WEIGHT, **result.recommended_weight}
    names = samples.schema.classes
    weights = np.array(
        [
            dose.get((names[label], source), mean.get(source, 0.0))
            for label, source in zip(samples.labels, sources, strict=True)
        ],
        dtype=float,
    )
    accepted = samples.provenance.get("accepted")
    return weights if accepted is None else weights * accepted.to_numpy(dtype=bool)
