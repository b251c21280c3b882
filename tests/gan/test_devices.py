"""A training step keeps to the device of its networks.

A machine without a GPU has one other device, "meta": tensors there hold no numbers, but to mix them
with the CPU's is an error as it is on a GPU.
"""

import pytest
import torch

from pipeline.gan.training import Job, Trainer
from pipeline.modalities.registry import modality_of
from pipeline.params import GanParams
from pipeline.scale.fabric import Devices, connect
from pipeline.synthesis.train import _tensors, plan_of

from .conftest import digits_of, pictures_of

DIGITS = digits_of({0: 45, 3: 45, 6: 8})
PICTURES = pictures_of((16, 16, 1), counts={"a": 45, "b": 45, "c": 8})


class Elsewhere(Devices):
    device = torch.device("meta")

    def __init__(self):
        super().__init__(connect(accelerator="cpu")._fabric)

    def adam(self, module, learning_rate, betas):
        return torch.optim.Adam(module.parameters(), lr=learning_rate, betas=betas)


def trainer_of(samples, **told):
    params = GanParams(batch_samples=12, **told)
    recipe, design = plan_of(samples, params)
    domain = modality_of(samples.schema).domain(design)
    data = _tensors(samples, domain)
    job = Job(data=data, domain=domain, recipe=recipe, seed=1, classes=samples.schema.classes)
    return Trainer(job, Elsewhere())


@pytest.mark.parametrize("samples", [DIGITS, PICTURES], ids=["connected", "convolutional"])
@pytest.mark.parametrize("preset", ["residual", "vanilla", "dcgan", "cvae"])
def test_a_step_runs_where_the_networks_are(samples, preset):
    trainer = trainer_of(samples, preset=preset)
    trainer.take_step(0)
    parts = (trainer.method.generator, trainer.method.companion, trainer.average)
    held = {tensor.device.type for part in parts for tensor in part.state_dict().values()}
    assert held == {"meta"}


def test_a_tensor_left_on_the_cpu_would_be_noticed():
    trainer = trainer_of(DIGITS)
    trainer.devices.shard = lambda tensor, **_more: tensor
    with pytest.raises(RuntimeError, match="meta"):
        trainer.take_step(0)
