"""Running git and dvc as processes of their own, never through a shell."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import VersionError

# Set by git itself inside hooks and worktree commands; they would point our calls elsewhere.
_FOREIGN = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
)
SHOWN_LINES = 8


class CommandError(VersionError):
    """A command ended with a failure; `output` holds what it said."""

    def __init__(self, message: str, output: str):
        super().__init__(message)
        self.output = output


def run_command(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> bytes:
    """Run a command to its end and return what it wrote to stdout.

    Args:
        command: Program and arguments; no shell reads them.
        directory: The working directory.
        environment: Variables to set on top of the present ones.
        content: What the command reads on stdin; nothing when None.

    Raises:
        CommandError: the program is missing or failed; the message shows its last lines.
    """
    variables = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    variables.update({"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"})
    variables.update(environment or {})
    try:
        finished = subprocess.run(
            list(command),
            cwd=directory,
            env=variables,
            input=content if content is not None else b"",
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise CommandError(
            f"The program {command[0]!r} is not installed, or {directory} does not exist.", ""
        ) from None
    if finished.returncode != 0:
        told = (finished.stderr or finished.stdout).decode(errors="replace").strip()
        shown = "\n".join(f"    {line}" for line in told.splitlines()[-SHOWN_LINES:])
        failed = f"`{_short(command)}` failed in {directory} (exit code {finished.returncode})"
        raise CommandError(f"{failed}:\n{shown}", told)
    return finished.stdout


def _short(command: Sequence[str]) -> str:
    words = [Path(command[0]).name, *command[1:]]
    return " ".join(words[:4]) + (" …" if len(words) > 4 else "")
