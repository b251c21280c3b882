"""How the last run ended, in a file that `equipoise doctor` can read without a server."""

import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pipeline.credentials import without_credentials
from pipeline.errors import ArtifactError
from pipeline.workspace import Workspace, read_json, write_json

log = logging.getLogger(__name__)
LAST_RUN_FILE = "last-run.json"


@dataclass(frozen=True)
class LastRun:
    """A run that ended by itself; one that was killed writes nothing.

    Attributes:
        state: Completed, Refused, Diverged or Failed.
        sentence: What came of it.
        ended: ISO 8601 with offset.
    """

    state: str
    sentence: str
    ended: str

    @property
    def is_good(self) -> bool:
        return self.state == "Completed"


def note_run(workspace: Workspace, state: str, sentence: str) -> None:
    """Write down how a run ended, without credentials; a full disk is told in the log alone."""
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        last = LastRun(state, without_credentials(sentence), ended)
        write_json(workspace.private / LAST_RUN_FILE, asdict(last))
    except OSError as error:
        # That a run ended well or badly must not be hidden by the note of it.
        log.warning("How the run ended could not be written down (%s).", error)


def read_last_run(workspace: Workspace) -> LastRun | None:
    """How the last run ended; None where none has, or the file is damaged."""
    try:
        return LastRun(**read_json(workspace.private / LAST_RUN_FILE))
    except (ArtifactError, TypeError):
        return None
