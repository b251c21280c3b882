"""Bringing one stage up to date with what the run pinned, and proving what came of it."""

from collections.abc import Mapping

from pipeline.errors import ArtifactError, ParamsError, VersionError, WorkspaceError
from pipeline.stop_signals import go_on_unless_stopped
from pipeline.versions.agreement import params_given
from pipeline.versions.forgetting import drop_empty_runs, forget
from pipeline.versions.graph import CODE_FILE
from pipeline.versions.lockfile import LOCK, read_stages
from pipeline.versions.outputs import (
    discard,
    missing_outputs,
    recorded_outputs,
    wrong_outputs,
)
from pipeline.versions.pin import Pin, changed_outside, program_is_other, require_pinned
from pipeline.versions.stage_process import (
    LineListener,
    StageCrashError,
    StageOutcome,
    run_stage,
)
from pipeline.workspace import Workspace, read_json

# By this a stage's process (`pipeline.stages.shell`) knows which params the run has pinned.
PINNED_VARIABLE = "EQUIPOISE_PINNED_PARAMS"
# A second one, where a damaged object or file stood for what the stage had written.
ATTEMPTS = 2


def bring_up(
    workspace: Workspace,
    pin: Pin,
    stage: str,
    *,
    known_fresh: bool = False,
    on_line: LineListener = lambda _: None,
    environment: Mapping[str, str] | None = None,
    max_seconds: float = float("inf"),
) -> StageOutcome:
    """Bring one stage up to date, so that its outputs are those that dvc.lock names.

    Args:
        workspace: Where dvc.yaml lies.
        pin: What the run is made with.
        stage: Its name in dvc.yaml.
        known_fresh: DVC has said that nothing changed, so that only the outputs are looked at.
        on_line: Receives every line of the stage's output as it comes.
        environment: What is added to the stage's environment.
        max_seconds: The stage is ended after this long.

    Raises:
        EquipoiseError: the stage refused.
        WorkspaceError: what the run pinned was edited, or the outputs stay wrong.
        StageCrashError: the stage ended otherwise.
        StoppedError: a signal asked for the end.
    """
    outputs = recorded_outputs(workspace, stage)
    wrong = (
        wrong_outputs(workspace, outputs) if known_fresh else missing_outputs(workspace, outputs)
    )
    if known_fresh and outputs and not wrong:
        return StageOutcome(cached=True)

    def tell(line: str) -> None:
        go_on_unless_stopped()
        on_line(line)

    if outputs and other_program(workspace, stage):
        on_line(f"{stage}: runs again, because Equipoise or a library that it uses has changed.")
    told = {PINNED_VARIABLE: pin.digest, **(environment or {})}
    cached = True
    for _ in range(ATTEMPTS):
        go_on_unless_stopped()
        for md5 in discard(workspace, wrong):
            on_line(f"{stage}: removed the object {md5} from DVC's cache, since it is damaged.")
        drop_empty_runs(workspace)
        try:
            outcome = run_stage(
                workspace, stage, on_line=tell, environment=told, max_seconds=max_seconds
            )
        except (WorkspaceError, ParamsError, StageCrashError):
            # An edit is the likely cause, and DVC would tell it in other words.
            require_pinned(workspace, pin)
            raise
        _require_true(workspace, pin, stage)
        cached = cached and outcome.cached
        outputs = recorded_outputs(workspace, stage)
        wrong = wrong_outputs(workspace, outputs)
        if outputs and not wrong:
            return StageOutcome(cached=cached)
    paths = ", ".join(output.path for output in wrong) or "no output"
    raise WorkspaceError(
        f"After the stage `{stage}`, {workspace.root / LOCK} names {paths}, and other bytes or "
        "none stand there. Check that nothing else writes there and that the disk is not full "
        "(`equipoise doctor`), then run `equipoise run` again."
    )


def other_program(
    workspace: Workspace, stage: str, installed: Mapping[str, str] | None = None
) -> bool:
    """Whether dvc.lock names other code for a stage than is installed.

    Args:
        installed: Stage → hash of its code; left out, `code.json` tells it, which a run writes.
    """
    try:
        record = read_stages((workspace.root / LOCK).read_bytes(), where=LOCK).get(stage)
        now = read_json(workspace.root / CODE_FILE) if installed is None else installed
    except (OSError, ArtifactError, VersionError):
        # Whatever is wrong with these files is told by who needs them.
        return False
    before = record.params.get(CODE_FILE, {}).get(stage) if record else None
    return before is not None and isinstance(now, Mapping) and now.get(stage) != before


def _require_true(workspace: Workspace, pin: Pin, stage: str) -> None:
    """Take back a record that does not say what the stage was given, and stop after any edit.

    Raises:
        WorkspaceError: what the run pinned was edited.
    """
    record = read_stages((workspace.root / LOCK).read_bytes(), where=LOCK).get(stage)
    declared = pin.stages.get(stage)
    edited = set(changed_outside(workspace, pin))
    is_true = (
        record is not None
        and declared is not None
        and params_given(record, pin.files)
        and not edited.intersection(declared.deps)
        and not program_is_other(workspace, pin)
    )
    if not is_true:
        forget(workspace, stage)
    require_pinned(workspace, pin)
