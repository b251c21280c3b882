"""The errors a user can meet.

    EquipoiseError
    ├── ParamsError       params.yaml says something that cannot be meant
    ├── SourceError       the raw data cannot be used as they are
    ├── ArtifactError     a file that an earlier stage wrote is missing, damaged or of another shape
    ├── WorkspaceError    the folder is not a workspace, is busy, or lacks disk or identity
    ├── TrainingError     the training diverged or collapsed
    ├── MetricError       a number was asked for that the samples cannot give
    ├── VersionError      a release, pull, diff or verification cannot go on
    │   └── TransferError the other side did not take or give; trying again may help
    └── ServiceError      the scheduler's server or a notification cannot be reached

Every message is one or more whole sentences: what was found, where, what was expected, and the way
out. `str(error)` is shown to the user as it is, without a traceback, and the process ends with
`error.exit_code`. No message holds a user name, password or token of a URL.
"""

from collections.abc import Sequence

from pipeline.credentials import without_credentials
from pipeline.terminal import one_line

SHOWN_PROBLEMS = 20


class EquipoiseError(Exception):
    """Something the user can mend; the message says how."""

    exit_code = 2

    def __init__(self, message: object = ""):
        super().__init__(without_credentials(str(message)))


class ProblemsError(EquipoiseError):
    """Several problems found in one pass, all told together.

    Args:
        headline: One sentence that names the thing which has the problems.
        problems: A whole sentence each; the first 20 are shown, then a count.
    """

    def __init__(self, headline: str, problems: Sequence[str] = ()):
        self.headline = headline
        self.problems = tuple(problems)
        # A name from outside that holds a line feed makes no problem of its own.
        told = [one_line(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        lines = [one_line(headline), *(f"  - {problem}" for problem in told)]
        if len(self.problems) > SHOWN_PROBLEMS:
            lines.append(f"  … and {len(self.problems) - SHOWN_PROBLEMS} more.")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type["ProblemsError"], tuple[str, tuple[str, ...]]]:
        return type(self), (self.headline, self.problems)


class ParamsError(ProblemsError):
    """params.yaml says something that cannot be meant."""


class SourceError(ProblemsError):
    """The raw data cannot be used as they are."""


class ArtifactError(EquipoiseError):
    """A file that an earlier stage wrote is missing, damaged or of another shape."""


class WorkspaceError(EquipoiseError):
    """The folder is not a workspace, is busy, or lacks disk or identity."""


class TrainingError(EquipoiseError):
    """The training diverged or collapsed."""


class MetricError(EquipoiseError):
    """A number was asked for that the samples cannot give."""


class VersionError(EquipoiseError):
    """A release, pull, diff or verification cannot go on."""


class TransferError(VersionError):
    """The other side of a fetch or push did not take or give; trying again may help."""


class ServiceError(EquipoiseError):
    """The scheduler's server or a notification cannot be reached."""
