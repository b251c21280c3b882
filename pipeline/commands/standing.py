"""`equipoise` alone: where the workspace stands, and what to do next."""

from collections.abc import Iterator
from pathlib import Path

from flows.schedule import read_schedule
from pipeline.last_run import read_last_run
from pipeline.lease import RUN, SCHEDULED_RUN, read_holder
from pipeline.params import load_params
from pipeline.terminal import say, say_beside
from pipeline.versions.git import Git
from pipeline.versions.graph import stage_names
from pipeline.versions.listing import Release, list_releases
from pipeline.versions.stage_run import other_program
from pipeline.versions.staleness import first_stale
from pipeline.workspace import Workspace


def show_standing(folder: Path) -> None:
    """Say where the workspace at a folder stands: version, last run, what is stale, what next.

    Raises:
        EquipoiseError: params.yaml or dvc.yaml cannot be used, or git cannot.
    """
    workspace = Workspace.at(folder)
    releases = _releases(workspace)
    stages = stage_names(workspace.root)
    stale = _first_stale(workspace, stages)
    running = _under_way(workspace)
    say_beside("Workspace:     ", workspace.root)
    say_beside("Last version:  ", _version(releases))
    say_beside("Last run:      ", _last_run(workspace, running))
    say_beside("To be run:     ", _stale(stages, stale))
    schedule = read_schedule(workspace)
    if schedule is not None:
        paused = ", paused" if schedule.paused else ""
        say_beside("Schedule:      ", f"{schedule.in_words()}{paused}")
    say("Next:")
    for command, meaning in _next(releases, stale=stale is not None, running=running is not None):
        say(f"  {command:<33} {meaning}")


def _releases(workspace: Workspace) -> list[Release]:
    git = Git(workspace.root)
    name = load_params(workspace.params_file).release.name
    return list_releases(git, name) if git.is_repository() else []


def _first_stale(workspace: Workspace, stages: tuple[str, ...]) -> str | None:
    """The first stage that a run would not leave as it is; None when all are up to date."""
    stale = first_stale(workspace, stages)
    # Late, since it reads the whole program.
    from pipeline.stages.code import code_hashes
    from pipeline.versions.graph import watches_code

    if watches_code(workspace.root):
        installed = code_hashes(stages)
        changed = (name for name in stages if other_program(workspace, name, installed))
        other = next(changed, None)
        candidates = [name for name in (stale, other) if name is not None]
        return min(candidates, key=stages.index) if candidates else None
    return stale


def _version(releases: list[Release]) -> str:
    if not releases:
        return "none yet"
    newest = releases[-1]
    promoted = "promoted" if newest.promotion is not None else "not promoted"
    gain = f", gain {newest.record.gain.short()}" if newest.record else ""
    return f"{newest.tag} of {newest.date[:10]}, {promoted}{gain}"


def _under_way(workspace: Workspace) -> str | None:
    for name in (RUN, SCHEDULED_RUN):
        holder = read_holder(workspace, name)
        if holder is not None and holder.lives(heartbeat_age_seconds=0.0):
            return str(holder)
    return None


def _last_run(workspace: Workspace, running: str | None) -> str:
    if running is not None:
        return f"one is under way: {running}"
    last = read_last_run(workspace)
    if last is None:
        return "none has ended here yet"
    sentence = " ".join(last.sentence.split())
    return f"{last.state} on {last.ended[:16].replace('T', ' ')} UTC. {sentence}"


def _stale(stages: tuple[str, ...], stale: str | None) -> str:
    if stale is None:
        return "nothing; every stage is up to date"
    after = stages[stages.index(stale) + 1 :]
    return f"{stale}, and what depends on it" if after else stale


def _next(releases: list[Release], *, stale: bool, running: bool) -> Iterator[tuple[str, str]]:
    if running:
        yield "equipoise doctor", "check the run that is under way"
    elif stale:
        yield "equipoise run --dry-run", "the plan: counts, synthetic rows, time"
        yield "equipoise run", "run what is not up to date, then release"
    if releases:
        yield "equipoise report latest", "the newest version's report"
        if any(release.promotion is not None for release in releases):
            yield "equipoise pull --to FOLDER", "the data of the promoted version"
        else:
            yield "equipoise pull latest --to FOLDER", "the newest version's data"
    if not running and not stale:
        yield "equipoise schedule --help", "run it regularly"
    yield "equipoise --help", "all commands"


def is_workspace(folder: Path) -> bool:
    """Whether a folder is a workspace, so that there is something to say of it."""
    return (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file()
