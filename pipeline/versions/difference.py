"""Two releases beside each other, from what their commits and tags tell: no data are needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import VersionError
from pipeline.versions.details import Details, Score, read_details
from pipeline.versions.fetch import released_prefix
from pipeline.versions.git import Git
from pipeline.versions.listing import Release


@dataclass(frozen=True)
class ChangedParam:
    """A key of params.yaml with another value; None stands for a key that was not there."""

    key: str
    old: Any
    new: Any


@dataclass(frozen=True)
class ScorePair:
    """A score of one arm in both versions; None where a version did not measure it."""

    classifier: str
    arm: str
    metric: str
    old: Score | None
    new: Score | None


@dataclass(frozen=True)
class Difference:
    """What changed from one release to another.

    Attributes:
        facts: Heading → (old, new) in words: date, verdict, gain, promotion, seed, generator.
        generator_changed: Whether the synthetic rows come from another generator.
    """

    old: str
    new: str
    facts: dict[str, tuple[str, str]]
    generator_changed: bool
    params: list[ChangedParam]
    scores: list[ScorePair]
    classes_added: list[str]
    classes_removed: list[str]


def compare_releases(git: Git, old: Release, new: Release) -> Difference:
    """Compare what two releases say of themselves.

    Raises:
        VersionError: one of them was not made by this product.
    """
    if old.record is None or new.record is None:
        strange = old if old.record is None else new
        raise VersionError(
            f"The tag {strange.tag} was not made by this product, so it cannot be compared."
        )
    details = [_details(git, release) for release in (old, new)]
    classes = [list(release.record.rows) for release in (old, new) if release.record]
    return Difference(
        old=str(old.version),
        new=str(new.version),
        facts=_facts(old, new),
        generator_changed=old.record.generators != new.record.generators,
        params=changed_params(details[0].params, details[1].params),
        scores=_pair_scores(*details),
        classes_added=[name for name in classes[1] if name not in classes[0]],
        classes_removed=[name for name in classes[0] if name not in classes[1]],
    )


def changed_params(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[ChangedParam]:
    """Every key, dotted, whose value differs, in alphabetical order."""
    flat = [_flat(params) for params in (old, new)]
    return [
        ChangedParam(key, flat[0].get(key), flat[1].get(key))
        for key in sorted({*flat[0], *flat[1]})
        if flat[0].get(key) != flat[1].get(key)
    ]


def _details(git: Git, release: Release) -> Details:
    return read_details(git, release.commit, released_prefix(git, release))


def _facts(old: Release, new: Release) -> dict[str, tuple[str, str]]:
    def row(release: Release) -> dict[str, str]:
        record = release.record
        assert record is not None
        promoted = "no" if release.promotion is None else f"yes, #{release.promotion}"
        return {
            "date": release.date[:10],
            "verdict": record.gain.word,
            "verdict on GAN rows": record.gan_verdict,
            "gain": record.gain.words(),
            "promoted": promoted,
            "seed": str(record.seed),
            "generator": ", ".join(name[:12] for name in record.generators) or "none",
        }

    rows = [row(release) for release in (old, new)]
    return {heading: (value, rows[1][heading]) for heading, value in rows[0].items()}


def _pair_scores(old: Details, new: Details) -> list[ScorePair]:
    flat = [
        {
            (classifier, arm, metric): score
            for classifier, arms in details.scores.items()
            for arm, metrics in arms.items()
            for metric, score in metrics.items()
        }
        for details in (old, new)
    ]
    return [
        ScorePair(*key, flat[0].get(key), flat[1].get(key)) for key in sorted({*flat[0], *flat[1]})
    ]


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, Mapping) and value:
            found.update(_flat(value, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = value
    return found
