"""A training that starts from a released generator, and when it must not."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline import storage, synthesis
from pipeline.errors import ParamsError
from pipeline.params import BalanceParams, GanParams, Params
from pipeline.row_digests import row_names
from pipeline.samples import concatenate
from pipeline.stages import generate, inherit, train
from pipeline.stages.evaluate import balanced_pool
from pipeline.stages.inheritance import GENERATOR_FOLDER, START_FILE
from pipeline.stages.starting import starting_point
from pipeline.synthesis import Start
from pipeline.synthesis.fitted import TRAINED_ON_FILE
from pipeline.workspace import Workspace, read_json, write_json, writing
from tests.gan.conftest import digits_of

OLD, NEW = {0: 44, 6: 12}, {0: 60, 6: 14}
PARAMS = GanParams(steps=4, batch_samples=12, warm_start="v0.1.0")
# So small a step that the weights stay where they began.
STILL = PARAMS.model_copy(update={"learning_rate": 1e-12})


@pytest.fixture(scope="module")
def earlier():
    return synthesis.train_generator(digits_of(OLD), GanParams(steps=30, batch_samples=12), seed=1)


@pytest.fixture(scope="module")
def more():
    return digits_of(NEW)


@pytest.fixture
def inherited(earlier, tmp_path):
    write_json(tmp_path / START_FILE, {"version": "v0.1.0"})
    synthesis.save_generator(tmp_path / GENERATOR_FOLDER, earlier)
    return tmp_path


def test_the_training_begins_at_the_weights_of_the_earlier_generator(earlier, more):
    start = Start("v0.1.0", earlier)
    weights = synthesis.train_generator(more, STILL, seed=2, start=start).generator.state_dict()
    for name, weight in earlier.generator.state_dict().items():
        assert torch.allclose(weights[name], weight, atol=1e-6), name
    fresh = synthesis.train_generator(more, STILL, seed=2).generator.state_dict()
    assert not all(torch.allclose(fresh[name], weights[name], atol=1e-3) for name in weights)


def test_the_same_start_and_seed_give_the_same_bytes_and_another_start_others(earlier, more):
    start = Start("v0.1.0", earlier)
    first = synthesis.train_generator(more, PARAMS, seed=2, start=start)
    assert synthesis.train_generator(more, PARAMS, seed=2, start=start).hash == first.hash
    assert synthesis.train_generator(more, PARAMS, seed=2).hash != first.hash
    assert first.config["start"] == {
        "version": "v0.1.0",
        "generator": earlier.hash,
        "reason": "",
    }


def test_a_row_that_the_start_has_seen_is_never_held_out_to_watch_by(earlier, more):
    fitted = synthesis.train_generator(more, PARAMS, seed=2, start=Start("v0.1.0", earlier))
    assert earlier.trained_on <= fitted.trained_on
    held_out = set(row_names(more)) - fitted.trained_on
    assert held_out
    assert not held_out & earlier.trained_on


def test_rows_were_added_and_nothing_else_changed_so_the_start_fits(inherited, earlier, more):
    start = starting_point(inherited, more, PARAMS)
    assert start.generator.hash == earlier.hash
    assert start.sentence() == f"Starts from the generator {earlier.hash[:12]} of v0.1.0."
    assert starting_point(inherited, more, GanParams()) is None


def test_another_schema_begins_from_zero_and_says_so(inherited):
    start = starting_point(inherited, digits_of({0: 60, 6: 14, 7: 12}), PARAMS)
    assert start.generator is None
    assert "the schema (classes, size or columns) has changed" in start.sentence()


def test_another_design_begins_from_zero_and_says_so(inherited, more):
    start = starting_point(inherited, more, PARAMS.model_copy(update={"width": 16}))
    assert "another design" in start.sentence()


def test_a_row_that_is_gone_or_held_out_now_must_not_live_on_in_the_weights(inherited, more):
    start = starting_point(inherited, more.take(slice(1, None)), PARAMS)
    assert start.generator is None
    assert start.sentence() == (
        "Begins from zero, not from v0.1.0: 1 of the rows that it was trained on are not in the "
        "training split any more."
    )


def test_a_generator_that_does_not_say_what_it_has_seen_is_no_start(inherited, more):
    (inherited / GENERATOR_FOLDER / TRAINED_ON_FILE).unlink()
    assert "does not say which rows" in starting_point(inherited, more, PARAMS).sentence()


def test_a_start_that_was_asked_for_and_not_brought_is_an_error(tmp_path, more):
    with pytest.raises(ParamsError, match=r"dvc\.yaml lacks the stage `inherit`"):
        starting_point(tmp_path / "inherited", more, PARAMS)


def test_the_trial_trains_from_zero_whatever_the_shipped_generator_does(more):
    pools = [
        balanced_pool(more, 1, gan=gan, balance_params=BalanceParams())
        for gan in (PARAMS, PARAMS.model_copy(update={"warm_start": None}))
    ]
    assert np.array_equal(pools[0].values, pools[1].values)


def test_the_stage_writes_that_nothing_is_inherited_unless_a_version_is_named(tmp_path):
    workspace = Workspace(tmp_path)
    inherit.run(workspace, Params())
    assert read_json(workspace.inherited / START_FILE) == {"version": None}


def test_generator_pool_and_manifest_say_where_the_training_started(inherited, more, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    with writing(workspace.prepared) as directory:
        storage.write_schema(directory, more.schema)
        storage.write_split(directory, "train", more)
    inherited_names = (START_FILE, GENERATOR_FOLDER)
    workspace.inherited.parent.mkdir(exist_ok=True)
    workspace.inherited.mkdir()
    for name in inherited_names:
        (inherited / name).rename(workspace.inherited / name)
    params = Params(seed=1, gan=PARAMS)
    train.run(workspace, params)
    generate.run(workspace, params)
    told = json.loads((workspace.generator / "generator.json").read_text())["config"]["start"]
    assert told["version"] == "v0.1.0"
    facts = read_json(workspace.synthetic / "manifest.json")["facts"]
    assert facts["started_from"] == "v0.1.0"


def test_rows_are_known_by_content_and_label_wherever_they_stand(more):
    twice = concatenate([more.take([3]), more.take([0, 1])])
    assert row_names(twice)[1:] == row_names(more)[:2]
    relabelled = replace(more.take([0]), labels=np.array([1]))
    assert row_names(relabelled) != row_names(more.take([0]))
