import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.trial.schedule import CoreTime, Room, next_tasks, ranks
from pipeline.trial.tasks import Task, TaskStore, run_tasks
from pipeline.trial.trial import GeneratorThreads

TWO = Room(cores=2, processes=2)


def nothing(**_given):
    return {}


def task(name, *needs, cost=1.0, threads=1):
    return Task(name, nothing, {"name": name}, {"parts": needs} if needs else {}, cost, threads)


def names(tasks):
    return [each.name for each in tasks]


def test_a_task_ranks_by_the_longest_chain_that_it_heads():
    tasks = [task("a", cost=1), task("b", cost=5), task("c", "a", "b", cost=10), task("d", "a")]
    assert ranks(tasks) == {"a": 11, "b": 15, "c": 10, "d": 1}


def test_what_is_ready_starts_as_far_as_there_is_room():
    waiting = [task("a"), task("b", "x"), task("c"), task("d")]
    assert names(next_tasks(waiting, {}, [], TWO)) == ["a", "c"]
    assert names(next_tasks(waiting, {"x": 1}, [task("e")], TWO)) == ["a"]
    assert names(next_tasks(waiting, {"x": 1}, [], None)) == ["a", "b", "c", "d"]


def test_a_task_of_several_threads_takes_as_many_cores():
    waiting = [task("wide", threads=2), task("slim")]
    assert names(next_tasks(waiting, {}, [], TWO)) == ["wide"]
    assert names(next_tasks(waiting, {}, [task("other")], TWO)) == ["slim"]


def test_a_task_wider_than_the_machine_runs_alone():
    assert names(next_tasks([task("wide", threads=9)], {}, [], TWO)) == ["wide"]


def test_no_more_tasks_run_than_there_are_processes():
    waiting = [task("a"), task("b"), task("c")]
    assert len(next_tasks(waiting, {}, [], Room(cores=8, processes=2))) == 2


@pytest.mark.parametrize(
    ("n_cores", "processes", "trainings", "each"),
    [(8, 8, 2, 4), (8, 8, 8, 1), (8, 8, 10, 1), (8, 2, 10, 4), (2, 2, 7, 1), (2, 2, 1, 2)],
)
def test_threads_are_the_cores_over_the_trainings_that_run_at_once(
    n_cores, processes, trainings, each
):
    assert Room(n_cores, processes).threads_each(trainings) == each


def test_pinned_threads_win_and_only_what_gains_shares():
    eight = Room(8, 8)
    free = GeneratorThreads(pinned=None, shared_by=frozenset({"gan"}))
    assert free.of("gan", n_trainings=2, room=eight) == 4
    assert free.of("cvae", n_trainings=2, room=eight) == 1
    assert free.of("gan", n_trainings=2, room=None) == 1
    assert GeneratorThreads(3, frozenset()).of("gan", n_trainings=2, room=eight) == 3


class Watched(ThreadPoolExecutor):
    """Remembers in which order tasks came, and how many ran or waited in it at once."""

    def __init__(self):
        super().__init__(4)
        self.order, self.most, self.now = [], 0, 0
        self._lock = threading.Lock()

    def submit(self, fn, function, arguments):
        with self._lock:
            self.order.append(arguments["name"])
            self.now += 1
            self.most = max(self.most, self.now)
        future = super().submit(fn, function, arguments)
        future.add_done_callback(self._count)
        return future

    def _count(self, _future):
        with self._lock:
            self.now -= 1


LADDER = [
    task("short", cost=1),
    task("first", cost=2),
    task("long", cost=9),
    task("then", "first", cost=20),
    task("last", "then", "long", cost=1),
]


def test_the_longest_chain_starts_first_and_no_more_runs_than_there_is_room_for(tmp_path):
    with Watched() as executor:
        run_tasks(LADDER, executor, TaskStore(tmp_path, code="a"), room=TWO)
    assert executor.order[:2] == ["first", "long"]
    assert executor.most <= 2


def gated(*, name, gate=None, opens=None, **_given):
    if gate is not None:
        assert gate.wait(30)
    if opens is not None:
        opens.set()
    return {}


class Ungated(TaskStore):
    """Addresses by name alone: an event has no fingerprint."""

    def address(self, task, addresses):
        return task.name


def test_a_core_that_is_free_takes_work_of_the_next_replicate_while_another_is_busy(tmp_path):
    """The long task ends only when the short ones that stand behind it have run beside it."""
    gate = threading.Event()
    tasks = [
        Task("long", gated, {"name": "long", "gate": gate}, cost=9),
        Task("one", gated, {"name": "one"}),
        Task("two", gated, {"name": "two", "opens": gate}, {"after": "one"}),
    ]
    with ThreadPoolExecutor(2) as executor:
        found = run_tasks(tasks, executor, Ungated(tmp_path, code="a"), room=TWO)
    assert set(found) == {"long", "one", "two"}


def test_the_share_of_idle_time_stands_in_the_log(tmp_path, caplog):
    with caplog.at_level("INFO"), ThreadPoolExecutor(2) as executor:
        run_tasks(LADDER, executor, TaskStore(tmp_path, code="a"), room=TWO)
    assert any("on 2 cores, of which" in line for line in caplog.messages)


def test_time_in_which_every_core_was_used_is_not_idle():
    spent = CoreTime(2)
    spent.add(task("wide", threads=2), 1e6)
    assert spent.sentence().endswith("of which 0% ran no task")
    assert CoreTime(1).sentence() == "0 s on one core, of which 100% ran no task"


def test_cost_and_order_are_no_part_of_a_task_s_address(tmp_path):
    store = TaskStore(tmp_path, code="a")
    assert store.address(task("a", cost=9, threads=2), {}) == store.address(task("a"), {})
