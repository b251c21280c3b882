"""One command that runs: under a guard that ends it with this process, fed, heard, and limited."""

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from pipeline.credentials import without_credentials
from pipeline.errors import VersionError
from pipeline.process_group import end_group
from pipeline.versions.call_kinds import Kind

# A guard in sh, since Python's start takes ten times as long as most calls of git. Its standard
# input is the lifeline: it closes with this process, and then the whole group is ended. The command
# and its arguments are positional, so that the shell reads nothing but these lines.
_GUARD = """\
ulimit -f "$1"
input=$2
shift 2
exec 4<"$input" 3<&0
"$@" <&4 3<&- 4<&- &
child=$!
{ exec 4<&-; read -r _ <&3; trap '' TERM; kill -TERM 0; sleep 5; kill -KILL 0; } >/dev/null 2>&1 &
watcher=$!
exec 3<&- 4<&- </dev/null
wait "$child"
code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"
"""
CHUNK_BYTES = 1 << 16
LOOK_SECONDS, LOOK_AT_WORK_SECONDS = 0.5, 5.0
# Less than this between two looks is the idling of a process that waits.
LEAST_WORK_SECONDS, LEAST_READ_BYTES = 0.05, 1 << 16


class CommandError(VersionError):
    """A command ended with a failure; `output` holds what it said, without credentials."""

    def __init__(self, message: str, output: str):
        super().__init__(message)
        self.output = without_credentials(output)


class SilentError(CommandError):
    """A command was ended because nothing came of it any more."""


class MissingProgramError(CommandError):
    """The program is not installed, or cannot be started."""


@contextlib.contextmanager
def started(
    command: Sequence[str],
    directory: Path,
    variables: Mapping[str, str],
    content: bytes,
    kind: Kind,
) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """The command under its guard, and both ends of its input's pipe; ended with this block."""
    read_end, write_end = os.pipe() if content else (None, None)
    ends = [end for end in (read_end, write_end) if end is not None]
    # The shell counts in blocks of 512 bytes.
    largest = "unlimited" if kind.file_bytes is None else str(kind.file_bytes // 512)
    place = os.devnull if read_end is None else f"/dev/fd/{read_end}"
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", largest, place, *command],
            cwd=directory,
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=() if read_end is None else (read_end,),
            start_new_session=True,
        )
        try:
            yield process, ends
        finally:
            if process.poll() is None:
                end_group(process)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
    finally:
        for end in ends:
            os.close(end)


class Call:
    """A command that runs: fed, listened to, and ended when nothing comes of it."""

    def __init__(self, process: subprocess.Popen[bytes], kind: Kind, name: str):
        self.output, self.said = bytearray(), bytearray()
        self._process, self._kind, self._name = process, kind, name
        self._began = self._last_sign = self._last_look = time.monotonic()
        self._work = (0.0, 0)

    def follow(self, content: bytes, ends: list[int]) -> None:
        """Go on until the command has ended and everything that it wrote has been read.

        Args:
            content: What it reads on stdin.
            ends: The pipe for that, read end first, both open; the write end is closed when all is
                written. Empty without content.
        """
        rest = memoryview(content)
        with selectors.DefaultSelector() as selector:
            for stream, kept in (
                (self._process.stdout, self.output),
                (self._process.stderr, self.said),
            ):
                assert stream is not None
                selector.register(stream, selectors.EVENT_READ, kept)
            if ends:
                os.set_blocking(ends[1], False)
                selector.register(ends[1], selectors.EVENT_WRITE)
            while selector.get_map():
                ready = selector.select(LOOK_SECONDS)
                if not ready and self._process.poll() is not None:
                    return  # A process that it left behind still holds the other end.
                for key, _ in ready:
                    if key.data is None:
                        rest = rest[_write(key.fd, rest) :]
                        if not rest:
                            selector.unregister(key.fileobj)
                            os.close(ends.pop())
                    elif chunk := os.read(key.fd, CHUNK_BYTES):
                        self._last_sign = time.monotonic()
                        key.data.extend(chunk)
                    else:
                        selector.unregister(key.fileobj)
                self._refuse_to_wait()
        self._wait()

    def _wait(self) -> None:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LOOK_SECONDS)
                return
            self._refuse_to_wait()

    def _refuse_to_wait(self) -> None:
        """End the command once it has been silent and idle, or at work, for too long.

        Raises:
            SilentError: it was ended; the sentence says why.
        """
        now, kind, reason = time.monotonic(), self._kind, None
        del self.said[: -kind.output_bytes]
        if len(self.output) > kind.output_bytes:
            reason = f"it wrote more than {kind.output_bytes / 1e6:.0f} MB"
        elif now - self._began > kind.seconds:
            reason = f"it had not ended after {kind.seconds / 60:.0f} minutes"
        elif now - self._last_look > LOOK_AT_WORK_SECONDS:
            self._last_look = now
            if self._has_worked():
                self._last_sign = now
        if reason is None and now - self._last_sign > kind.silent_seconds:
            reason = f"it sent nothing for {kind.silent_seconds:.0f} seconds"
        if reason is not None:
            raise SilentError(
                f"{self._name} was ended while {kind.in_words}: {reason}. Check that the other "
                "side, or the disk, answers, then run the same command again.",
                f"ended, since {reason}",
            )

    def _has_worked(self) -> bool:
        """Whether the group has computed or read since it was last seen to have."""
        seconds, n_bytes = 0.0, 0
        with contextlib.suppress(psutil.Error):
            leader = psutil.Process(self._process.pid)
            for member in (leader, *leader.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    spent = member.cpu_times()
                    seconds += spent.user + spent.system
                    counters = getattr(member, "io_counters", None)  # Not on every system.
                    n_bytes += counters().read_chars if counters else 0
        before = self._work
        if seconds > before[0] + LEAST_WORK_SECONDS or n_bytes > before[1] + LEAST_READ_BYTES:
            self._work = (seconds, n_bytes)
            return True
        if seconds < before[0] or n_bytes < before[1]:  # A child has ended.
            self._work = (seconds, n_bytes)
        return False


def _write(descriptor: int, content: memoryview) -> int:
    try:
        return os.write(descriptor, content[:CHUNK_BYTES])
    except BlockingIOError:
        return 0
    except BrokenPipeError:  # The command did not want it all; its exit code tells.
        return len(content)
