"""Two gloo processes on loopback train as one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import storage, synthesis
from pipeline.params import GanParams
from tests.gan.conftest import digits_of

ROOT = Path(__file__).parents[2]
# Few steps: sums in another order differ in their last digits, and a training makes more of that
# with every step, while a wrong share of a batch shows at the first.
# The relativistic loss leaves the discriminator's last bias without a gradient, so that Adam moves
# it by the noise of the sums; the non-saturating one does not.
PARAMS = {
    "steps": 8,
    "batch_samples": 24,
    "watch_every_steps": 4,
    "game": "nonsaturating",
    "adaptive_accuracy": 0.6,
}

WORKER = """
import json, os, sys
from pathlib import Path
from pipeline import storage, synthesis
from pipeline.params import GanParams
folder = Path(sys.argv[2])
samples = storage.read_split(folder, "train")
params = GanParams(**json.loads(sys.argv[1]))
fitted = synthesis.train_generator(samples, params, seed=4)
# Out of time at the first reading of the history, and then with all the time there is.
hurried = params.model_copy(update={"max_seconds": 1e-9})
cut = synthesis.train_generator(samples, hurried, seed=4, directory=folder / "states")
resumed = synthesis.train_generator(samples, params, seed=4, directory=folder / "states")
weights = {name: tensor.tolist() for name, tensor in fitted.generator.state_dict().items()}
told = {"hash": fitted.hash, "weights": weights, "history": fitted.history}
told |= {"cut": cut.config["ending"], "resumed": resumed.hash}
(folder / f"{os.environ['RANK']}.json").write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def samples():
    return digits_of({0: 30, 3: 30, 6: 10})


@pytest.fixture(scope="module")
def ranks(samples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    # Written for the workers, who need not import what makes them.
    storage.write_schema(folder, samples.schema)
    storage.write_split(folder, "train", samples)
    worker = folder / "worker.py"
    worker.write_text(WORKER)
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--max-restarts", "0"),
        *("--nproc-per-node", "2", str(worker), json.dumps(PARAMS), str(folder)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.fixture(scope="module")
def alone(samples):
    return synthesis.train_generator(samples, GanParams(**PARAMS), seed=4)


def test_both_processes_end_with_equal_weights(ranks):
    assert ranks[0]["hash"] == ranks[1]["hash"]


def test_a_training_of_two_processes_goes_on_to_the_bytes_of_one_never_cut(ranks):
    for told in ranks:
        assert (told["cut"]["reason"], told["cut"]["stopped_at_step"]) == ("time", 4)
        assert told["resumed"] == told["hash"]


def test_two_processes_reach_what_one_reaches(ranks, alone):
    import torch

    for name, tensor in alone.generator.state_dict().items():
        assert torch.allclose(torch.tensor(ranks[0]["weights"][name]), tensor, atol=2e-4), name


def test_two_processes_tell_the_same_losses(ranks, alone):
    told, whole = ranks[0]["history"][-1], alone.history[-1]
    for name in ("generator_loss", "discriminator_loss", "gradient_penalty"):
        assert told[name] == pytest.approx(whole[name], rel=1e-3), name


def test_lightning_says_nothing_to_the_user():
    program = "from pipeline.scale.fabric import connect; connect(precision='bf16')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
