"""Where the raw data lie."""

from pathlib import Path

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams


def resolved_path(params: SourceParams, root: Path) -> Path:
    """Where the raw data lie: absolute as declared, or inside the workspace.

    Raises:
        ParamsError: no path is declared, or a relative one leaves the workspace.
        SourceError: nothing lies there.
    """
    if params.path is None:
        raise ParamsError(
            f"`source.path` is missing; the kind {params.kind!r} needs the place of the raw data."
        )
    path = (root / params.path).resolve()
    if not Path(params.path).is_absolute() and not path.is_relative_to(root.resolve()):
        raise ParamsError(
            f"`source.path` is {params.path!r}, which leaves the workspace {root}; give an "
            "absolute path to data outside it, or a path inside."
        )
    if not path.exists():
        raise SourceError(
            f"There is nothing at {path} (`source.path`: {params.path!r}); correct the path, or "
            "put the raw data there."
        )
    return path
