import copy
import dataclasses

import numpy as np
import pytest
from sklearn.svm import SVC

from pipeline import synthesis
from pipeline.errors import ArtifactError, ParamsError
from pipeline.storage import to_arrow

from .conftest import digits_of


def pixels(samples):
    return samples.values.reshape(len(samples), -1) / 255.0


def test_every_class_gets_exactly_the_count_asked_for(barely_trained):
    drawn = synthesis.draw(barely_trained, {"0": 3, "6": 300})
    assert drawn.counts() == {"0": 3, "3": 0, "6": 300}


def test_asking_for_more_of_one_class_never_changes_another(barely_trained):
    few = synthesis.draw(barely_trained, {"0": 7, "3": 5})
    many = synthesis.draw(barely_trained, {"0": 700, "3": 5, "6": 1})
    assert (many.values[many.labels == 0][:7] == few.values[few.labels == 0]).all()
    assert (many.values[many.labels == 1] == few.values[few.labels == 1]).all()
    assert many.provenance["id"][many.labels == 1].tolist() == (
        few.provenance["id"][few.labels == 1].tolist()
    )


def test_several_threads_draw_the_bytes_that_one_draws(barely_trained):
    one, many = (
        list(synthesis.draw_blocks(barely_trained, {"0": 600, "3": 300}, threads=threads))
        for threads in (1, 3)
    )
    assert [part.values.tobytes() for part in one] == [part.values.tobytes() for part in many]
    assert [list(part.ids) for part in one] == [list(part.ids) for part in many]


def test_every_draw_has_an_address_of_its_own(barely_trained):
    drawn = synthesis.draw(barely_trained, {"0": 300, "3": 300})
    assert drawn.provenance["id"].is_unique
    assert drawn.provenance["draw"][drawn.labels == 1].tolist() == list(range(300))
    assert set(drawn.provenance["generator"]) == {barely_trained.hash}
    assert drawn.ids[0] == f"{barely_trained.hash[:12]}-0-0"


def test_draws_of_one_class_differ_from_one_another(barely_trained):
    drawn = synthesis.draw(barely_trained, {"3": 600})
    assert len(np.unique(pixels(drawn), axis=0)) == 600


def test_nothing_asked_for_gives_no_samples_of_the_right_shape(barely_trained):
    assert synthesis.draw(barely_trained, {}).values.shape == (0, 8, 8, 1)


def test_asking_for_class_k_yields_class_k(well_trained):
    held_out = digits_of({0: 100, 3: 100, 6: 100}, skip=60)
    judge = SVC().fit(pixels(held_out), held_out.labels)
    drawn = synthesis.draw(well_trained, {"0": 100, "3": 100, "6": 100})
    agreement = judge.predict(pixels(drawn)) == drawn.labels
    assert min(agreement[drawn.labels == label].mean() for label in range(3)) > 0.9


def test_no_class_collapses_to_one_picture(well_trained, few_digits):
    drawn = synthesis.draw(well_trained, {"0": 40, "3": 40, "6": 40})
    for label in range(3):
        spread = pixels(drawn)[drawn.labels == label].std(axis=0).mean()
        real = pixels(few_digits)[few_digits.labels == label].std(axis=0).mean()
        assert spread > 0.5 * real


def test_a_generator_in_training_mode_is_refused(barely_trained):
    module = copy.deepcopy(barely_trained.generator).train()
    with pytest.raises(ArtifactError, match="training mode"):
        synthesis.draw(dataclasses.replace(barely_trained, generator=module), {"0": 1})


def test_one_layer_in_training_mode_is_enough_to_be_refused(barely_trained):
    module = copy.deepcopy(barely_trained.generator)
    module.last.train()
    with pytest.raises(ArtifactError, match="training mode"):
        synthesis.draw(dataclasses.replace(barely_trained, generator=module), {"0": 1})


def test_unknown_classes_and_negative_counts_are_refused_together(barely_trained):
    with pytest.raises(ParamsError) as caught:
        synthesis.draw(barely_trained, {"7": 3, "3": -2})
    assert len(caught.value.problems) == 2


def test_no_samples_have_the_columns_and_types_of_some(barely_trained):
    nothing, something = (
        to_arrow(synthesis.draw(barely_trained, counts)).schema for counts in ({}, {"3": 2})
    )
    assert nothing.equals(something)
