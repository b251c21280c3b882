"""How many bytes have come over so far, added up from many threads."""

import threading
from collections.abc import Callable

OnProgress = Callable[[int, int], None]


def no_matter(done: int, total: int) -> None:
    """Listen to progress and do nothing."""


class Meter:
    """Tells a listener the sum of all bytes told so far, and how many there will be in all."""

    def __init__(self, total: int, listener: OnProgress):
        self._total, self._done, self._listener = total, 0, listener
        self._lock = threading.Lock()

    def add(self, n_bytes: int) -> None:
        """Count further bytes; any thread may."""
        with self._lock:
            self._done += n_bytes
            self._listener(self._done, self._total)
