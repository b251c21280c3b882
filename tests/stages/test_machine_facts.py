"""What depends on the machine is decided once, recorded, and handed on."""

from functools import partial

import pytest
import torch

from pipeline import cores, storage, synthesis
from pipeline.params import BalanceParams, GanParams, Params, RunParams, TrialParams
from pipeline.scale import precision
from pipeline.stages import generate, train
from pipeline.stages.evaluate import balanced_pool, generator_params, room_here
from pipeline.trial.pools import make_pool
from pipeline.trial.tasks import Task, TaskStore
from pipeline.workspace import Workspace, verify_manifest, writing
from tests.gan.conftest import digits_of
from tests.trial.test_trial import trial_data

SMALL = digits_of({0: 16, 6: 8})
SHAPE = (16, 16, 1)


def larger(samples):
    """The same digits at 16×16, where networks are convolutions."""
    schema = samples.schema.model_copy(update={"image_shape": SHAPE})
    values = samples.values.repeat(2, axis=1).repeat(2, axis=2)
    return type(samples)(schema, values, samples.labels, samples.provenance)


LARGE = larger(SMALL)
TINY = GanParams(steps=2, batch_samples=8, width=4, watch_every_steps=0)


def trained(folder, samples, *, gan=TINY, run=None):
    """A workspace in which train and generate ran on the samples."""
    workspace = Workspace(folder)
    with writing(workspace.prepared) as directory:
        storage.write_schema(directory, samples.schema)
        storage.write_split(directory, "train", samples)
    params = Params(seed=3, gan=gan, run=run or RunParams())
    train.run(workspace, params)
    generate.run(workspace, params)
    return workspace


def config_of(workspace):
    return synthesis.load_generator(workspace.generator).config


@pytest.fixture
def eight_cores(monkeypatch):
    monkeypatch.setattr(cores, "usable_cores", lambda: 8)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)


def test_fully_connected_networks_train_on_one_thread_however_many_cores_there_are(
    tmp_path, eight_cores
):
    assert config_of(trained(tmp_path, SMALL))["threads"] == 1


def test_convolutions_train_on_all_cores_and_the_configuration_says_so(tmp_path, eight_cores):
    before = torch.get_num_threads()
    assert config_of(trained(tmp_path, LARGE))["threads"] == 8
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("samples", [SMALL, LARGE], ids=["8×8", "16×16"])
def test_run_threads_pins_the_threads_and_equal_threads_give_equal_bytes(
    tmp_path, eight_cores, samples
):
    first, again = (
        trained(tmp_path / name, samples, run=RunParams(threads=2)) for name in ("first", "again")
    )
    assert config_of(first)["threads"] == 2
    for name in ("generator.json", "manifest.json"):
        assert (first.generator / name).read_bytes() == (again.generator / name).read_bytes()
    assert storage.read_split(first.synthetic, "train").values.tobytes() == (
        storage.read_split(again.synthetic, "train").values.tobytes()
    )


@pytest.mark.parametrize("native", [True, False])
def test_the_precision_stands_with_the_generator_and_with_its_samples(
    tmp_path, monkeypatch, native
):
    monkeypatch.setattr(precision, "bf16_is_native", lambda: native)
    workspace = trained(tmp_path, LARGE)
    found = "bf16" if native else "fp32"
    assert config_of(workspace)["recipe"]["precision"] == found
    assert verify_manifest(workspace.synthetic)["precision"] == found


@pytest.mark.parametrize("recorded", ["fp32", "bf16"])
def test_the_trial_takes_the_precision_of_the_shipped_generator_on_any_machine(
    monkeypatch, recorded
):
    monkeypatch.setattr(precision, "bf16_is_native", lambda: recorded == "fp32")
    assert generator_params(Params(), LARGE.schema, {"precision": recorded}).precision == recorded


@pytest.mark.parametrize("native", [True, False])
def test_where_nothing_is_recorded_the_trial_decides_once_for_all_its_workers(monkeypatch, native):
    monkeypatch.setattr(precision, "bf16_is_native", lambda: native)
    gan = generator_params(Params(), LARGE.schema, {})
    assert gan.precision == ("bf16" if native else "fp32")
    assert generator_params(Params(), SMALL.schema, {}).precision == "fp32"


def test_pools_of_another_precision_or_other_threads_have_other_addresses(tmp_path):
    def address(gan, **given):
        maker = partial(balanced_pool, gan=gan, balance_params=BalanceParams(), **given)
        task = Task("pool", make_pool, {"make": maker, "samples": SMALL, "seed": 1})
        return TaskStore(tmp_path, code="a").address(task, {})

    fp32, bf16 = (GanParams(precision=name) for name in ("fp32", "bf16"))
    found = {address(fp32), address(bf16), address(fp32, threads=2), address(fp32, threads=4)}
    assert len(found) == 4


def test_bf16_that_was_asked_for_where_it_is_slow_is_used_and_told(monkeypatch, caplog):
    monkeypatch.setattr(precision, "bf16_is_native", lambda: False)
    asked = TINY.model_copy(update={"precision": "bf16"})
    with caplog.at_level("WARNING"):
        fitted = synthesis.train_generator(LARGE, asked, seed=1)
    assert fitted.config["recipe"]["precision"] == "bf16"
    assert any("`gan.precision: auto`" in line for line in caplog.messages)


def test_a_trial_on_this_machine_has_a_process_a_core_and_on_a_cluster_none(eight_cores):
    assert room_here(Params(), trial_data()).processes == 8
    two = Params(trial=TrialParams(workers=2))
    assert (room_here(two, trial_data()).processes, room_here(two, trial_data()).cores) == (2, 8)
    away = Params(trial=TrialParams(executor="tcp://10.0.0.7:8786"))
    assert room_here(away, trial_data()) is None
