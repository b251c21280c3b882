"""Living processes of git or DVC in a folder, which may hold its locks."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil


def processes(
    is_kind: Callable[[list[str]], bool], places: tuple[Path, ...]
) -> Iterator[psutil.Process]:
    """Living processes of a kind that work in one of the places, as far as that can be known."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            try:
                if not is_kind(process.cmdline()):
                    continue
                here = Path(process.cwd())
            except psutil.AccessDenied:
                # Of another user, whose git could only work in what both may write.
                continue
            if process.status() != psutil.STATUS_ZOMBIE and any(
                here.is_relative_to(place) for place in places
            ):
                yield process


def is_git(command: list[str]) -> bool:
    """Whether a command line is git's, or that of one of its parts."""
    return bool(command) and Path(command[0]).name.partition("-")[0] == "git"


def is_dvc(command: list[str]) -> bool:
    """Whether a command line is DVC's, called by name or as a module."""
    return any(Path(word).name == "dvc" for word in command[:4])
