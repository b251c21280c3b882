import pytest

from pipeline.errors import ParamsError
from pipeline.stages.train import refuse_large_batch


def test_a_batch_larger_than_the_dataset_is_refused():
    with pytest.raises(ParamsError, match=r"`gan.batch_samples` is 64, .* has 30 samples"):
        refuse_large_batch(64, 30)


def test_a_batch_as_large_as_the_dataset_is_fine():
    refuse_large_batch(30, 30)
