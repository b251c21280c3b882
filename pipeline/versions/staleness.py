"""Which stages DVC would run now: one question instead of one a stage."""

import json
from collections.abc import Iterable

from pipeline.errors import VersionError
from pipeline.versions.dvc import run_dvc
from pipeline.versions.lockfile import LOCK, read_stages
from pipeline.workspace import Workspace


def first_stale(workspace: Workspace, stages: Iterable[str]) -> str | None:
    """The first of the stages that is not up to date; None when all are.

    Those before it need not be looked at one by one. Those after it must be, since what they read
    may be about to change. Where DVC cannot say, the first stage counts as stale.
    """
    ordered = list(stages)
    try:
        # By their names: of a dvc.yaml that it ignores, DVC would say that nothing has changed.
        changed = json.loads(run_dvc(workspace.root, "status", "--json", *ordered))
        recorded = read_stages((workspace.root / LOCK).read_bytes(), where=LOCK)
    except (VersionError, ValueError, OSError):
        return ordered[0] if ordered else None
    for stage in ordered:
        outs = recorded[stage].outs if stage in recorded else ()
        if (
            stage in changed
            or not outs
            or not all((workspace.root / o.path).exists() for o in outs)
        ):
            return stage
    return None
