"""What can be refused before DVC looks at the raw data.

DVC hashes every file below `source.path` before the prepare stage starts. A pipe among them would
hang it for ever, and a name that is not UTF-8 or a file without read rights would end it with a
message of its own.
"""

import os
import stat
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.folder_walk import walk
from pipeline.sources.location import resolved_path


def refuse_at_once(params: SourceParams, *, root: Path) -> None:
    """Check names and kinds of files; no file is opened.

    Raises:
        ParamsError: no path is declared.
        SourceError: nothing lies there, or something that cannot be a file of data.
    """
    if params.kind == "digits":
        return
    path = resolved_path(params, root)
    problems = _special_files(path)
    if params.kind == "image_folder" and path.is_dir() and not problems:
        problems = walk(path, params.folders).problems
    if problems:
        raise SourceError(f"The data at {path} cannot be used:", problems)


def _special_files(path: Path) -> list[str]:
    """A sentence for each thing at or below `path` that DVC could not hash."""
    if not path.is_dir():
        return _problems_of(path, path.name)
    problems: list[str] = []
    for folder, folders, names in os.walk(path):
        for name in [*folders, *names]:
            whole = Path(folder, name)
            problems += _problems_of(whole, str(whole.relative_to(path)))
    return problems


def _problems_of(path: Path, shown: str) -> list[str]:
    try:
        shown.encode()
    except UnicodeEncodeError:
        return [f"The name {shown!r} is not valid UTF-8; rename it."]
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return [f"{shown} leads nowhere or in a circle ({error.strerror}); mend or delete it."]
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return [f"{shown} is a pipe, socket or device, not a file; delete it from the folder."]
    if not os.access(path, os.R_OK):
        return [f"{shown} cannot be read (Permission denied); check its rights, or delete it."]
    return []
