import hashlib
import pickle

import numpy as np
import pytest
import torch

from pipeline.errors import ParamsError
from pipeline.fidelity.inception import expected_shapes, load_inception
from pipeline.fidelity.networks import judge_by_networks
from pipeline.modalities.image.columns import Pixels
from tests.trial.stand_ins import digits

IMAGES = digits([1, 1]).values


def random_weights():
    stream = torch.Generator().manual_seed(0)
    weights = {}
    for name, shape in expected_shapes():
        drawn = torch.randn(shape, generator=stream)
        if name.endswith("conv.weight"):
            weights[name] = drawn * (2 / np.prod(shape[1:])) ** 0.5
        else:
            weights[name] = 1 + 0.1 * drawn.abs()
    return weights


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save(random_weights(), path)
    return path


def test_features_are_2048_finite_numbers_and_differ_from_picture_to_picture(file):
    network, digest = load_inception(file)
    features = network(IMAGES)
    assert features.shape == (2, 2048)
    assert np.isfinite(features).all()
    assert not np.allclose(features[0], features[1])
    assert digest == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_grey_picture_has_the_features_of_the_same_picture_in_three_channels(file):
    network, _ = load_inception(file)
    # The same numbers in the same layout, so that no processor adds them up in another order.
    assert (network(IMAGES[:1]) == network(np.repeat(IMAGES[:1], 3, axis=3))).all()


def test_the_tensors_are_those_of_the_published_network():
    """Names and number of values as in torch-fidelity's file, without its last layer."""
    shapes = dict(expected_shapes())
    assert shapes["Conv2d_1a_3x3.conv.weight"] == (32, 3, 3, 3)
    assert shapes["Mixed_6e.branch7x7dbl_3.conv.weight"] == (192, 192, 1, 7)
    assert shapes["Mixed_7c.branch_pool.bn.running_var"] == (192,)
    learnt = (shape for name, shape in shapes.items() if "running" not in name)
    assert sum(int(np.prod(shape)) for shape in learnt) == 21_785_568


def test_with_a_weights_file_fid_and_kid_name_it_and_the_rest_keeps_the_domain_network(file):
    unseen, pool = digits([4]), digits([2], skip=10)
    pixels = tuple(Pixels().columns(part) for part in (unseen, pool))
    rows = judge_by_networks(unseen, pool, pixels, inception=str(file), seed=0)
    of_metric = {row.metric: row for row in rows if row.class_name is None}
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest[:12] in of_metric["kid"].features
    assert of_metric["kid"].value is not None
    assert "2049" in of_metric["fid"].note
    assert "domain network" in of_metric["coverage"].features
    assert "domain network" in of_metric["diversity"].features
    plain = judge_by_networks(unseen, pool, pixels, inception=None, seed=0)
    assert [row.metric for row in plain if "domain network" not in row.features] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        (b"no weights at all", "is no file of weights"),
        (pickle.dumps(print, protocol=2), "is no file of weights"),
        ({"fc.weight": torch.zeros(3)}, "'Conv2d_1a_3x3.conv.weight' is missing"),
    ],
    ids=["missing", "other bytes", "a pickled function", "another network"],
)
def test_what_is_no_inception_network_is_refused_with_the_way_out(tmp_path, content, told):
    path = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(ParamsError, match=told) as refusal:
        load_inception(path)
    assert "`trial.inception_weights`" in str(refusal.value)
