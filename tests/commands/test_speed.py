"""The time that a run takes, and the proposal that follows from it."""

import json

import pytest

from pipeline.commands import plan, proposal
from pipeline.commands.proposal import AIMED_SECONDS, Proposal, propose
from pipeline.commands.speed import SPEED_FILE, StepTimes, estimate, step_times
from pipeline.modalities.registry import modality_of
from pipeline.params import GanParams, Params
from pipeline.samples import Column, Schema
from pipeline.synthesis import timing

COUNTS = {"cat": 60, "dog": 20}


def schema(side):
    return Schema(modality="image", classes=("cat", "dog"), image_shape=(side, side, 1))


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    """A folder that remembers the times of pictures of 16 px."""
    folder = tmp_path_factory.mktemp("memory")
    times = step_times(schema(16), GanParams(), COUNTS, memory=folder)
    assert 0 < times.classifier < times.generator < 10
    return folder


def test_what_was_timed_once_is_not_timed_again(memory, monkeypatch):
    monkeypatch.setattr(timing, "seconds_a_step", None)
    fewer = GanParams(steps=100, max_seconds=5.0)
    again = step_times(schema(16), fewer, COUNTS, memory=memory)
    assert again == step_times(schema(16), GanParams(), COUNTS, memory=memory)


def test_pictures_of_another_size_take_as_much_longer_as_they_have_pixels(memory, monkeypatch):
    monkeypatch.setattr(timing, "seconds_a_step", None)
    small, large = (
        step_times(schema(side), GanParams(), COUNTS, memory=memory) for side in (16, 32)
    )
    assert large.generator == pytest.approx(4 * small.generator)


def test_other_networks_are_timed_by_themselves(memory, monkeypatch):
    asked = []
    monkeypatch.setattr(
        timing, "seconds_a_step", lambda *a: asked.append(a) or timing.StepSeconds(1, 1)
    )
    step_times(schema(16), GanParams(width=8), COUNTS, memory=memory)
    step_times(schema(8), GanParams(), COUNTS, memory=memory)
    assert len(asked) == 2


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', '{"a": {"generator": -1e99}}'])
def test_a_damaged_memory_is_no_error(tmp_path, monkeypatch, content):
    monkeypatch.setattr(timing, "seconds_a_step", lambda *_: timing.StepSeconds(2.0, 1.0))
    (tmp_path / SPEED_FILE).write_text(content)
    assert step_times(schema(16), GanParams(), COUNTS, memory=tmp_path).generator == 2.0
    assert len(json.loads((tmp_path / SPEED_FILE).read_text())) == 1


def test_more_replicates_take_longer_and_less_than_in_proportion():
    def seconds(replicates):
        params = Params.model_validate({"trial": {"replicates": replicates}})
        times = StepTimes(0.1, 0.01, 256.0)
        found = estimate(schema(16), params, times, rivals={}, trainings_a_replicate=1)
        return found.whole

    assert seconds(3) < seconds(6) < 2 * seconds(3)


@pytest.mark.parametrize("factor", [1, 8, 60])
def test_a_first_run_is_reduced_until_it_ends_in_time(tmp_path, monkeypatch, factor):
    def slow(found, *_, **__):
        times = StepTimes(0.2 * factor, 0.014 * factor, 32.0**2)
        return times.at(modality_of(found).effort(found).work)

    monkeypatch.setattr(plan, "step_times", slow)
    light = Params.model_validate({"trial": {"preset": "light", "replicates": 3}})
    found, seconds = propose(schema(32), light, {"train": COUNTS}, memory=tmp_path)
    assert (found == Proposal(consumers=found.consumers)) == (factor == 1)
    assert seconds <= AIMED_SECONDS or found.steps
    if factor > 1:
        assert found.reduced[0] == "pictures of 16 px"
        assert "params.yaml has pictures of 16 px" in proposal.sentence(found, seconds)


@pytest.mark.parametrize(("side_px", "does_without"), [(8, False), (16, False), (32, True)])
def test_a_first_run_does_without_boosting_where_one_fit_takes_minutes(
    tmp_path, monkeypatch, side_px, does_without
):
    monkeypatch.setattr(plan, "step_times", lambda *_, **__: StepTimes(0.01, 0.001, 32.0**2))
    light = Params.model_validate({"trial": {"preset": "light"}})
    found, _ = propose(schema(side_px), light, {"train": COUNTS}, memory=tmp_path)
    assert (bool(found.consumers) and "boosting" not in found.consumers) == does_without


def test_a_first_run_does_without_what_takes_minutes_on_so_many_rows(tmp_path, monkeypatch):
    times = StepTimes(0.01, 0.001, 1.0, fits={"svm": 300.0, "boosting": 2.0, "tree": 0.1})
    monkeypatch.setattr(plan, "step_times", lambda *_, **__: times)
    table = Schema(modality="table", classes=("a", "b"))
    light = Params.model_validate({"trial": {"preset": "light"}})
    found, seconds = propose(table, light, {"train": {"a": 9_000, "b": 900}}, memory=tmp_path)
    assert set(modality_of(table).consumers) - set(found.consumers) == {"svm"}
    assert seconds < AIMED_SECONDS


def test_rows_of_a_table_are_timed_by_every_classifier(tmp_path):
    columns = (
        Column(name="x", kind="continuous", type="double"),
        Column(name="town", kind="categorical", type="string", categories=("Bern", "Rom")),
    )
    table = Schema(modality="table", classes=("a", "b"), columns=columns)
    times = step_times(table, GanParams(), COUNTS, memory=tmp_path)
    modality = modality_of(table)
    assert set(times.fits) == set(modality.classifiers) - {modality.network}
    assert times.generator > 0
    assert step_times(table, GanParams(), COUNTS, memory=tmp_path) == times
