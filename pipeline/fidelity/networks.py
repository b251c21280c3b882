"""Which features each fidelity number is taken with: the domain network's, or Inception's."""

from functools import partial
from pathlib import Path

import numpy as np

from pipeline.fidelity.columns import FEATURES, judge_columns
from pipeline.fidelity.detection import judge_detection
from pipeline.fidelity.inception import load_inception
from pipeline.fidelity.judge import METRICS, judge
from pipeline.modalities.registry import modality_of
from pipeline.results import ColumnsResult, FidelityRow
from pipeline.samples import Samples, Schema

# The numbers that are published in Inception's terms.
INCEPTION_METRICS = ("fid", "kid")


def judge_by_networks(
    unseen: Samples,
    pool: Samples,
    domain: tuple[np.ndarray, np.ndarray],
    *,
    inception: str | None,
    seed: int,
) -> tuple[FidelityRow, ...]:
    """Every number that is taken with features, overall and per class, each naming its features.

    Args:
        unseen: Real samples that neither generator nor network saw.
        pool: Generated samples.
        domain: The domain network's features of both, float64 [n, d].
        inception: File of Inception weights, with which FID and KID are then taken.
    """
    judged = partial(
        judge,
        real_labels=unseen.labels,
        fake_labels=pool.labels,
        classes=unseen.schema.classes,
        seed=seed,
    )
    features = domain_features(unseen.schema, domain[0].shape[1])
    if inception is None:
        return judged(domain[0], fake=domain[1], features=features)
    network, digest = load_inception(Path(inception))
    published = judged(
        network(unseen.values),
        fake=network(pool.values),
        features=f"Inception (2,048 features; weights of SHA-256 {digest[:12]}…)",
        metrics=INCEPTION_METRICS,
    )
    others = tuple(name for name in METRICS if name not in INCEPTION_METRICS)
    return published + judged(domain[0], fake=domain[1], features=features, metrics=others)


def judge_by_columns(
    unseen: Samples,
    pool: Samples,
    train: Samples,
    domain: tuple[np.ndarray, np.ndarray],
    *,
    seed: int,
) -> tuple[tuple[FidelityRow, ...], ColumnsResult]:
    """Whether a classifier tells the pool from real samples; and the columns, where there are some.

    The classifier sees the columns themselves, and where there are none, as of images, the domain
    network's features.

    Args:
        unseen, pool, domain: As for `judge_by_networks`.
        train: Real samples that both saw. Their columns are as real as any, so that the floor lies
            between them and unseen ones; their features are not, since the network was fitted on
            them.
    """
    codes = modality_of(unseen.schema).codes((unseen, pool, train))
    classes = unseen.schema.classes
    if codes is None:
        features = f"{domain_features(unseen.schema, domain[0].shape[1])}, gradient boosting"
        rows = judge_detection(
            domain[0],
            unseen.labels,
            domain[1],
            pool.labels,
            categorical=None,
            classes=classes,
            features=features,
            seed=seed,
        )
        return rows, ColumnsResult()
    real, fake, other = codes.parts
    rows = judge_detection(
        real,
        unseen.labels,
        fake,
        pool.labels,
        categorical=~codes.is_number,
        classes=classes,
        features=f"{FEATURES}, gradient boosting",
        seed=seed,
        others=(other, train.labels),
    )
    labels = (unseen.labels, pool.labels, train.labels)
    of_columns, columns = judge_columns(codes, labels, classes=classes, seed=seed)
    return rows + of_columns, columns


def domain_features(schema: Schema, dimensions: int) -> str:
    """What the domain network's features are called."""
    name = modality_of(schema).network_name
    return f"domain network ({name} trained on the training split, {dimensions} features)"
