"""Whether git and DVC see the files on which everything rests.

Of a dvc.yaml that git ignores, DVC says that nothing has changed; of a file below the raw data that
DVC ignores, it never learns. What the product itself ignores (`data/`, `reports/`, `.equipoise/`)
is no part of this.
"""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import WorkspaceError
from pipeline.versions.agreement import SETTINGS
from pipeline.versions.dvc import run_dvc
from pipeline.versions.git import Git
from pipeline.versions.graph import CODE_FILE, DeclaredStage, read_from_outside
from pipeline.versions.lockfile import LOCK
from pipeline.versions.process import CommandError, SilentError

DVC_IGNORE = ".dvcignore"
FILES = (*SETTINGS, LOCK)
# `code.json` is made anew by each run, so that a repository may well ignore it.
COMMITTED_FILES = tuple(name for name in FILES if name != CODE_FILE)
# What a .dvcignore of this product holds, and the like: folders where no data lie.
_HARMLESS = frozenset({"__pycache__", "build", "dist", "*.egg-info"})


@dataclass(frozen=True)
class Ignored:
    """A path that is ignored, and where the pattern stands that says so."""

    path: str
    pattern: str
    place: str


def require_visible_to_git(root: Path) -> None:
    """Refuse a workspace whose own files git ignores; the folder need not be there yet.

    Raises:
        WorkspaceError: the sentence names the pattern, its file and line, and the way out.
    """
    ignored = _ignored_by_git(root, ("", *COMMITTED_FILES))
    if not ignored:
        return
    first = ignored[0]
    what = ", ".join(one.path or str(root) for one in ignored)
    told = (
        f"git ignores {what} by the pattern {first.pattern!r} ({first.place}), and DVC then calls "
        "everything unchanged."
    )
    if first.path == "":
        raise WorkspaceError(
            f"{told} Make the workspace a repository of its own, "
            f"`git init {shlex.quote(str(root))}`, or delete that pattern; then try again."
        )
    lines = " ".join(shlex.quote(f"!/{one.path}") for one in ignored)
    raise WorkspaceError(
        f"{told} Exempt them at the end of the workspace's .gitignore, "
        f"`printf '%s\\n' {lines} >> {shlex.quote(str(root / '.gitignore'))}`, "
        "or delete that pattern; then try again."
    )


def require_visible_to_dvc(root: Path, stages: Mapping[str, DeclaredStage]) -> None:
    """Refuse a .dvcignore that hides what the stages of dvc.yaml read or write.

    Raises:
        WorkspaceError: the sentence names the pattern, its file and line, and the way out.
    """
    named = {path for stage in stages.values() for path in (*stage.deps, *stage.outs)}
    inside = sorted(path for path in (*FILES, *named) if not Path(path).is_absolute())
    folders = [root / path for path in read_from_outside(stages) if (root / path).is_dir()]
    around = {root / place for path in inside for place in Path(path).parents} - {root}
    if not (_hides_much(root) or any((place / DVC_IGNORE).is_file() for place in around)):
        folders = [folder for folder in folders if _has_any(folder)]
        if not folders:
            return
    below = [path for folder in folders for path in _files_below(root, folder)]
    ignored = _ignored_by_dvc(root, [*inside, *below])
    if ignored:
        first = ignored[0]
        others = f" and {len(ignored) - 1} more" if len(ignored) > 1 else ""
        raise WorkspaceError(
            f"DVC ignores {first.path}{others} by the pattern {first.pattern!r} ({first.place}), "
            "and would call it unchanged whatever becomes of it. Delete that pattern; then try "
            "again."
        )


def _ignored_by_git(root: Path, names: Iterable[str]) -> list[Ignored]:
    """What git ignores, be it tracked or not: DVC asks for the patterns alone."""
    here = next(path for path in (root, *root.parents) if path.is_dir())
    git = Git(here)
    if not git.is_repository():
        return []
    # git names its files from here.
    top = Path(git.run("rev-parse", "--show-toplevel"))
    paths = {str(root / name) if name else str(root): name for name in names}
    asked = [path for path in paths if Path(path).resolve() != top.resolve()]
    content = "\0".join([*asked, ""]).encode()
    try:
        output = git.run(
            "check-ignore", "--verbose", "-z", "--no-index", "--stdin", content=content
        )
    except CommandError as error:
        if error.output or isinstance(error, SilentError):
            raise
        return []  # git ends with 1 where nothing is ignored.
    fields = output.split("\0")
    found = zip(fields[0::4], fields[1::4], fields[2::4], fields[3::4], strict=False)
    return [
        Ignored(paths[path], pattern, f"{os.path.normpath(top / source)}, line {line}")
        for source, line, pattern, path in found
        if not pattern.startswith("!")
    ]


def _hides_much(root: Path) -> bool:
    """Whether the workspace's .dvcignore has any pattern but harmless ones."""
    path = root / DVC_IGNORE
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.is_file() else ()
    patterns = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    return any(not pattern.startswith(".") for pattern in patterns - _HARMLESS)


def _has_any(folder: Path) -> bool:
    return any(DVC_IGNORE in names for _, _, names in os.walk(folder))


def _files_below(root: Path, folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if path.is_relative_to(root) and name != DVC_IGNORE:
                yield str(path.relative_to(root))


def _ignored_by_dvc(root: Path, paths: Iterable[str]) -> list[Ignored]:
    content = "\n".join([*paths, ""]).encode(errors="surrogateescape")
    try:
        output = run_dvc(root, "check-ignore", "--details", "--stdin", content=content)
    except CommandError as error:
        if error.output or isinstance(error, SilentError):
            raise
        return []  # DVC ends with 1 where nothing is ignored.
    found = []
    for line in output.removesuffix("\n").split("\n"):
        rule, _, path = line.partition("\t")
        source, number, pattern = rule.split(":", 2)
        if not pattern.startswith("!"):
            found.append(Ignored(path, pattern, f"{root / source}, line {number}"))
    return found
