from functools import partial

import numpy as np
import pytest

from pipeline.gan.presets import recipe_for
from pipeline.gan.training import RARE_BELOW_SAMPLES
from pipeline.modalities.image import copies
from pipeline.modalities.image.copies import augmented_copies, deformed_copies
from pipeline.params import GanParams
from tests.trial.stand_ins import digits

REAL = digits([40, 40, 8])
PARENTS = np.array([80, 80, 83])
KINDS = [
    pytest.param(partial(augmented_copies, strength=1.0), "classical", id="augmented"),
    pytest.param(deformed_copies, "deformed", id="deformed"),
]


@pytest.mark.parametrize(("make", "origin"), KINDS)
def test_a_copy_keeps_its_label_and_names_its_parent(make, origin):
    made = make(REAL, PARENTS, seed=4)
    assert list(made.labels) == list(REAL.labels[PARENTS])
    first, second = REAL.ids[80], REAL.ids[83]
    assert list(made.ids) == [f"{origin}-{first}-0", f"{origin}-{first}-1", f"{origin}-{second}-0"]
    assert set(made.provenance["origin"]) == {origin}


@pytest.mark.parametrize(("make", "origin"), KINDS)
def test_no_copy_is_its_parent_or_another_copy(make, origin):
    del origin
    made = make(REAL, PARENTS, seed=4)
    assert (made.values != REAL.values[PARENTS]).any(axis=(1, 2, 3)).all()
    assert (made.values[0] != made.values[1]).any()


@pytest.mark.parametrize(("make", "origin"), KINDS)
def test_the_same_seed_gives_the_same_copies(make, origin):
    del origin
    first, again, other = (make(REAL, PARENTS, seed=seed).values for seed in (4, 4, 5))
    assert (first == again).all()
    assert (first != other).any()


def test_deformed_copies_stay_nearer_to_their_own_class_than_to_others():
    made = deformed_copies(REAL, np.repeat(np.arange(80, 88), 5), seed=4).values
    distances = np.linalg.norm(
        made.reshape(len(made), 1, -1).astype(float) - REAL.values.reshape(1, len(REAL), -1), axis=2
    )
    nearest = REAL.labels[distances.argmin(axis=1)]
    assert (nearest == 2).mean() > 0.9


def test_a_class_of_one_sample_gets_deformed_copies_too():
    lonely = digits([20, 20, 1])
    made = deformed_copies(lonely, np.array([40, 40]), seed=4)
    assert (made.values != lonely.values[40]).any(axis=(1, 2, 3)).all()


def test_deformed_copies_are_what_the_generator_learns_rare_classes_from():
    small, large = (
        recipe_for(GanParams(), networks=networks) for networks in ("mlp", "convolutional")
    )
    assert small.enrich_strength == copies.SMALL_CHANGE_BLENDED
    assert large.enrich_strength == copies.SMALL_CHANGE
    assert copies.TOWARDS == small.enrich_towards == large.enrich_towards
    assert large.enrich_lending == copies.LENDING
    assert copies.LEAST_TO_LEND == RARE_BELOW_SAMPLES
