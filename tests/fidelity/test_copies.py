import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.errors import MetricError
from pipeline.fidelity.copies import search_copies
from pipeline.fidelity.membership import _area, membership_attack
from pipeline.fidelity.safety import judge_safety
from pipeline.modalities.image.columns import mirrored, shifted
from pipeline.samples import Samples, concatenate
from tests.trial.stand_ins import digits, renamed

TRAINING = digits([40] * 10)
HOLDOUT = digits([40] * 10, skip=40)
HONEST = renamed(digits([60] * 10, skip=80), "honest")


def planted(values):
    """One picture among the honest ones, at the end."""
    one = Samples(HONEST.schema, values[None], HONEST.labels[:1], HONEST.provenance[:1])
    return concatenate([HONEST, renamed(one, "planted")])


def test_an_exact_copy_is_found_and_named():
    for row in (0, 123, 399):
        found = search_copies(planted(TRAINING.values[row]), TRAINING, HOLDOUT)
        assert found.exact[-1]
        assert found.suspected[-1]
        assert found.nearest_id[-1] == TRAINING.ids[row]
        assert found.exact.sum() == 1


def test_most_noisy_copies_are_found():
    stream = np.random.default_rng(5)
    rows = stream.integers(0, len(TRAINING), 50)
    noisy = TRAINING.values[rows] + stream.normal(0, 0.05 * 255, TRAINING.values[rows].shape)
    pixels = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    pool = renamed(
        Samples(TRAINING.schema, pixels, TRAINING.labels[rows], TRAINING.take(rows).provenance),
        "noisy",
    )
    assert search_copies(pool, TRAINING, HOLDOUT).suspected.mean() >= 0.9


def test_a_shifted_and_a_mirrored_copy_are_found():
    shape = TRAINING.schema.image_shape
    pixels = TRAINING.values[[7]].reshape(1, -1)
    for moved in (shifted(pixels, shape=shape, down=1, right=-1), mirrored(pixels, shape=shape)):
        changed = moved.reshape(shape)
        found = search_copies(planted(changed), TRAINING, HOLDOUT)
        assert found.moved[-1]
        assert not found.exact[-1]
        assert found.nearest_id[-1] == TRAINING.ids[7]


def test_honest_samples_are_rarely_flagged():
    found = search_copies(HONEST, TRAINING, HOLDOUT)
    assert found.suspected.mean() <= 0.02
    assert found.false_alarm_rate <= 0.02


def test_too_small_a_holdout_is_refused():
    with pytest.raises(MetricError, match="10 holdout samples cannot calibrate"):
        search_copies(HONEST, TRAINING, HOLDOUT.take(slice(0, 10)))


def flat(samples):
    return samples.values.reshape(len(samples), -1) / 255.0


def attack(synthetic):
    return membership_attack(
        flat(TRAINING),
        TRAINING.labels,
        flat(HOLDOUT),
        HOLDOUT.labels,
        flat(synthetic),
        synthetic.labels,
        seed=2,
    )


def test_the_attacker_guesses_where_nothing_was_memorised():
    area, interval = attack(HONEST)
    assert interval.low < 0.5 < interval.high
    assert abs(area - 0.5) < 0.06


def test_the_attacker_finds_members_of_which_copies_were_made():
    area, interval = attack(TRAINING)
    assert area == 1.0
    assert interval.low > 0.9


def features_of_a_network_that_learnt_its_training_samples_by_heart(*sets):
    """Each training sample in the very middle of its class, where all else is near it too."""
    middle = np.eye(10)
    stream = np.random.default_rng(3)
    drawn, seen, unseen = (middle[part.labels] for part in sets)
    return tuple(
        part + stream.normal(0, spread, part.shape)
        for part, spread in ((drawn, 0.2), (seen, 0.0), (unseen, 0.2))
    )


def test_a_network_that_was_fitted_on_the_members_does_not_give_them_away():
    sets = (HONEST, TRAINING, HOLDOUT)
    features = features_of_a_network_that_learnt_its_training_samples_by_heart(*sets)
    drawn, seen, unseen = features
    area, _ = membership_attack(
        seen, TRAINING.labels, unseen, HOLDOUT.labels, drawn, HONEST.labels, seed=2
    )
    assert area > 0.9
    found = judge_safety(*sets, features=features, seed=2)
    assert found.membership_interval.low < 0.5 < found.membership_interval.high


def test_where_too_few_are_held_out_for_the_search_the_attack_is_still_made():
    few = HOLDOUT.take(slice(0, 15))
    sets = (TRAINING, TRAINING, few)
    found = judge_safety(*sets, features=tuple(flat(part) for part in sets), seed=2)
    assert found.tested == 0
    assert found.membership_auc == 1.0
    assert "cannot calibrate" in found.wording


def test_the_area_counted_by_pairs_is_the_area_under_the_curve():
    stream = np.random.default_rng(4)
    inside, outside = stream.integers(0, 9, 40), stream.integers(2, 12, 30)
    truth = np.repeat([1, 0], [len(inside), len(outside)])
    expected = roc_auc_score(truth, np.concatenate([inside, outside]))
    assert _area(inside, outside) == pytest.approx(expected, rel=1e-12)
