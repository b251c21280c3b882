"""A command as a process group that never outlives the process that started it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

GUARD = Path(__file__).with_name("guard.py")
GRACE_SECONDS = 5.0


@contextlib.contextmanager
def process_group(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process group that ends with this block and with this process, however either ends.

    Standard error is joined to standard output; both are appended to `log` where one is named, and
    otherwise are the caller's to read. On leaving (normally, by an error, by KeyboardInterrupt or
    by a cancellation that Prefect raises here) whatever is left of the group gets SIGTERM and,
    after five seconds, SIGKILL.
    """
    with contextlib.nullcontext(subprocess.PIPE) if log is None else log.open("a") as output:
        process = _start(command, cwd=cwd, environment=environment, output=output)
    try:
        yield process
    finally:
        end_group(process)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


@contextlib.contextmanager
def ended_after(process: subprocess.Popen[str], seconds: float) -> Iterator[threading.Event]:
    """End the group that `process` leads when the block takes longer; the event says if it did."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        end_group(process)

    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _start(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], output: int | IO[str]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(GUARD), *command],
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def end_group(process: subprocess.Popen[Any]) -> None:
    """End the group that `process` leads, and wait until it has ended."""
    deadline = time.monotonic() + GRACE_SECONDS
    _signal_group(process.pid, signal.SIGTERM)
    while _group_lives(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _group_lives(process: subprocess.Popen[Any]) -> bool:
    process.poll()  # Reaps the leader, which would otherwise count as a member for ever.
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
