"""The command line of a call of git: settings, options, and operands that cannot be options."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.versions.call_kinds import CHECKOUT, FETCH, FOREIGN_FETCH, LOCAL, PUSH
from pipeline.versions.operands import InTree, Operand, PathPattern
from pipeline.versions.process import run_command

# Every subcommand that does more than read or write this machine's objects and references.
_KINDS = {
    "checkout": CHECKOUT,
    "clone": FETCH,
    "fetch": FETCH,
    "ls-remote": FETCH,
    "push": PUSH,
    "worktree": CHECKOUT,
}
# It knows no `--end-of-options`; its operand is the hash of a commit.
_WITHOUT_MARKER = ("checkout",)
# It takes whole paths alone, and refuses to be told so.
_WITHOUT_LITERAL = ("check-ignore",)
# No submodule is read, no monitor of the file system and no upkeep in the background is started.
_SETTINGS = (
    "core.fsmonitor=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
# In a repository that is not the user's own, and in a temporary one with what such a one holds.
_FOREIGN_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "fetch.fsckObjects=true",
    "transfer.fsckObjects=true",
    "transfer.bundleURI=false",
)


def call_git(
    directory: Path,
    arguments: tuple[str | Operand, ...],
    *,
    foreign: bool,
    environment: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> bytes:
    """Run git and return what it wrote to stdout.

    Args:
        directory: Where it runs.
        arguments: The subcommand and its options, which this program's source spells out, then
            the operands, which are of types that were checked.
        foreign: Whether the repository is not the user's own, so that nothing of it may run.
        environment: Variables to set on top of the present ones.
        content: What it reads on stdin.

    Raises:
        CommandError: git failed.
    """
    settings = _SETTINGS + (_FOREIGN_SETTINGS if foreign else ())
    prefix = [word for setting in settings for word in ("-c", setting)]
    command = str(arguments[0])
    has_patterns = any(isinstance(one, PathPattern) for one in arguments)
    if not has_patterns and command not in _WITHOUT_LITERAL:
        prefix.append("--literal-pathspecs")
    kind = _KINDS.get(command, LOCAL)
    return run_command(
        ["git", *prefix, *_in_order(command, arguments)],
        directory=directory,
        kind=FOREIGN_FETCH if foreign and kind is FETCH else kind,
        environment=environment,
        content=content,
    )


def _in_order(command: str, arguments: tuple[str | Operand, ...]) -> list[str]:
    """Options, then what ends them, then operands, then `--`, then paths."""
    options = [one for one in arguments if isinstance(one, str)]
    operands = [one for one in arguments if isinstance(one, Operand)]
    paths = [one.text for one in operands if isinstance(one, InTree)]
    others = [one.text for one in operands if not isinstance(one, InTree)]
    marker = ["--end-of-options"] if others and command not in _WITHOUT_MARKER else []
    return [*options, *marker, *others, *(["--", *paths] if paths else [])]
