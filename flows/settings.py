"""Prefect's settings for this product: offline, quiet, and away from the user's own Prefect.

Prefect reads its settings when it is imported, so this module, which does not import it, must have
its say first: the commands call `configure` before they import a flow.
"""

import os

from pipeline.workspace import Workspace

_ALWAYS = {
    # No connection beyond this machine: server heartbeat, library telemetry, Cloud telemetry.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    # Under load a server needs far longer than the default of 20 s.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # The display of `equipoise run` shows the log; the server keeps it.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_CLI_PROMPT": "false",
}
# Whatever the user's own Prefect is told through the environment must not reach this one.
_NEVER = (
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_PROFILE",
    "PREFECT_PROFILES_PATH",
    "PREFECT_API_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
)


def configure(workspace: Workspace, *, api_url: str | None = None) -> None:
    """Set what Prefect will read, for this process and those that it starts.

    Args:
        workspace: Its private folder becomes Prefect's home.
        api_url: The server to talk to; None starts a temporary one for the length of the run.
    """
    for name in _NEVER:
        os.environ.pop(name, None)
    os.environ.update(_ALWAYS)
    home = workspace.private / "prefect"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["PREFECT_HOME"] = str(home)
    if api_url is None:
        os.environ.pop("PREFECT_API_URL", None)
        os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "true"
    else:
        os.environ["PREFECT_API_URL"] = api_url
