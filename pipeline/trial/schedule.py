"""Which task of a trial starts next, and how much of the cores' time none of them used."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar


class Schedulable(Protocol):
    """What a schedule has to know of a task."""

    @property
    def name(self) -> str: ...
    @property
    def cost(self) -> float: ...
    @property
    def threads(self) -> int: ...
    def needed(self) -> Iterator[str]:
        """Names of the tasks that must be done before."""
        ...


Waiting = TypeVar("Waiting", bound=Schedulable)


def ranks(tasks: Iterable[Schedulable]) -> dict[str, float]:
    """Task name → cost of the longest chain of tasks that begins with it, its own included.

    What heads the longest chain starts first, so that no long task is left for the end, when there
    is nothing to run beside it.

    Args:
        tasks: Each after those that it needs.

    Source: the upward rank of Topcuoglu et al. 2002, doi:10.1109/71.993206, equation 8, without
    the cost of communication.
    """
    found: dict[str, float] = {}
    after: dict[str, float] = {}
    for task in reversed(list(tasks)):
        found[task.name] = task.cost + after.get(task.name, 0.0)
        for name in task.needed():
            after[name] = max(after.get(name, 0.0), found[task.name])
    return found


@dataclass(frozen=True)
class Room:
    """How much may run at once.

    Attributes:
        cores: Cores that the threads of all running tasks share.
        processes: Tasks that may run at once.
    """

    cores: int
    processes: int

    def threads_each(self, n_tasks: int) -> int:
        """Threads of each of so many equal tasks: more than one only where cores would be left.

        Two trainings on eight cores have four each. It depends on nothing but these numbers, so
        that a run which was cut off goes on with the same threads, and to the same bytes.
        """
        return max(1, self.cores // max(1, min(n_tasks, self.processes)))

    def has_place_for(self, task: Schedulable, running: Iterable[Schedulable]) -> bool:
        """Whether the task may start beside those that run; alone it always may."""
        beside = list(running)
        taken = sum(other.threads for other in beside)
        return not beside or (len(beside) < self.processes and taken + task.threads <= self.cores)


@dataclass
class CoreTime:
    """How long the cores were there, and how long tasks used them."""

    cores: int
    used_seconds: float = 0.0
    _begin: float = field(default_factory=time.perf_counter)

    def add(self, task: Schedulable, seconds: float) -> None:
        """A task has run for so long."""
        self.used_seconds += seconds * min(task.threads, self.cores)

    def sentence(self) -> str:
        """Wall time, and the share of the cores' time in which no task ran."""
        wall = time.perf_counter() - self._begin
        idle = max(0.0, 1.0 - self.used_seconds / max(self.cores * wall, 1e-9))
        cores = "one core" if self.cores == 1 else f"{self.cores} cores"
        return f"{wall:.0f} s on {cores}, of which {idle:.0%} ran no task"


def next_tasks(
    waiting: Iterable[Waiting],
    done: Mapping[str, object],
    running: Iterable[Schedulable],
    room: Room | None,
) -> list[Waiting]:
    """The tasks to start now: what is ready, in the order given, as far as there is room.

    Args:
        waiting: By rank, the highest first.
        room: None where something else keeps the queue, as a cluster does.
    """
    beside = list(running)
    chosen: list[Waiting] = []
    for task in waiting:
        if not all(name in done for name in task.needed()):
            continue
        if room is None or room.has_place_for(task, beside):
            chosen.append(task)
            beside.append(task)
    return chosen
