"""Prefect's settings for this product: offline, quiet, and away from the user's own Prefect.

Prefect reads its settings when it is imported, so this module, which does not import it, must have
its say first: the commands call `configure` before they import a flow.
"""

import contextlib
import logging
import os
import tempfile

from pipeline.versions.dvc_settings import refuse_private_in_git
from pipeline.workspace import Workspace

_ALWAYS = {
    # No connection beyond this machine: server heartbeat, library telemetry, Cloud telemetry.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    # The display of `equipoise run` shows the log; the server keeps it.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_CLI_PROMPT": "false",
    # A run asked for by hand starts within three seconds, not ten; looking costs 1 % of a core.
    "PREFECT_RUNNER_POLL_FREQUENCY": "3",
    # A run that has not been heard of for 90 s is taken for dead (see `flows.runner`).
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}
# Whatever the user's own Prefect is told through the environment must not reach this one.
_NEVER = (
    "PREFECT_API_URL",
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_PROFILE",
    "PREFECT_PROFILES_PATH",
    "PREFECT_API_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    # The gate before the server knows its API by this product's own path (see `flows.gate`).
    "PREFECT_SERVER_API_BASE_PATH",
    "PREFECT_SERVER_UI_SERVE_BASE",
    "PREFECT_UI_SERVE_BASE",
)


def configure(workspace: Workspace) -> None:
    """Set what Prefect will read, for this process and those that it starts.

    Prefect's home becomes a folder of the workspace's own, so that neither knows of the other.

    Raises:
        VersionError: that folder came with the repository, so that its settings are a stranger's.
    """
    refuse_private_in_git(workspace.root)
    for name in _NEVER:
        os.environ.pop(name, None)
    os.environ.update(_ALWAYS)
    home = workspace.private / "prefect"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["PREFECT_HOME"] = str(home)


def import_prefect() -> None:
    """Import Prefect away from the current folder, whose files it takes for its own settings.

    There `.env`, `prefect.toml` and `pyproject.toml` could name, among others, a logging
    configuration that calls any function. `configure` must have been called before.
    """
    with tempfile.TemporaryDirectory(prefix="equipoise-") as folder, contextlib.chdir(folder):
        import prefect.main  # noqa: F401


def talk_to(url: str, auth: str | None) -> None:
    """Name the server whose API answers at `url`, and its password; no other is asked."""
    os.environ["PREFECT_API_URL"] = url
    if auth:
        os.environ["PREFECT_API_AUTH_STRING"] = auth


def rely_on_own_server() -> None:
    """Take a server that does not answer for gone, since it is this process's own.

    A question is asked twice more, not five times with a minute in all; and what Prefect's threads
    say of it is left unsaid, since the run's own sentence tells it.
    """
    os.environ["PREFECT_CLIENT_MAX_RETRIES"] = "2"
    os.environ["PREFECT_LOGGING_INTERNAL_LEVEL"] = "CRITICAL"
    logging.raiseExceptions = False


def sweep(workspace: Workspace) -> None:
    """Remove what Prefect's server put aside and never looks at again.

    SQLite lets one write at a time; an event that comes during another's write is tried three times
    at once and then put aside as a file, one in three runs on a busy machine.
    """
    for path in (workspace.private / "prefect" / "dlq").glob("*"):
        path.unlink(missing_ok=True)
