"""The same function over many chunks, by several processes, in order and with bounded memory."""

import collections
import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# A process takes about a second to start, which is more than a few hundred pictures take.
WORTH_STARTING_CHUNKS = 24
WAITING_PER_WORKER = 3


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of at most `size` items, in order."""
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None = None
) -> Iterator[Result]:
    """`function` of each item, in order; at most a few results wait in memory.

    The first items are done here; further processes start only if there are many. `function` is
    a function of a module, or a `functools.partial` of one.
    """
    n_workers = (
        workers or len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else workers or os.cpu_count() or 1
    )
    iterator = iter(items)
    head = list(itertools.islice(iterator, WORTH_STARTING_CHUNKS))
    if n_workers == 1 or len(head) < WORTH_STARTING_CHUNKS:
        yield from map(function, itertools.chain(head, iterator))
        return
    waiting: collections.deque[Future[Result]] = collections.deque()
    # Spawned, not forked: a fork while Arrow's threads run can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, mp_context=context) as pool:
        for item in itertools.chain(head, iterator):
            waiting.append(pool.submit(function, item))
            if len(waiting) >= WAITING_PER_WORKER * n_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
