"""Where the raw data lie."""

from pathlib import Path

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams
from pipeline.sources.overlap import refuse_overlap


def resolved_path(params: SourceParams, root: Path) -> Path:
    """Where the raw data lie: absolute as declared, or from the workspace, links followed.

    A link inside the workspace may lead out of it: in the worktree of scheduled runs one leads to
    the data in the user's own tree.

    Raises:
        ParamsError: no path is declared.
        SourceError: nothing lies there, or what lies there is a place in which the product writes.
    """
    if params.path is None:
        raise ParamsError(
            f"`source.path` is missing; the kind {params.kind!r} needs the place of the raw data."
        )
    path = (root / params.path).resolve()
    if not path.exists():
        raise SourceError(
            f"There is nothing at {path} (`source.path`: {params.path!r}); correct the path, or "
            "put the raw data there."
        )
    # By its own name, which the remedy needs where it is a link.
    refuse_overlap(root / params.path, root, {})
    return path
