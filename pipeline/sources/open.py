"""From params.yaml's `source:` section to the source it names."""

from pathlib import Path

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams
from pipeline.sources.digits import Digits
from pipeline.sources.idx import Idx
from pipeline.sources.image_folder import ImageFolder
from pipeline.sources.parquet import ParquetPictures
from pipeline.sources.survey import Source
from pipeline.sources.table import Table


def open_source(params: SourceParams, *, root: Path, scratch: Path) -> Source:
    """The source that `params` names.

    Args:
        params: The `source` section.
        root: The workspace; a relative `path` lies inside it.
        scratch: A folder for what must wait on disk while the source is read.

    Raises:
        ParamsError: the section contradicts itself.
        SourceError: there is nothing at its path.
    """
    if params.kind == "digits":
        return Digits()
    path = resolved_path(params, root)
    if params.kind == "image_folder":
        return ImageFolder(_folder(path), params, scratch=scratch)
    if params.kind == "idx":
        return Idx(_folder(path), params, scratch=scratch)
    if params.kind == "table":
        return Table(path, params)
    return ParquetPictures(path, params, scratch=scratch)


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


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise SourceError(f"{path} is not a folder, and a folder is expected (`source.path`).")
    return path
