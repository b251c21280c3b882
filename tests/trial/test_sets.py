import numpy as np
import pytest

from pipeline.params import TrialParams
from pipeline.trial.sets import CHEAP, NOTHING, best_of, candidates, single_sources

PRESETS = [TrialParams(preset="light"), TrialParams(preset="full")]


@pytest.mark.parametrize("params", PRESETS, ids=lambda params: params.preset)
def test_sets_with_gan_rows_are_looked_for_as_long_as_sets_without(params):
    without = [one for one in candidates(params, with_gan=False) if one != NOTHING]
    with_gan = candidates(params, with_gan=True)
    assert len(set(without)) == len(set(with_gan)) == len(with_gan)
    assert not any("gan" in one.origins for one in without)
    assert all("gan" in one.origins for one in with_gan)


@pytest.mark.parametrize("params", PRESETS, ids=lambda params: params.preset)
def test_nothing_added_is_a_set_to_choose(params):
    assert NOTHING in candidates(params, with_gan=False)


@pytest.mark.parametrize("params", PRESETS, ids=lambda params: params.preset)
def test_every_source_of_a_set_is_made(params):
    used = {
        origin
        for flag in (True, False)
        for s in candidates(params, with_gan=flag)
        for origin in s.origins
    }
    assert used <= {*CHEAP[params.preset], "gan"}


def test_single_sources_are_told_for_each_source_and_rival_generator():
    alone = single_sources(TrialParams(preset="full"), ("cvae",))
    assert {one.origins for one in alone} == {(o,) for o in (*CHEAP["full"], "gan", "cvae")}


def test_the_best_set_has_the_smallest_class_balanced_loss_of_those_that_were_tried():
    first, second, third = candidates(PRESETS[0], with_gan=True)[:3]
    labels = np.array([0, 0, 0, 1])
    # The plain mean of the first is smaller; of the rare class it loses more.
    losses = {first: np.array([0.0, 0.0, 0.0, 1.0]), second: np.array([0.4, 0.4, 0.4, 0.4])}
    assert best_of([first, second, third], losses, labels) == [second, first]
