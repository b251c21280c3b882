"""Tasks of a trial: run when what they need is done, stored by content, never done twice."""

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from pipeline.errors import ArtifactError
from pipeline.row_digests import content_digest, frame_digest
from pipeline.samples import Samples
from pipeline.storage import read_split, write_schema, write_split
from pipeline.trial.schedule import CoreTime, Room, next_tasks, ranks
from pipeline.workspace import read_json, verify_manifest, write_json, writing

log = logging.getLogger(__name__)
# Called with a finished task's name, how many are finished, and how many there are.
OnDone = Callable[[str, int, int], None]
RESULT_FILE = "result.json"
SPLIT = "rows"


@dataclass(frozen=True)
class Task:
    """One call whose result is plain data or samples.

    Attributes:
        name: Unique in its trial, for the log and for `needs`.
        function: A function of a module, so that another process can find it.
        arguments: Keyword arguments, all of them determining the result.
        needs: Keyword → name of the task (or names, given as a tuple) whose result it takes.
        cost: About how long it takes, in fits of a classifier. It orders tasks and no more.
        threads: How many cores it keeps busy.
    """

    name: str
    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    needs: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    cost: float = 1.0
    threads: int = 1

    def needed(self) -> Iterator[str]:
        """Names of the tasks whose results it takes."""
        for names in self.needs.values():
            yield from _names(names)


class TaskStore:
    """Finished results as folders with a manifest, named by what determines them.

    Args:
        directory: Where they lie; one folder a task.
        code: Hash of the program, so that results of older code are never taken for new ones.
    """

    def __init__(self, directory: Path, *, code: str):
        self._directory = directory
        self._code = code

    def address(self, task: Task, addresses: Mapping[str, str]) -> str:
        """The content address of a task, given those of the tasks it needs."""
        needed = {
            keyword: [addresses[name] for name in _names(names)]
            for keyword, names in task.needs.items()
        }
        parts = [
            self._code,
            _fingerprint(task.function),
            _fingerprint(dict(task.arguments)),
            needed,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def load(self, address: str) -> Any:
        """The stored result; None when there is none, or none that its manifest confirms."""
        folder = self._directory / address
        if not folder.is_dir():
            return None
        try:
            verify_manifest(folder)
        except (ArtifactError, KeyError, TypeError):
            log.warning("evaluate: a stored result was damaged and is made again")
            shutil.rmtree(folder)
            return None
        if (folder / RESULT_FILE).exists():
            return read_json(folder / RESULT_FILE)
        return read_split(folder, SPLIT)

    def save(self, address: str, result: Any) -> None:
        """Store a result, whole or not at all."""
        with writing(self._directory / address) as folder:
            if isinstance(result, Samples):
                write_schema(folder, result.schema)
                write_split(folder, SPLIT, result)
            else:
                write_json(folder / RESULT_FILE, result)


def run_tasks(
    tasks: Sequence[Task],
    executor: Executor,
    store: TaskStore,
    *,
    room: Room | None = None,
    on_done: OnDone | None = None,
) -> dict[str, Any]:
    """Run tasks as soon as what they need is done, skipping those whose result is stored.

    No result depends on the order, which is chosen for speed alone.

    Args:
        tasks: In an order in which each stands after those it needs.
        room: How much may run at once here; None where the executor itself keeps a queue.

    Returns:
        Task name → result.

    Raises:
        The first error of a task; what finished before stays stored.
    """
    addresses: dict[str, str] = {}
    for task in tasks:
        addresses[task.name] = store.address(task, addresses)
    stored = {task.name: store.load(addresses[task.name]) for task in tasks}
    results = {name: result for name, result in stored.items() if result is not None}
    if results:
        log.info("evaluate: %d of %d tasks were done before", len(results), len(tasks))
    queue = _Queue(tasks, executor, room, results)
    spent = CoreTime(room.cores) if room is not None and queue.waiting else None
    n_done = len(results)
    queue.start()
    while queue.running:
        finished, failed = queue.finished()
        # Before anything is stored, so that no core waits for the disk.
        if failed is None:
            queue.start()
        for task, seconds in finished:
            store.save(addresses[task.name], results[task.name])
            n_done += 1
            if spent is not None:
                spent.add(task, seconds)
            if on_done is not None:
                on_done(task.name, n_done, len(tasks))
        if failed is not None:
            raise failed
    if spent is not None:
        log.info("evaluate: %s", spent.sentence())
    return results


class _Queue:
    """The tasks that wait and those that run; `results` is filled as they finish."""

    def __init__(
        self,
        tasks: Sequence[Task],
        executor: Executor,
        room: Room | None,
        results: dict[str, Any],
    ):
        rank = ranks(tasks)
        left = [task for task in tasks if task.name not in results]
        self.waiting = sorted(left, key=lambda task: -rank[task.name])
        self.running: dict[Future[Any], Task] = {}
        self._executor, self._room, self._results = executor, room, results

    def start(self) -> None:
        """Start what may start now."""
        for task in next_tasks(self.waiting, self._results, self.running.values(), self._room):
            self.waiting.remove(task)
            taken = {key: _pick(names, self._results) for key, names in task.needs.items()}
            arguments = {**task.arguments, **taken}
            self.running[self._executor.submit(_call, task.function, arguments)] = task

    def finished(self) -> tuple[list[tuple[Task, float]], BaseException | None]:
        """Wait for some to finish: those with their seconds, and the first error there was."""
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        finished, failed = [], None
        for future in done:
            task = self.running.pop(future)
            error = future.exception()
            if error is not None:
                failed = failed or error
                continue
            self._results[task.name], seconds = future.result()
            finished.append((task, seconds))
        return finished, failed


def _call(function: Callable[..., Any], arguments: dict[str, Any]) -> tuple[Any, float]:
    """What the function returns, and how many seconds it took."""
    begin = time.perf_counter()
    return function(**arguments), time.perf_counter() - begin


def _names(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _pick(names: str | tuple[str, ...], results: Mapping[str, Any]) -> Any:
    return results[names] if isinstance(names, str) else [results[name] for name in names]


def _fingerprint(value: Any) -> Any:
    """JSON that differs whenever the value differs; bulky values as digests."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (np.ndarray, pd.DataFrame, Samples)):
        return _digest_of(value)
    if isinstance(value, BaseModel):
        return [type(value).__name__, value.model_dump(mode="json")]
    if isinstance(value, partial):
        return ["partial", *map(_fingerprint, (value.func, list(value.args), value.keywords))]
    if is_dataclass(value) and not isinstance(value, type):
        own = {item.name: _fingerprint(getattr(value, item.name)) for item in fields(value)}
        return [type(value).__name__, own]
    if isinstance(value, Mapping):
        return {str(key): _fingerprint(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fingerprint(item) for item in value]
    assert callable(value), f"no fingerprint of {type(value)}"
    return f"{value.__module__}.{value.__qualname__}"


def _digest_of(value: np.ndarray | pd.DataFrame | Samples) -> Any:
    if isinstance(value, Samples):
        rows = frame_digest(value.provenance).hex()
        return [_fingerprint(value.schema), content_digest(value).hex(), rows]
    if isinstance(value, pd.DataFrame):
        return frame_digest(value).hex()
    if value.dtype == object:
        cells = frame_digest(pd.DataFrame({"cell": value.ravel()}))
        return ["object", list(value.shape), cells.hex()]
    native = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
    shown = str(value.dtype.newbyteorder("="))
    return [shown, list(value.shape), hashlib.sha256(native.tobytes()).hexdigest()]
