"""The door through which every call of git and DVC goes; no shell reads an argument.

Whoever calls says of what kind the call is. The kind decides which transports git may use (none at
all for a call that only reads or writes this machine's objects, so that no repository can make
git fetch what it lacks), how long the call may be silent, and how long it may take. No call
outlives this process, however that ends.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.credentials import without_credentials
from pipeline.machine_errors import refusal_in_output
from pipeline.versions.call import Call, CommandError, MissingProgramError, SilentError, started
from pipeline.versions.call_kinds import LOCAL, Kind

__all__ = ["CommandError", "MissingProgramError", "SilentError", "run_command"]
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
    "GIT_EXTERNAL_DIFF",
)
SHOWN_LINES = 8


def transport_environment(transports: Sequence[str]) -> dict[str, str]:
    """What git and everything that calls git is told about transports.

    Where the user's own environment allows fewer, those count.
    """
    own = os.environ.get("GIT_ALLOW_PROTOCOL")
    kept = [name for name in transports if own is None or name in own.split(":")]
    # An empty list would mean git's default; no transport has this name.
    return {"GIT_ALLOW_PROTOCOL": ":".join(kept) or "none", "GIT_TERMINAL_PROMPT": "0"}


def run_command(
    command: Sequence[str],
    *,
    directory: Path,
    kind: Kind = LOCAL,
    environment: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> bytes:
    """Run a command to its end and return what it wrote to stdout.

    Args:
        command: Program and arguments; no shell reads them.
        directory: The working directory.
        kind: What the command may do, and for how long.
        environment: Variables to set on top of the present ones.
        content: What the command reads on stdin.

    Raises:
        MissingProgramError: the program cannot be started.
        SilentError: it sent nothing for too long, or it took too long or wrote too much.
        CommandError: it failed; the message shows its last lines.
    """
    variables = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    variables.update({"LC_ALL": "C.UTF-8", "GIT_OPTIONAL_LOCKS": "0"})
    variables.update(transport_environment(kind.transports))
    if not kind.transports:
        variables["GIT_NO_LAZY_FETCH"] = "1"
    variables.update(environment or {})
    if not directory.is_dir():
        raise CommandError(f"{directory} is not a folder, or it cannot be read.", "")
    if shutil.which(command[0], path=variables.get("PATH")) is None:
        raise MissingProgramError(
            f"The program {command[0]!r} is not installed, or is not on the PATH. Install it, then "
            "run the same command again.",
            "",
        )
    with started(command, directory, variables, content, kind) as (process, ends):
        call = Call(process, kind, f"`{_short(command)}` in {directory}")
        call.follow(content, ends)
        code = process.wait()
    if code != 0:
        told = without_credentials((call.said or call.output).decode(errors="replace").strip())
        machine = refusal_in_output(told.splitlines(), place=directory)
        told = f"{told}\n{machine}" if machine else told
        shown = "\n".join(f"    {line}" for line in told.splitlines()[-SHOWN_LINES:])
        failed = f"`{_short(command)}` failed in {directory} (exit code {code})"
        raise CommandError(f"{failed}:\n{shown}", told)
    return bytes(call.output)


def _short(command: Sequence[str]) -> str:
    """The command as far as a person needs it: without settings, cut after a few words."""
    words = [Path(command[0]).name]
    rest = list(command[1:])
    while rest[:1] == ["-c"]:
        rest = rest[2:]
    rest = rest[1:] if rest[:1] in (["--literal-pathspecs"], ["-P"]) else rest
    words += rest
    return " ".join(words[:4]) + (" …" if len(words) > 4 else "")
