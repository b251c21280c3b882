"""The same function over many chunks, by several processes, in order and with bounded memory."""

import collections
import contextlib
import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from pipeline.cores import usable_cores
from pipeline.errors import SourceError
from pipeline.scale.executor import begin_worker

Item = TypeVar("Item")
Result = TypeVar("Result")

# A process takes about a second to start, which is more than a few hundred pictures take.
WORTH_STARTING_CHUNKS = 24
WAITING_PER_WORKER = 3
# Each takes about 100 MB, and one disk seldom feeds more.
MOST_WORKERS = 8

_turn: AbstractContextManager[Any] = contextlib.nullcontext()


def turn() -> AbstractContextManager[Any]:
    """A context that only one of the processes is in at a time, for work that takes much memory."""
    return _turn


def _begin(parent: int, turn: AbstractContextManager[Any]) -> None:
    """Begin as a worker that ends with its parent, however that ends."""
    begin_worker(parent)
    _keep_turn(turn)


def _keep_turn(lock: AbstractContextManager[Any]) -> None:
    global _turn
    _turn = lock


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of at most `size` items, in order."""
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None = None
) -> Iterator[Result]:
    """`function` of each item, in order; at most a few results wait in memory.

    Processes start only where there are many items. `function` is a function of a module, or a
    `functools.partial` of one.

    Raises:
        SourceError: a process was killed, as the system does when memory runs out.
    """
    n_workers = workers or min(usable_cores(), MOST_WORKERS)
    iterator = iter(items)
    head = list(itertools.islice(iterator, WORTH_STARTING_CHUNKS))
    if n_workers == 1 or len(head) < WORTH_STARTING_CHUNKS:
        yield from map(function, itertools.chain(head, iterator))
        return
    try:
        yield from _by_processes(function, itertools.chain(head, iterator), n_workers)
    except BrokenProcessPool:
        raise SourceError(
            "A process that decoded pictures was killed, probably because memory ran out; free "
            "some, and run the same command again."
        ) from None


def _by_processes(
    function: Callable[[Item], Result], items: Iterable[Item], n_workers: int
) -> Iterator[Result]:
    waiting: collections.deque[Future[Result]] = collections.deque()
    # Spawned, not forked: a fork while Arrow's threads run can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        n_workers, mp_context=context, initializer=_begin, initargs=(os.getpid(), context.Lock())
    ) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= WAITING_PER_WORKER * n_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
