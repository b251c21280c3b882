"""How many cores and how much memory this process may use, and how work is shared over them."""

import contextlib
import os
from pathlib import Path

import psutil

# What a process with torch loaded takes before it holds any data.
PROCESS_BYTES = 700 * 2**20
# Of control groups, version 2 and version 1; a machine without a limit has a word or a huge number.
MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def usable_cores() -> int:
    """Cores that this process may use: fewer than the machine has under an affinity or a quota."""
    # Late, since it is slow to import and commands that only look need no count.
    import joblib

    found: int = joblib.cpu_count()
    return found


def usable_bytes() -> int:
    """Memory that this process and its children may use together, free or not."""
    limits: list[int] = [psutil.virtual_memory().total]
    for path in MEMORY_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            limits.append(int(path.read_text()))
    return min(limits)


def processes_at_once(wanted: int | None = None, *, bytes_each: int = 0) -> int:
    """How many processes run side by side: what was asked for, or one a core that has the memory.

    By all the memory of the machine and not by what is free at the moment, so that the same machine
    shares its cores in the same way every time.

    Args:
        wanted: What params.yaml asks for; None leaves it to the machine.
        bytes_each: What the data take in each process.
    """
    if wanted is not None:
        return wanted
    fitting = usable_bytes() // (PROCESS_BYTES + bytes_each)
    return max(1, min(usable_cores(), fitting))


def threads_here() -> int:
    """Threads of a process that runs alone, or beside others that torchrun started with it."""
    return max(1, usable_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
