"""Taking back what DVC recorded of a stage whose inputs were edited while it ran.

DVC reads the inputs after the stage has ended, and records them as those that it was given. Such an
entry would pass for up to date for ever: in dvc.lock, and in DVC's run cache, which hands the
outputs back for those inputs.
"""

import contextlib
import io
from collections.abc import Iterable
from pathlib import Path

from ruamel.yaml import YAML

from pipeline.versions.dvc_settings import cache_directory
from pipeline.versions.lockfile import LOCK, read_stages
from pipeline.workspace import Workspace, write_bytes


def forget(workspace: Workspace, stage: str) -> None:
    """Remove a stage's entry from dvc.lock and from DVC's run cache, so that it runs again.

    Raises:
        VersionError: dvc.lock is damaged.
    """
    path = workspace.root / LOCK
    content = path.read_bytes()
    record = read_stages(content, where=str(path)).get(stage)
    if record is None:
        return
    yaml = YAML()
    lock = yaml.load(content)
    del lock["stages"][stage]
    buffer = io.BytesIO()
    yaml.dump(lock, buffer)
    write_bytes(path, buffer.getvalue())
    for run in _runs(workspace).glob("*/*/*"):
        text = run.read_text(encoding="utf-8", errors="replace")
        if record.cmd in text and all(out.md5 in text for out in record.outs):
            run.unlink()
    drop_empty_runs(workspace)


def forget_removed(workspace: Workspace, stages: Iterable[str]) -> None:
    """Remove what dvc.lock says of stages that dvc.yaml no longer lists; DVC leaves it there.

    A version would otherwise carry data that nothing made.

    Args:
        workspace: Where both files lie.
        stages: The stages that dvc.yaml lists.

    Raises:
        VersionError: dvc.lock is damaged.
    """
    path = workspace.root / LOCK
    if path.is_file():
        for stage in read_stages(path.read_bytes(), where=str(path)).keys() - set(stages):
            forget(workspace, stage)


def drop_empty_runs(workspace: Workspace) -> None:
    """Remove folders of DVC's run cache that hold no run; DVC fails at them for ever.

    A DVC that was killed between making such a folder and filling it leaves one.
    """
    for folder in _runs(workspace).glob("*/*"):
        with contextlib.suppress(OSError):  # It holds a run.
            folder.rmdir()


def _runs(workspace: Workspace) -> Path:
    cache = cache_directory(workspace.root)
    return (cache or workspace.root / ".dvc" / "cache") / "runs"
