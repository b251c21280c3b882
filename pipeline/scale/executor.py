"""Where tasks run: in local processes of one thread each, or on a Dask cluster given by address."""

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

from pipeline.chatter import hide_warnings
from pipeline.cores import usable_cores
from pipeline.errors import ServiceError

ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
CONNECT_SECONDS = 30
LOOK_SECONDS = 1.0


@contextlib.contextmanager
def open_executor(address: str, *, workers: int | None = None) -> Iterator[Executor]:
    """An executor at `address`, "local" or a Dask scheduler's, shut down at the end.

    Args:
        workers: Local processes; None for one a core. On a cluster its own size holds.

    Raises:
        ServiceError: the cluster cannot be reached, or Dask is not installed.
    """
    if address != "local":
        with _dask_executor(address) as executor:
            yield executor
        return
    with _environment(dict.fromkeys(ONE_THREAD, "1")):
        # Spawned, not forked: a fork of a process that has used torch's threads may hang.
        context = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(
            workers or usable_cores(),
            mp_context=context,
            initializer=begin_worker,
            initargs=(os.getpid(),),
        )
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
        executor.shutdown()


class SameProcessExecutor(Executor):
    """Runs each task at once in the calling process: for tests and for looking with a debugger."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run now; the future is already done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def begin_worker(parent: int) -> None:
    """Begin as a worker that ends with its parent and says nothing of its libraries."""
    hide_warnings()
    end_with(parent)


def end_with(parent: int) -> None:
    """Watch the process that holds an executor, and end this worker of it once that is gone.

    A worker blocked on its queue would never notice that its parent was killed: the other workers
    hold the same pipe open.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    # Nothing is to be tidied up: results are stored by the parent.
    os._exit(1)


@contextlib.contextmanager
def _dask_executor(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise ServiceError(
            f"trial.executor is {address!r}, but Dask is not installed. "
            "Install it with `pip install 'equipoise[cluster]'`, or set trial.executor: local."
        ) from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ServiceError(
            f"The Dask scheduler at {address} cannot be reached ({type(error).__name__}). "
            "Start it, correct trial.executor, or set trial.executor: local."
        ) from None
    with client:
        yield client.get_executor(pure=False)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
