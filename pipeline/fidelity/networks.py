"""Which features each fidelity number is taken with: the domain network's, or Inception's."""

from functools import partial
from pathlib import Path

import numpy as np

from pipeline.fidelity.inception import load_inception
from pipeline.fidelity.judge import METRICS, judge
from pipeline.results import FidelityRow
from pipeline.samples import Samples

DOMAIN = "domain network (a small CNN trained on the training split, 64 features)"
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
    """Every fidelity number, overall and per class, each naming its features.

    Args:
        unseen: Real images that neither generator nor network saw.
        pool: Generated images.
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
    if inception is None:
        return judged(domain[0], fake=domain[1], features=DOMAIN)
    network, digest = load_inception(Path(inception))
    published = judged(
        network(unseen.values),
        fake=network(pool.values),
        features=f"Inception (2,048 features; weights of SHA-256 {digest[:12]}…)",
        metrics=INCEPTION_METRICS,
    )
    others = tuple(name for name in METRICS if name not in INCEPTION_METRICS)
    return published + judged(domain[0], fake=domain[1], features=DOMAIN, metrics=others)
