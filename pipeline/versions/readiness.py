"""What only a release needs, asked before anything is trained: where data and tags are to go."""

from pipeline.errors import TransferError, VersionError
from pipeline.params import Params
from pipeline.versions.access import require_usable
from pipeline.versions.git_remote import fetch_tags
from pipeline.versions.remote import effective_remote
from pipeline.versions.store import open_store
from pipeline.workspace import Workspace

# An object that is surely nowhere: asking for it shows that the remote answers.
NO_OBJECT = "0" * 32


def require_releasable(workspace: Workspace, params: Params) -> None:
    """Refuse to compute for hours what could not be released afterwards.

    Raises:
        VersionError: there is no git repository or no default remote.
        TransferError: the default remote or `release.git_remote` does not answer.
    """
    git = require_usable(workspace.root)
    remote = effective_remote(workspace.root)
    folder = remote.local_path
    if folder is not None and folder.exists() and not folder.is_dir():
        raise VersionError(
            f"The remote {folder} is no folder, and the data of a version are stored there. Remove "
            "what stands there, or name another remote with `equipoise remote set URL`."
        )
    try:
        open_store(remote).sizes([NO_OBJECT])
    except VersionError:
        raise
    except Exception as error:
        # Each protocol has errors of its own.
        reason = remote.scrub(" ".join(str(error).split())) or type(error).__name__
        raise TransferError(
            f"The remote {remote.public_url} does not answer ({reason}), and the data of a version "
            "are stored there. Check the address and the network, or name another one with "
            "`equipoise remote set URL`; then run the same command again."
        ) from None
    fetch_tags(git, params.release.git_remote, params.release.name)
