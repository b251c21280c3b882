import numpy as np
import pandas as pd
import pytest

from pipeline.samples import Column, Samples, Schema
from pipeline.scale.executor import SameProcessExecutor
from pipeline.trial.tasks import Task, TaskStore, run_tasks
from tests.trial.stand_ins import digits

CALLS = []


def record(*, value, parts=()):
    CALLS.append(value)
    return {"value": value + sum(part["value"] for part in parts)}


def fail(*, parts):
    raise RuntimeError("the machine went away")


def rows(*, count):
    CALLS.append(count)
    return digits([count, count])


def run(store, tasks):
    CALLS.clear()
    return run_tasks(tasks, SameProcessExecutor(), store)


FIRST = Task("first", record, {"value": 1})
SECOND = Task("second", record, {"value": 2})
SUM = Task("sum", record, {"value": 10}, needs={"parts": ("first", "second")})


def test_a_task_gets_the_results_it_needs(tmp_path):
    assert run(TaskStore(tmp_path, code="a"), [FIRST, SECOND, SUM])["sum"] == {"value": 13}


def test_a_finished_task_is_never_run_again(tmp_path):
    store = TaskStore(tmp_path, code="a")
    before = run(store, [FIRST, SECOND, SUM])
    assert run(store, [FIRST, SECOND, SUM]) == before
    assert CALLS == []


def test_what_finished_before_a_crash_is_kept(tmp_path):
    store = TaskStore(tmp_path, code="a")
    crash = Task("crash", fail, {}, needs={"parts": ("first",)})
    with pytest.raises(RuntimeError, match="went away"):
        run(store, [FIRST, crash])
    run(store, [FIRST, SECOND])
    assert CALLS == [2]


def test_other_arguments_needs_or_code_are_another_task(tmp_path):
    store = TaskStore(tmp_path, code="a")
    run(store, [FIRST, SECOND, SUM])
    run(store, [Task("first", record, {"value": 5}), SECOND, SUM])
    assert CALLS == [5, 10]
    run(TaskStore(tmp_path, code="b"), [FIRST])
    assert CALLS == [1]


def test_a_damaged_result_is_made_again(tmp_path):
    store = TaskStore(tmp_path, code="a")
    run(store, [FIRST])
    (stored,) = tmp_path.glob("*/result.json")
    stored.write_text('{"value": 7}')
    assert run(store, [FIRST])["first"] == {"value": 1}


def test_samples_survive_being_stored(tmp_path):
    store = TaskStore(tmp_path, code="a")
    task = Task("rows", rows, {"count": 3})
    first, second = run(store, [task])["rows"], run(store, [task])["rows"]
    assert CALLS == []
    assert (first.values == second.values).all()
    assert (first.labels == second.labels).all()
    assert first.provenance.equals(second.provenance)


def test_arguments_that_differ_in_the_last_digit_or_in_type_are_other_tasks(tmp_path):
    store = TaskStore(tmp_path, code="a")
    values = [
        pd.DataFrame({"x": [0.12345678901]}),
        pd.DataFrame({"x": [0.12345678902]}),
        np.array(["1"], object),
        np.array([1], object),
        np.array([1], ">i4"),
        np.array([256], ">i4"),
    ]
    addresses = {store.address(Task("t", record, {"value": value}), {}) for value in values}
    assert len(addresses) == len(values)


def test_equal_rows_are_the_same_task_whatever_their_dtype(tmp_path):
    store = TaskStore(tmp_path, code="a")
    schema = Schema(
        modality="table",
        classes=("a", "b"),
        columns=(Column(name="n", kind="integer"), Column(name="word", kind="text")),
    )
    addresses = set()
    for numbers in (pd.array([1, None], "Int64"), [1.0, None]):
        frame = pd.DataFrame({"n": numbers, "word": ["x", None]})
        rows = Samples(schema, frame, np.array([0, 1]), pd.DataFrame({"id": ["r0", "r1"]}))
        addresses.add(store.address(Task("t", record, {"value": rows}), {}))
    assert len(addresses) == 1
