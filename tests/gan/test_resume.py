"""A training that is cut short goes on to the very bytes of one that was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import storage, synthesis
from pipeline.gan import state, training
from pipeline.params import GanParams

from .conftest import digits_of

# Everything that a state must hold: penalties between steps, running scalars, looks at the samples.
PARAMS = GanParams(
    steps=30,
    batch_samples=12,
    watch_every_steps=10,
    warmup_steps=25,
    adaptive_accuracy=0.6,
)


class CutShortError(Exception):
    """Stands for a kill at that point."""


@pytest.fixture(scope="module")
def samples():
    return digits_of({0: 60, 3: 20, 6: 10})


@pytest.fixture(scope="module")
def uninterrupted(samples):
    return synthesis.train_generator(samples, PARAMS, seed=3)


@pytest.fixture
def state_after_every_reading(monkeypatch):
    monkeypatch.setattr(training, "STATE_EVERY_SECONDS", 0.0)


def cut_at(step):
    def stop(row):
        if row["step"] >= step:
            raise CutShortError

    return stop


@pytest.mark.parametrize("step", [20, 25, 30])
def test_a_training_cut_at_any_step_ends_in_the_same_bytes(
    step, samples, uninterrupted, tmp_path, state_after_every_reading
):
    with pytest.raises(CutShortError):
        synthesis.train_generator(
            samples, PARAMS, seed=3, directory=tmp_path, on_progress=cut_at(step)
        )
    resumed = synthesis.train_generator(samples, PARAMS, seed=3, directory=tmp_path)
    assert resumed.hash == uninterrupted.hash
    assert resumed.history == uninterrupted.history


@pytest.mark.parametrize("preset", ["vanilla", "dcgan", "cvae"])
def test_the_references_resume_too(preset, samples, tmp_path, state_after_every_reading):
    params = GanParams(preset=preset, steps=30, batch_samples=12, watch_every_steps=15, width=16)
    whole = synthesis.train_generator(samples, params, seed=3)
    with pytest.raises(CutShortError):
        synthesis.train_generator(
            samples, params, seed=3, directory=tmp_path, on_progress=cut_at(25)
        )
    assert synthesis.train_generator(samples, params, seed=3, directory=tmp_path).hash == whole.hash


def test_a_resumed_training_does_not_begin_again(
    samples, tmp_path, state_after_every_reading, monkeypatch
):
    with pytest.raises(CutShortError):
        synthesis.train_generator(
            samples, PARAMS, seed=3, directory=tmp_path, on_progress=cut_at(25)
        )
    steps = []
    monkeypatch.setattr(training.Trainer, "take_step", lambda trainer, step: steps.append(step))
    synthesis.train_generator(samples, PARAMS, seed=3, directory=tmp_path)
    # The state of the reading before the cut was written; the cut came before that of step 25.
    assert steps == list(range(20, 30))


def test_other_data_or_another_recipe_never_go_on_from_a_foreign_state(
    samples, tmp_path, state_after_every_reading
):
    synthesis.train_generator(samples, PARAMS, seed=3, directory=tmp_path)
    others = samples.take(slice(0, len(samples) - 1))
    told = synthesis.train_generator(others, PARAMS, seed=3, directory=tmp_path)
    assert told.hash == synthesis.train_generator(others, PARAMS, seed=3).hash
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_state_costs_time_but_never_correctness(
    samples, uninterrupted, tmp_path, state_after_every_reading
):
    with pytest.raises(CutShortError):
        synthesis.train_generator(
            samples, PARAMS, seed=3, directory=tmp_path, on_progress=cut_at(25)
        )
    (path,) = tmp_path.glob("*/state-*.safetensors")
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    resumed = synthesis.train_generator(samples, PARAMS, seed=3, directory=tmp_path)
    assert resumed.hash == uninterrupted.hash


def test_a_state_cut_while_it_is_written_leaves_the_previous_one_whole(tmp_path, monkeypatch):
    first = state.TrainingState(tensors={}, facts={"next_step": 1})
    state.write_state(tmp_path, first)

    def die(path, content):
        raise CutShortError

    monkeypatch.setattr(state, "write_json", die)
    with pytest.raises(CutShortError):
        state.write_state(tmp_path, state.TrainingState(tensors={}, facts={"next_step": 2}))
    assert state.read_state(tmp_path).facts == {"next_step": 1}


KILLED = """
import sys
from pathlib import Path
from pipeline import storage, synthesis
from pipeline.gan import training
from pipeline.params import GanParams
training.STATE_EVERY_SECONDS = 0.0
synthesis.train_generator(
    storage.read_split(Path(sys.argv[2]), "train"),
    GanParams(steps=100_000, batch_samples=12, watch_every_steps=0),
    seed=3, directory=Path(sys.argv[1]),
)
"""


def test_a_process_killed_without_warning_leaves_a_state_to_go_on_from(tmp_path):
    root, states, data = Path(__file__).parents[2], tmp_path / "states", tmp_path / "data"
    samples = digits_of({0: 60, 3: 20})
    data.mkdir()
    storage.write_schema(data, samples.schema)
    storage.write_split(data, "train", samples)
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(states), str(data)],
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    while killed.poll() is None and not list(states.glob("*/state.json")):
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    (directory,) = states.iterdir()
    found = state.read_state(directory)
    assert found.facts["next_step"] == found.facts["history"][-1]["step"]
    # The same steps without a kill give the same tensors.
    params = GanParams(steps=found.facts["next_step"], batch_samples=12, watch_every_steps=0)
    synthesis.train_generator(samples, params, seed=3, directory=tmp_path / "b")
    whole = state.read_state(next((tmp_path / "b").iterdir()))
    assert found.tensors.keys() == whole.tensors.keys()
    assert all((found.tensors[name] == whole.tensors[name]).all() for name in whole.tensors)
