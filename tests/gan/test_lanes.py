import os
import time

import pytest
import torch
from torch import nn

from pipeline import synthesis
from pipeline.gan.lanes import Lanes
from pipeline.params import GanParams
from pipeline.scale.fabric import use_threads

from .conftest import digits_of

ROWS = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))


class Slow(nn.Linear):
    """The lane of the first row takes longest."""

    def forward(self, rows):
        if bool((rows[0] == ROWS[0]).all()):
            time.sleep(0.05)
        return super().forward(rows).tanh()


def network():
    torch.manual_seed(1)
    return nn.Sequential(Slow(3, 5), nn.Linear(5, 2))


def gradients(call, parameters, rows):
    found = call(rows)
    loss = (found * torch.arange(1.0, 1 + found.numel()).view_as(found)).sum()
    return [found, *torch.autograd.grad(loss, [rows, *parameters])]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_lanes_find_what_one_thread_finds(count):
    module, rows = network(), ROWS.clone().requires_grad_(True)
    alone = gradients(module, module.parameters(), rows)
    shared = gradients(
        lambda given: Lanes(count).rows(module, module, given), module.parameters(), rows
    )
    for one, other in zip(alone, shared, strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_same_lanes_give_the_same_bytes_whichever_is_done_first():
    module, lanes = network(), Lanes(3)
    first, again = (
        gradients(lambda given: lanes.rows(module, module, given), module.parameters(), rows)
        for rows in (ROWS.clone().requires_grad_(True) for _ in range(2))
    )
    assert all((one == other).all() for one, other in zip(first, again, strict=True))


def test_frozen_parameters_get_no_gradient_and_inputs_still_do():
    module, rows = network(), ROWS.clone().requires_grad_(True)
    module.requires_grad_(False)
    Lanes(2).rows(module, module, rows).sum().backward()
    assert rows.grad is not None
    assert [parameter.grad for parameter in module.parameters()] == [None] * 4


def test_autocast_holds_in_every_lane():
    module = network()
    with torch.autocast("cpu", torch.bfloat16):
        assert Lanes(2).rows(module, module, ROWS).dtype == torch.bfloat16
    assert Lanes(2).rows(module, module, ROWS).dtype == torch.float32


def test_without_gradients_nothing_is_kept_for_them():
    module = network()
    with torch.no_grad():
        assert not Lanes(2).rows(module, module, ROWS).requires_grad


def test_an_error_in_a_lane_reaches_the_caller():
    with pytest.raises(RuntimeError, match="shape"):
        Lanes(2).rows(nn.Linear(4, 1), nn.Linear(4, 1), ROWS)


@pytest.fixture(scope="module")
def pictures():
    """Digits at 16×16, where networks are convolutions."""
    samples = digits_of({0: 16, 6: 8})
    schema = samples.schema.model_copy(update={"image_shape": (16, 16, 1)})
    values = samples.values.repeat(2, axis=1).repeat(2, axis=2)
    return type(samples)(schema, values, samples.labels, samples.provenance)


def trained(pictures, threads, **change):
    params = GanParams(
        **{"steps": 3, "batch_samples": 9, "width": 4, "watch_every_steps": 0, "precision": "fp32"}
        | change
    )
    return synthesis.train_generator(pictures, params, seed=2, threads=threads)


@pytest.mark.parametrize("game", ["nonsaturating", "relativistic"])
def test_a_training_in_lanes_takes_the_steps_of_one_thread_up_to_rounding(pictures, game):
    """With and without a penalty, which no lane can take: steps 0 and 2 have one."""
    alone, shared = (
        trained(pictures, threads, game=game, penalty_every_steps=2) for threads in (1, 2)
    )
    assert (alone.config["threads"], shared.config["threads"]) == (1, 2)
    assert alone.hash != shared.hash
    weights = shared.generator.state_dict()
    for name, tensor in alone.generator.state_dict().items():
        assert torch.allclose(weights[name], tensor, atol=2e-4), name
    for one, other in zip(alone.history, shared.history, strict=True):
        for name in ("generator_loss", "discriminator_loss", "gradient_penalty"):
            assert other[name] == pytest.approx(one[name], rel=1e-3, abs=1e-3), name


@pytest.mark.parametrize("change", [{}, {"precision": "bf16"}], ids=["fp32", "bf16"])
def test_equal_threads_give_equal_bytes(pictures, change):
    first = trained(pictures, 3, **change)
    assert trained(pictures, 3, **change).hash == first.hash


def test_a_training_in_lanes_does_not_depend_on_the_threads_of_torch(pictures):
    first = trained(pictures, 2)
    with use_threads(os.cpu_count() or 1):
        assert trained(pictures, 2).hash == first.hash
