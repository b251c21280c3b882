import numpy as np
import pytest

from pipeline.fidelity.judge import judge
from pipeline.fidelity.transfer import train_on_synthetic
from tests.trial.stand_ins import digits, renamed

CLASSES = ("a", "b")
LABELS = np.repeat([0, 1], 60)
STREAM = np.random.default_rng(4)


def draw(spread=1.0):
    return STREAM.normal(0, spread, (120, 4)) + 3 * LABELS[:, None]


REAL = draw()


def rows_of(fake, labels=LABELS):
    rows = judge(REAL, LABELS, fake, labels, classes=CLASSES, features="plain numbers", seed=1)
    return {(row.metric, row.class_name): row for row in rows}


def test_samples_of_the_same_distribution_come_as_near_as_reals_do():
    for metric in ("precision", "recall", "coverage", "diversity"):
        row = rows_of(draw())[metric, None]
        assert row.value == pytest.approx(row.floor, rel=0.15)


def test_a_collapsed_generator_keeps_precision_and_loses_recall_and_diversity():
    centre = np.zeros((120, 4)) + 3 * LABELS[:, None]
    rows = rows_of(centre + STREAM.normal(0, 0.01, centre.shape))
    assert rows["precision", None].value > 0.95
    assert rows["recall", None].value < 0.1
    assert rows["diversity", "a"].value < 0.1 * rows["diversity", "a"].floor


def test_every_number_says_its_n_and_its_features():
    rows = rows_of(draw())
    assert {row.features for row in rows.values()} == {"plain numbers"}
    assert rows["kid", None].n_samples == 60
    assert rows["kid", "b"].n_samples == 30


def test_a_pool_of_one_class_is_compared_with_that_class_alone():
    fake = draw()
    rows = rows_of(fake[60:], LABELS[60:])
    assert ("kid", "a") not in rows
    assert rows["kid", None].n_samples == rows["kid", "b"].n_samples == 30
    # Were class "a" among the reals, half of them would be out of the fakes' reach.
    assert rows["coverage", None].value > 0.8


def test_of_no_samples_nothing_is_told():
    features = np.zeros((4, 2))
    none = np.zeros(0, np.int64)
    told = {"classes": ("a", "b"), "features": "columns", "seed": 1}
    assert judge(features, np.array([0, 0, 1, 1]), features[:0], none, **told) == ()


def test_what_the_samples_cannot_give_is_said_and_not_made_up():
    few = np.concatenate([np.arange(3), np.arange(60, 63)])
    row = rows_of(draw()[few], LABELS[few])["coverage", "a"]
    assert row.value is None
    assert "3 samples" in row.note


def nearest_mean(training, queries):
    """The simplest classifier that can tell digits."""
    columns = [part.values.reshape(len(part), -1).astype(float) for part in (training, queries)]
    labels = np.unique(training.labels)
    means = [columns[0][training.labels == label].mean(axis=0) for label in labels]
    nearest = labels[np.argmin([((columns[1] - m) ** 2).sum(axis=1) for m in means], axis=0)]
    return np.eye(len(training.schema.classes))[nearest]


def transfer(synthetic):
    real, test = digits([20] * 4), digits([30] * 4, skip=60)
    rows = train_on_synthetic(
        synthetic, real, test, predict=nearest_mean, name="nearest mean", seed=1
    )
    return {row.class_name: row for row in rows if row.metric == "tstr"}


def test_unseen_real_samples_teach_as_much_as_real_ones():
    row = transfer(renamed(digits([20] * 4, skip=100), "unseen"))[None]
    assert row.value == pytest.approx(row.floor, abs=0.05)
    assert row.n_samples == 80


def test_samples_under_exchanged_labels_teach_nothing():
    pool = renamed(digits([20] * 4, skip=100), "wrong")
    pool = type(pool)(pool.schema, pool.values, (pool.labels + 1) % 4, pool.provenance)
    assert transfer(pool)[None].value < 0.1


def test_a_pool_of_one_class_is_taught_beside_real_samples_of_the_others():
    pool = renamed(digits([20], skip=100), "unseen")
    pool = type(pool)(digits([1] * 4).schema, pool.values, pool.labels, pool.provenance)
    found = transfer(pool)
    assert set(found) == {None, "0"}
    assert found["0"].n_samples == 20
    assert found["0"].value == pytest.approx(found["0"].floor, abs=0.1)
    assert found[None].value > 0.8
