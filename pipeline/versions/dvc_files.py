"""The files that DVC reads, judged before DVC reads them: its own reader has no limits."""

import shlex
from pathlib import Path

from pipeline.errors import ParamsError, VersionError, WorkspaceError
from pipeline.versions.git import Git
from pipeline.versions.operands import PathPattern
from pipeline.yaml_text import judge_file

_READ_BY_DVC = tuple(map(PathPattern.below, ("dvc.yaml", "dvc.lock", "*.dvc")))
_AT_THE_ROOT = ("params.yaml", "dvc.yaml", "dvc.lock")


def refuse_excess_for_dvc(root: Path) -> None:
    """Refuse a file that would take DVC long to read, or that it could not read at all.

    DVC reads every dvc.yaml, dvc.lock and *.dvc of a workspace, whatever it is asked to do.

    Raises:
        ParamsError: params.yaml is such a file.
        WorkspaceError: another file is; the sentence says how to get it back.
    """
    for name in sorted({*_AT_THE_ROOT, *_listed(root)}):
        path = root / name
        # A device or a pipe is judged as well: git holds links, and DVC would read to no end.
        if not path.exists() or path.is_dir() or name.startswith(".dvc/"):
            continue
        try:
            judge_file(path)
        except ParamsError as error:
            if name == "params.yaml":
                raise
            raise WorkspaceError(
                f"{name} cannot be read, as after a merge with conflicts ({error}) Restore it with "
                f"`git checkout -- {shlex.quote(name)}`, or delete it: a dvc.lock is "
                "written anew, and what is in the cache is found again."
            ) from None


def _listed(root: Path) -> list[str]:
    """What git knows of, and what is new and not ignored; nothing outside of a repository."""
    options = ("-z", "--cached", "--others", "--exclude-standard")
    try:
        listed = Git(root).run("ls-files", *options, *_READ_BY_DVC)
    except VersionError:
        return []
    return [name for name in listed.split("\0") if name]
