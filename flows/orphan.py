"""A scheduled run ends with the runner that started it, even one that was killed."""

import os
import signal
import threading
import time

LOOK_SECONDS = 1.0


def end_with_parent() -> None:
    """Watch the parent process from now on, and end this one by SIGTERM when it is gone.

    SIGTERM, because Prefect and this product end a run's stages on it.
    """
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
