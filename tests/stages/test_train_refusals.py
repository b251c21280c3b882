import pytest

from pipeline.errors import ParamsError
from pipeline.params import GanParams
from pipeline.stages.train import refuse_large_batch
from pipeline.synthesis import plan_of
from tests.trial.stand_ins import digits


def test_a_batch_larger_than_the_dataset_is_refused():
    with pytest.raises(ParamsError, match=r"`gan.batch_samples` is 64, .* has 30 samples"):
        refuse_large_batch(64, 30)


def test_a_batch_as_large_as_the_dataset_is_fine():
    refuse_large_batch(30, 30)


def test_a_dataset_smaller_than_the_presets_batch_is_trained_in_batches_of_its_size():
    refuse_large_batch(None, 30)
    small, large = (plan_of(digits([n, n]), GanParams())[0] for n in (15, 60))
    assert (small.batch_samples, large.batch_samples) == (30, 64)
