"""Which stages DVC would run now: one question instead of one a stage."""

import json
from collections.abc import Iterable

from pipeline.errors import VersionError
from pipeline.versions.dvc import run_dvc
from pipeline.workspace import Workspace


def first_stale(workspace: Workspace, stages: Iterable[str]) -> str | None:
    """The first of the stages that is not up to date; None when all are.

    Those before it need not be looked at one by one. Those after it must be, since what they read
    may be about to change. Where DVC cannot say, the first stage counts as stale.
    """
    ordered = list(stages)
    try:
        changed = json.loads(run_dvc(workspace.root, "status", "--json"))
    except (VersionError, ValueError):
        return ordered[0] if ordered else None
    return next((stage for stage in ordered if stage in changed), None)
