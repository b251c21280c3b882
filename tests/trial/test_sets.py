import numpy as np
import pytest

from pipeline.modalities.registry import MODALITIES
from pipeline.params import TrialParams
from pipeline.trial.consumers import choose_sets, set_of, shortlist
from pipeline.trial.sets import NOTHING, best_of, candidates, single_sources

PRESETS = [TrialParams(preset="light"), TrialParams(preset="full")]
IMAGES = MODALITIES["image"]
EVERY = pytest.mark.parametrize(
    ("params", "modality"),
    [
        pytest.param(params, modality, id=f"{name}, {params.preset}")
        for name, modality in MODALITIES.items()
        for params in PRESETS
    ],
)


@EVERY
def test_sets_with_gan_rows_are_looked_for_as_long_as_sets_without(params, modality):
    without = [one for one in candidates(params, modality, with_gan=False) if one != NOTHING]
    with_gan = candidates(params, modality, with_gan=True)
    assert len(set(without)) == len(set(with_gan)) == len(with_gan)
    assert not any("gan" in one.origins for one in without)
    assert all("gan" in one.origins for one in with_gan)


@EVERY
def test_nothing_added_is_a_set_to_choose(params, modality):
    assert NOTHING in candidates(params, modality, with_gan=False)


@EVERY
def test_every_source_of_a_set_is_made(params, modality):
    used = {
        origin
        for flag in (True, False)
        for s in candidates(params, modality, with_gan=flag)
        for origin in s.origins
    }
    assert used <= {*modality.cheap[params.preset], "gan"}


def test_single_sources_are_told_for_each_source_and_rival_generator():
    alone = single_sources(TrialParams(preset="full"), IMAGES, ("cvae",))
    assert {one.origins for one in alone} == {(o,) for o in (*IMAGES.cheap["full"], "gan", "cvae")}


def test_the_best_set_has_the_smallest_class_balanced_loss_of_those_that_were_tried():
    first, second, third = candidates(PRESETS[0], IMAGES, with_gan=True)[:3]
    labels = np.array([0, 0, 0, 1])
    # The plain mean of the first is smaller; of the rare class it loses more.
    losses = {first: np.array([0.0, 0.0, 0.0, 1.0]), second: np.array([0.4, 0.4, 0.4, 0.4])}
    assert best_of([first, second, third], losses, labels) == [second, first]


def tried(sets, losses):
    """What two consumers found of these sets, one of which likes the reverse of the other's."""
    return [
        {"fill": one.fill, "origins": list(one.origins), "losses": [loss, loss]}
        for one, loss in zip(sets, losses, strict=True)
    ]


SEARCHES = {
    name: candidates(PRESETS[0], IMAGES, with_gan=flag)
    for name, flag in (("a", False), ("b", True))
}


def test_slow_consumers_try_the_best_sets_of_each_search_only():
    sets = [one for search in SEARCHES.values() for one in search]
    found = tried(sets, np.arange(len(sets), 0, -1.0))
    listed = shortlist(labels=np.array([0, 1]), searches=SEARCHES, tried=[found], most=2)
    best = [*SEARCHES["a"][::-1][:2], *SEARCHES["b"][::-1][:2]]
    assert [set_of(one) for one in listed] == best


def test_the_set_is_chosen_by_the_mean_over_all_consumers_that_tried_it():
    sets = SEARCHES["a"][:3]
    first, second = tried(sets, [0.0, 0.4, 0.9]), tried(sets[1:], [0.4, 0.1])
    chosen = choose_sets(
        labels=np.array([0, 1]), searches={"a": SEARCHES["a"]}, tried=[first, second]
    )
    # The first set does best where it was tried, but not every consumer tried it.
    assert set_of(chosen["a"]) == sets[1]
