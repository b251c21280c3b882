"""What must hold before DVC is asked to run any stage, or the stage that takes longest."""

from pathlib import Path

from pipeline.errors import VersionError, WorkspaceError
from pipeline.params import Params
from pipeline.sources.overlap import refuse_overlap
from pipeline.sources.precheck import refuse_at_once
from pipeline.stages.code import package_of, write_code
from pipeline.versions.access import require_usable
from pipeline.versions.agreement import PIPELINE_FILE
from pipeline.versions.dvc_settings import refuse_foreign_settings
from pipeline.versions.forgetting import forget_removed
from pipeline.versions.git import Git
from pipeline.versions.graph import (
    declared_stages,
    require_watched_params,
    stage_names,
    stage_outputs,
)
from pipeline.versions.remote import effective_remote, published_config
from pipeline.versions.setup import keep_private
from pipeline.versions.vanished import refuse_vanished
from pipeline.versions.visibility import require_visible_to_dvc, require_visible_to_git
from pipeline.versions.watching import require_watching
from pipeline.versions.written_folders import written_folders
from pipeline.workspace import Workspace
from pipeline.yaml_text import read_mapping


def refuse_unready(workspace: Workspace, params: Params) -> None:
    """Refuse raw data that DVC could not even hash, and changes that it would not notice.

    Raises:
        ParamsError: `source.path` or a section is missing.
        WorkspaceError: dvc.yaml lists a stage that is no more.
        SourceError: the raw data cannot be used.
        WorkspaceError: git or DVC ignores what a run rests on, or dvc.yaml does not watch it.
        VersionError: the remote cannot be used.
    """
    refuse_removed_stages(workspace.root)
    require_watched_params(workspace.root)
    require_remote(workspace, params)
    require_noticed(workspace)
    refuse_at_once(params.source, root=workspace.root)
    if params.source.path is not None:
        path = workspace.root / params.source.path
        refuse_overlap(path, workspace.root, written_folders(workspace.root))


def refuse_removed_stages(root: Path) -> None:
    """Refuse a dvc.yaml of an earlier Equipoise, with a stage that this one does not have.

    Raises:
        WorkspaceError: there is such a stage.
    """
    folder = package_of(root) / "stages"
    for name, outputs in stage_outputs(root).items():
        if not (folder / f"{name}.py").is_file():
            raise WorkspaceError(
                f"{root / 'dvc.yaml'} lists the stage `{name}`, which this version of Equipoise "
                f"does not have. Remove the stage, and {', '.join(outputs)} from the `deps` of the "
                "stages after it."
            )


def require_remote(workspace: Workspace, params: Params) -> None:
    """Refuse a remote that the release could not use, before anything is computed.

    Raises:
        VersionError: its address is not one that a version may publish, or its folder is gone.
    """
    refuse_foreign_settings(workspace.root)
    keep_private(workspace.root)
    try:
        remote = effective_remote(workspace.root)
    except VersionError:
        # A workspace without one may compute; its release says so.
        return
    published_config(remote)
    refuse_vanished(Git(workspace.root), remote, params.release.name)


def require_noticed(workspace: Workspace) -> None:
    """Refuse a workspace in which DVC would call something unchanged that has changed.

    Raises:
        WorkspaceError: git or DVC ignores it, or dvc.yaml does not watch it.
    """
    mapping = read_mapping(workspace.params_file)
    path = workspace.root / PIPELINE_FILE
    stages = declared_stages(path.read_bytes() if path.is_file() else b"", mapping, where=str(path))
    require_visible_to_git(workspace.root)
    require_watching(stages, mapping)
    require_visible_to_dvc(workspace.root, stages)


def make_ready(workspace: Workspace, params: Params) -> None:
    """Refuse what a run could not use, and tell DVC which code is installed now.

    Raises:
        VersionError: git cannot work with the repository.
        EquipoiseError: as `refuse_unready`.
    """
    require_usable(workspace.root)
    refuse_unready(workspace, params)
    forget_removed(workspace, stage_names(workspace.root))
    write_code(workspace.root)


def refuse_futile_training(workspace: Workspace, params: Params) -> None:
    """Refuse prepared data that the trial could not part, before a generator is trained on them.

    Raises:
        ParamsError: a class has too few rows, or too few groups, for the parts asked for.
    """
    # Scikit-learn is slow to import, and a run whose generator is trained does without.
    from pipeline.trial.development import refuse_unpartable

    refuse_unpartable(workspace.prepared, params)
