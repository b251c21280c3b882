"""From params.yaml's `source:` section to the source it names."""

from pathlib import Path

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.digits import Digits
from pipeline.sources.glance import Glance
from pipeline.sources.idx import Idx
from pipeline.sources.image_folder import ImageFolder
from pipeline.sources.location import resolved_path
from pipeline.sources.parquet import ParquetPictures
from pipeline.sources.survey import Source
from pipeline.sources.table import Table


def open_source(
    params: SourceParams, *, root: Path, scratch: Path, glance: Glance | None = None
) -> Source:
    """The source that `params` names.

    Args:
        params: The `source` section.
        root: The workspace; a relative `path` lies inside it.
        scratch: A folder for what must wait on disk while the source is read.
        glance: Of pictures, what a plan reads; the source can be surveyed then, but not read. None
            for everything else.

    Raises:
        ParamsError: no path is declared.
        SourceError: there is nothing at its path.
    """
    if params.kind == "digits":
        return Digits()
    path = resolved_path(params, root)
    if params.kind == "image_folder":
        return ImageFolder(_folder(path), params, scratch=scratch, glance=glance)
    if params.kind == "idx":
        return Idx(_folder(path), params, scratch=scratch, glance=glance)
    if params.kind == "table":
        return Table(path, params)
    return ParquetPictures(path, params, scratch=scratch, glance=glance)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise SourceError(f"{path} is not a folder, and a folder is expected (`source.path`).")
    return path
