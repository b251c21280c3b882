"""DVC, called as a process of its own, with its site cache inside the workspace."""

import sys
from pathlib import Path

from pipeline.addresses import TRANSPORTS
from pipeline.versions.call_kinds import DATA
from pipeline.versions.dvc_files import refuse_excess_for_dvc
from pipeline.versions.dvc_settings import refuse_foreign_settings
from pipeline.versions.process import run_command, transport_environment

# Without the current folder on Python's path: what a workspace calls `json.py` is no module of DVC.
DVC = (sys.executable, "-P", "-m", "dvc")


def site_cache(root: Path) -> Path:
    """The workspace's own folder for DVC's site cache, readable by its owner alone.

    DVC's own choice, /var/tmp/dvc, is a folder that every user of the machine can write.
    """
    folder = root / ".equipoise" / "dvc"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def dvc_environment(root: Path) -> dict[str, str]:
    """Variables for every DVC process of a workspace, whose settings DVC may be run with.

    Raises:
        VersionError: the repository brings settings that could run programs.
    """
    refuse_foreign_settings(root)
    own = {"DVC_SITE_CACHE_DIR": str(site_cache(root)), "DVC_NO_ANALYTICS": "1"}
    # DVC calls git itself, for instance for data that a .dvc file imports from elsewhere.
    return own | transport_environment(TRANSPORTS)


def run_dvc(root: Path, *arguments: str, content: bytes = b"") -> str:
    """What a DVC command in the workspace prints, bytes that are no text kept as Python keeps them.

    Args:
        root: The workspace.
        arguments: The subcommand, its options and operands.
        content: What DVC reads on stdin.

    Raises:
        CommandError: DVC failed.
        EquipoiseError: it was not called, because of a file that it would read.
    """
    refuse_excess_for_dvc(root)
    return run_command(
        [*DVC, *arguments],
        directory=root,
        kind=DATA,
        environment=dvc_environment(root),
        content=content,
    ).decode(errors="surrogateescape")


def push(root: Path) -> None:
    """Send every output that dvc.lock names to the default remote.

    DVC's exit code proves nothing (with a full disk it says that all is up to date), so the caller
    compares the remote afterwards.
    """
    run_dvc(root, "push", "--quiet")
