"""From params.yaml's `source:` section to the source it names."""

from pathlib import Path

from pipeline.errors import ParamsError
from pipeline.params import SourceParams
from pipeline.sources.digits import Digits
from pipeline.sources.survey import Source


def open_source(params: SourceParams, *, root: Path) -> Source:
    """The source that `params` names; a relative `path` lies inside the workspace at `root`.

    Raises:
        ParamsError: the section contradicts itself.
    """
    if params.kind == "digits":
        return Digits()
    raise ParamsError(f"`source.kind` is {params.kind!r}, under {root}; valid: digits.")
