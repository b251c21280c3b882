"""The listing of a stored folder, as DVC keeps it: one object that names every file by its hash."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from pipeline.errors import VersionError
from pipeline.file_names import names_problem
from pipeline.outside import read_outside_json
from pipeline.versions.objects import FileObjectName

WAY_OUT = "It was not made by this product, and nothing was written; take another version."


@dataclass(frozen=True)
class Listed:
    """One file of a stored folder: path inside it, and DVC's hash."""

    path: str
    md5: str


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    md5: FileObjectName
    relpath: str


def read_listing(content: bytes, *, where: str) -> list[Listed]:
    """The files that a listing names, in its order.

    Args:
        content: The listing's bytes; anybody may have written them.
        where: Which listing, for a person.

    Raises:
        VersionError: it is no listing, or names files that cannot all lie below one folder.
    """
    entries = read_outside_json(
        content, list[_Entry], where=where, way_out=WAY_OUT, error=VersionError
    )
    problem = names_problem([entry.relpath for entry in entries])
    if problem:
        raise VersionError(f"The file names in {where} cannot be used: {problem}. {WAY_OUT}")
    return [Listed(entry.relpath, entry.md5) for entry in entries]
