"""The last line of defence: an error that nobody foresaw is told as a defect, not thrown at a user.

Its traceback goes to a file, for the report of the defect.
"""

import contextlib
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from pipeline.credentials import without_credentials
from pipeline.errors import EquipoiseError
from pipeline.machine_errors import refusal_of
from pipeline.workspace import write_bytes

DEFECTS = "defects"
KEPT_DEFECTS = 20


class DefectError(EquipoiseError):
    """The program itself failed; the message names the file that holds the traceback."""

    exit_code = 1


def as_told(error: Exception, *, place: Path) -> EquipoiseError:
    """The error to show in the place of one that is no refusal.

    Args:
        error: What was raised.
        place: The workspace; elsewhere the traceback goes to the folder for temporary files.

    Returns:
        A refusal where the machine caused it (disk, rights, memory); otherwise a defect.
    """
    return refusal_of(error, place=place) or DefectError(
        f"The program failed unexpectedly ({_brief(error)}). That is a defect of the program, not "
        f"of your data; {_kept(error, place)}"
    )


def _brief(error: Exception) -> str:
    line = " ".join(without_credentials(f"{type(error).__name__}: {error}").split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _kept(error: Exception, place: Path) -> str:
    """Write the traceback down; returns where it stands, for a person."""
    lines = "".join(traceback.format_exception(error))
    text = without_credentials(lines).encode(errors="replace")
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
    private = place / ".equipoise"
    folders = [private / DEFECTS] if private.is_dir() else []
    for folder in [*folders, Path(tempfile.gettempdir())]:
        with contextlib.suppress(OSError):
            path = folder / f"equipoise-defect-{name}"
            write_bytes(path, text)
            path.chmod(0o600)
            _forget_old(folder)
            return f"{path} holds the traceback. Please report it with that file."
    return "its traceback could not be written to any folder. Please report it."


def _forget_old(folder: Path) -> None:
    for path in sorted(folder.glob("equipoise-defect-*.txt"))[:-KEPT_DEFECTS]:
        path.unlink(missing_ok=True)
