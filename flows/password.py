"""The password of a workspace's server: the one that the environment names, or one of its own."""

import os
import re
import secrets
from pathlib import Path

from flows.secret_file import secret_line
from pipeline.errors import ServiceError
from pipeline.workspace import Workspace

# Secrets come through the environment alone: a command line is readable by everyone.
AUTH_VARIABLE = "EQUIPOISE_SERVER_AUTH"
_USER = "equipoise"
_RANDOM_BYTES = 32
# Prefect compares texts of ASCII alone, and a browser sends no line break.
_AUTH = re.compile(r"[!-9;-~][ -9;-~]*:[ -~]*[!-~]")


def password_file(workspace: Workspace) -> Path:
    """Where the workspace's own password lies, one line as the UI's form takes it."""
    return workspace.private / "server-password"


def declared_auth() -> str | None:
    """The "user:password" that the environment names, whatever it is; None without one."""
    return os.environ.get(AUTH_VARIABLE) or None


def auth_string(workspace: Workspace) -> str:
    """The server's "user:password": what the environment names, else the workspace's own.

    Raises:
        ServiceError: the environment names something else, or the file cannot be used.
    """
    declared = declared_auth()
    if declared is None:
        return secret_line(password_file(workspace), random_auth)
    if not _AUTH.fullmatch(declared):
        raise ServiceError(
            f"{AUTH_VARIABLE} is not user:password in plain ASCII characters. Set it so, or leave "
            f"it out: the password is then made for you, in {password_file(workspace)}."
        )
    return declared


def random_auth() -> str:
    """A "user:password" that nobody can guess."""
    return f"{_USER}:{secrets.token_urlsafe(_RANDOM_BYTES)}"


def way_in(workspace: Workspace) -> str:
    """How a person gets into the UI, in words that do not hold the password."""
    if declared_auth() is not None:
        return f"it asks for a password: all of {AUTH_VARIABLE}, user:password"
    return f"it asks for a password: the line in {password_file(workspace)}"
