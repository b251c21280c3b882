"""The lease of a workspace: one run at a time, and a dead holder never blocks the living.

The lease names its holder by process id, boot id and start time, so that a recycled process id or a
restarted machine is never taken for a living run. The start is counted in clock ticks since boot,
which no step of the clock changes; a system without /proc tells it in seconds since 1970. Where the
holder belongs to another machine or container, which cannot be asked, the age of its heartbeat
decides.
"""

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil

from pipeline.errors import WorkspaceError
from pipeline.workspace import Workspace, write_json

HEARTBEAT_SECONDS = 15.0
STALE_SECONDS = 120.0
# As far as a clock may have been set while a process whose start is known by the clock ran.
CLOCK_STEP_SECONDS = 60.0
# What can be held: the user's own tree, the worktree of scheduled runs, the schedule itself.
RUN = "run"
SCHEDULED_RUN = "scheduled-run"
SCHEDULE = "schedule"
Clock = Literal["ticks", "epoch"]


@dataclass(frozen=True)
class Holder:
    """Who holds a lease: enough to find the process again, and to name it to a person.

    Attributes:
        started: When the process began, as `clock` counts it.
        clock: "ticks" since boot, or "epoch": seconds since 1970, as older leases have it.
        purpose: The command, for a person.
        run: The flow run's id, so that whoever finds the holder dead can tell the server; or "".
    """

    pid: int
    started: float
    boot: str
    pid_namespace: int
    host: str
    purpose: str
    since: str
    run: str = ""
    clock: Clock = "epoch"

    @classmethod
    def this_process(cls, purpose: str, run: str = "") -> "Holder":
        """The running process as a holder."""
        started, clock = start_of(os.getpid())
        return cls(
            pid=os.getpid(),
            started=started,
            clock=clock,
            boot=boot_id(),
            pid_namespace=_pid_namespace(),
            host=socket.gethostname(),
            purpose=purpose,
            since=datetime.now(UTC).isoformat(timespec="seconds"),
            run=run,
        )

    def is_process_here(self) -> bool:
        """Whether it is a living process that this one could end."""
        here = (self.boot, self.pid_namespace) == (boot_id(), _pid_namespace())
        return here and self._process_lives()

    def lives(self, *, heartbeat_age_seconds: float) -> bool:
        """Whether the holder still runs, as well as this machine can know."""
        if (self.boot, self.pid_namespace) == (boot_id(), _pid_namespace()):
            return self._process_lives()
        if self.host == socket.gethostname() and self.boot != boot_id():
            return False
        return heartbeat_age_seconds < STALE_SECONDS

    def _process_lives(self) -> bool:
        try:
            if psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE:
                return False
            started, clock = start_of(self.pid)
            if self.clock == "epoch" and clock == "ticks":
                started, clock = float(psutil.Process(self.pid).create_time()), "epoch"
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            return False
        # Ticks are exact. Seconds since 1970 follow the clock, which may have been set meanwhile;
        # the process id alone would have to come round within that time to be mistaken.
        tolerance = 0.0 if clock == "ticks" else CLOCK_STEP_SECONDS
        return clock == self.clock and abs(started - self.started) <= tolerance

    def __str__(self) -> str:
        return f"`{self.purpose}`, process {self.pid} on {self.host}, since {self.since}"


_TYPES: dict[str, type | tuple[type, ...]] = {
    "pid": int,
    "started": (int, float),
    "pid_namespace": int,
    **dict.fromkeys(("boot", "host", "purpose", "since", "run", "clock"), str),
}


@dataclass(frozen=True)
class Lease:
    """A lease that is held. `predecessor` is a holder that died without giving it back."""

    holder: Holder
    predecessor: Holder | None


def boot_id() -> str:
    """What tells one boot of this machine from the next."""
    path = Path("/proc/sys/kernel/random/boot_id")
    if path.is_file():
        return path.read_text(encoding="ascii").strip()
    return str(int(psutil.boot_time()))


def start_of(pid: int) -> tuple[float, Clock]:
    """When a process began: clock ticks since boot where /proc tells them, else seconds since 1970.

    Raises:
        FileNotFoundError, ProcessLookupError: there is no such process (any more).
        psutil.NoSuchProcess: the same, on a system without /proc.
    """
    if not Path("/proc/self/stat").is_file():
        return float(psutil.Process(pid).create_time()), "epoch"
    # The second field is the program's name in parentheses, which may hold any character.
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return float(fields[19]), "ticks"


@contextlib.contextmanager
def hold(workspace: Workspace, purpose: str, *, name: str = RUN, run: str = "") -> Iterator[Lease]:
    """Hold one of the workspace's leases while the block runs.

    Raises:
        WorkspaceError: at once, when a living process holds it; the sentence says who.
    """
    path = lease_file(workspace, name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    holder = Holder.this_process(purpose, run)
    with _doorway(path):
        predecessor = refuse_if_held(workspace, name)
        write_json(path, asdict(holder))
    stopped = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, stopped), daemon=True)
    beat.start()
    try:
        yield Lease(holder=holder, predecessor=predecessor)
    finally:
        stopped.set()
        beat.join()
        with _doorway(path):
            if read_holder(workspace, name) == holder:
                path.unlink()


def refuse_if_held(workspace: Workspace, name: str = RUN) -> Holder | None:
    """Who died without giving the lease back, if anybody did.

    Raises:
        WorkspaceError: a living process holds it; the sentence says who.
    """
    present = read_holder(workspace, name)
    if present is not None and present.lives(
        heartbeat_age_seconds=_age(lease_file(workspace, name))
    ):
        raise WorkspaceError(
            f"{workspace.root} is in use by {present}. Wait until that has ended, or end it, "
            "then try again."
        )
    return present


def read_holder(workspace: Workspace, name: str = RUN) -> Holder | None:
    """Who the lease names, dead or alive; None when nobody holds it or the file is damaged."""
    try:
        holder = Holder(**json.loads(lease_file(workspace, name).read_bytes()))
        is_whole = all(isinstance(getattr(holder, key), kind) for key, kind in _TYPES.items())
        return holder if is_whole and 0 < holder.pid < 2**31 else None
    except (FileNotFoundError, ValueError, TypeError, RecursionError):
        return None


def lease_file(workspace: Workspace, name: str = RUN) -> Path:
    """Where a lease of a workspace lies."""
    return workspace.private / f"{name}.lease"


@contextlib.contextmanager
def _doorway(path: Path) -> Iterator[None]:
    """One process at a time looks at the lease and changes it."""
    with path.with_suffix(".door").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def _beat(path: Path, stopped: threading.Event) -> None:
    while not stopped.wait(HEARTBEAT_SECONDS):
        with contextlib.suppress(OSError):
            os.utime(path)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # Given back between two looks.
        return STALE_SECONDS


def _pid_namespace() -> int:
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0
