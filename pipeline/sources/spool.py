"""Encoded pictures on disk between the survey and the writing, so that each is decoded once.

The file has no name: it is gone with the process, however that ends.
"""

import os
import tempfile
from pathlib import Path

import numpy as np


class Spool:
    """Appends byte strings and gives them back by position; memory holds 8 bytes for each."""

    def __init__(self, directory: Path):
        directory.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115
        self._ends: list[int] = []
        self._size = 0

    def append(self, content: bytes) -> None:
        """Add one byte string at the end."""
        self._file.write(content)
        self._size += len(content)
        self._ends.append(self._size)

    def read(self, positions: np.ndarray) -> list[bytes]:
        """The byte strings at these positions, in that order."""
        self._file.flush()
        handle = self._file.fileno()
        found = []
        for position in positions.tolist():
            start = self._ends[position - 1] if position else 0
            found.append(os.pread(handle, self._ends[position] - start, start))
        return found

    def __len__(self) -> int:
        return len(self._ends)
