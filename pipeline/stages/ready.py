"""What must hold before DVC is asked to run any stage, or the stage that takes longest."""

from pipeline.params import Params
from pipeline.sources.precheck import refuse_at_once
from pipeline.stages.code import write_code
from pipeline.versions.graph import require_watched_params
from pipeline.workspace import Workspace


def make_ready(workspace: Workspace, params: Params) -> None:
    """Refuse raw data that DVC could not even hash, and tell DVC which code is installed now.

    Raises:
        ParamsError: `source.path` or a section is missing.
        SourceError: the raw data cannot be used.
    """
    require_watched_params(workspace.root)
    refuse_at_once(params.source, root=workspace.root)
    write_code(workspace.root)


def refuse_futile_training(workspace: Workspace, params: Params) -> None:
    """Refuse prepared data that the trial could not part, before a generator is trained on them.

    Raises:
        ParamsError: a class has too few rows, or too few groups, for the parts asked for.
    """
    # Scikit-learn is slow to import, and a run whose generator is trained does without.
    from pipeline.trial.development import refuse_unpartable

    refuse_unpartable(workspace.prepared, params)
