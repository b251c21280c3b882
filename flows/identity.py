"""How a workspace knows its own server, before it sends it a password.

Another program, of another user even, may listen where the server is expected. So a client sends a
number used once, and only what knows the workspace's token can answer it.
"""

import hashlib
import hmac
import os
import secrets

from flows.secret_file import secret_line
from pipeline.workspace import Workspace

IDENTITY_VARIABLE = "EQUIPOISE_SERVER_IDENTITY"
PROOF_PATH = "/equipoise/proof/"
_TOKEN_BYTES = 32


def identity(workspace: Workspace) -> tuple[str, str]:
    """Name and value of the Prefect variable by which this workspace knows that its runner is up.

    Raises:
        ServiceError: the file that holds them cannot be used.
    """
    token = identity_token(workspace)
    return f"equipoise_{token[:16]}", token[16:]


def identity_token(workspace: Workspace) -> str:
    """What this workspace's lasting server and its clients know, and nobody else.

    The place is part of it: a copy of the workspace has the file as well, and must not take the
    server of the one that it was copied from for its own.
    """
    secret = secret_line(workspace.private / "prefect" / "identity", new_token)
    return hmac.new(secret.encode(), os.fsencode(workspace.root), hashlib.sha256).hexdigest()


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_hex(_TOKEN_BYTES)


def proof_of(token: str, port: int, nonce: str) -> str:
    """What only somebody who knows the token, and listens on that port, answers to that nonce.

    The port is part of it, so that nobody can pass the question on to the true server elsewhere.
    """
    return hmac.new(token.encode(), f"{port}/{nonce}".encode(), hashlib.sha256).hexdigest()
