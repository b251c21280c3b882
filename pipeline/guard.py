"""Run a command as the leader of its process group, and end the whole group with its starter.

    python -I -S guard.py COMMAND [ARGUMENT …]        (standard library only: it must start at once)

The starter holds the write end of this process's standard input and never writes to it. When that
end closes, for whatever reason (a clean end, SIGTERM, `kill -9`, a broken machine room), nobody
is left to read what the command does, and the whole group is ended: SIGTERM, five seconds, SIGKILL.
A killed `dvc` would otherwise leave its stage training for hours.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE_SECONDS = 5.0


def main() -> int:
    """Run the command of `sys.argv` and return its exit code."""
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    lifeline = os.dup(0)
    os.set_inheritable(lifeline, False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    threading.Thread(target=_end_group_with, args=(lifeline,), daemon=True).start()
    # The guard outlives the SIGTERM that it, or its starter, sends to the group.
    process = subprocess.Popen(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = process.wait()
    return code if code >= 0 else 128 - code


def _end_group_with(lifeline: int) -> None:
    while os.read(lifeline, 1024):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
