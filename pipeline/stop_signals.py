"""SIGTERM, SIGINT and SIGHUP are noted where no exception can lose them, and asked for at steps.

What a signal handler raises is forgotten when it comes up inside a `__del__` or a callback: Python
prints it and goes on. The interpreter itself notes each signal in a pipe as it comes; a run reads
that before every step, and after the signal publishes nothing more.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# What a shell reports for a command that a signal ended.
SIGNAL_EXIT = 128


class StoppedError(KeyboardInterrupt):
    """The process was asked to stop by a signal; `number` says by which."""

    def __init__(self, number: int):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


class _Notes:
    """The pipe, and the first signal that was read out of it."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        for end in (self.reader, self.writer):
            os.set_blocking(end, False)
        self.first: int | None = None

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


_notes: list[_Notes] = []


@contextlib.contextmanager
def noting_signals() -> Iterator[None]:
    """Note signals while the block runs, and raise `StoppedError` for those that had no handler.

    A signal that this process was started to ignore (`nohup`) stays ignored. Inside another such
    block, and outside of the main thread, where signals cannot be handled, nothing changes.
    """
    if _notes or threading.current_thread() is not threading.main_thread():
        yield
        return
    notes = _Notes()
    _notes.append(notes)
    wakeup = signal.set_wakeup_fd(notes.writer, warn_on_full_buffer=False)
    before = {
        number: signal.signal(number, _stop)
        for number in STOPPING
        if signal.getsignal(number) == signal.SIG_DFL
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is _stop:
                signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        _notes.remove(notes)
        notes.close()


def stop_signal() -> int | None:
    """The first signal that asked this process to stop; None without one."""
    if not _notes:
        return None
    notes = _notes[0]
    with contextlib.suppress(BlockingIOError):
        while came := os.read(notes.reader, 64):
            asked = [number for number in came if number in STOPPING]
            notes.first = notes.first or next(iter(asked), None)
    return notes.first


def go_on_unless_stopped() -> None:
    """Return while nobody has asked this process to stop.

    Raises:
        StoppedError: somebody has.
    """
    number = stop_signal()
    if number is not None:
        raise StoppedError(number)


def _stop(number: int, _: FrameType | None) -> None:
    raise StoppedError(number)


def _forget_in_child() -> None:
    """A process that this one forked has signals of its own, and must not write into the pipe."""
    if _notes:
        signal.set_wakeup_fd(-1)
        _notes.clear()


os.register_at_fork(after_in_child=_forget_in_child)
