"""The checks of `equipoise doctor`: each looks at one thing and finds one sentence."""

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from flows.address import DATABASE_VARIABLE
from flows.password import auth_string
from flows.schedule import next_times, read_schedule
from flows.server import is_ours, port_is_free
from pipeline.commands.places import refusals, rooms, written_places
from pipeline.credentials import without_credentials
from pipeline.errors import EquipoiseError
from pipeline.last_run import read_last_run
from pipeline.lease import RUN, SCHEDULE, SCHEDULED_RUN, read_holder
from pipeline.params import load_params
from pipeline.versions.access import NoRepositoryError, require_usable
from pipeline.versions.dvc_settings import refuse_foreign_settings
from pipeline.versions.git import Git
from pipeline.versions.graph import require_watched_params, stage_names
from pipeline.versions.leftovers import leftovers
from pipeline.versions.listing import list_releases
from pipeline.versions.remote import effective_remote
from pipeline.versions.store import open_store
from pipeline.versions.vanished import refuse_vanished
from pipeline.workspace import Workspace

Level = Literal["ok", "warning", "failure"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "failure")
GIGABYTE = 10**9
LEAST_FREE_BYTES = 2 * GIGABYTE
# An object that is surely nowhere: asking for it shows that the remote answers.
NO_OBJECT = "0" * 32
ROLES = ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT")


@dataclass(frozen=True)
class Finding:
    """What a check found, in a sentence that names the way out where one is needed."""

    level: Level
    subject: str
    sentence: str


def check_up(workspace: Workspace) -> Iterator[Finding]:
    """Every check, one after the other; one that breaks is a finding itself.

    A fault that several checks meet is told by the first one; the others say that they wait for it.
    """
    failed: dict[str, str] = {}
    for subject, check in CHECKS.items():
        try:
            level, sentence = check(workspace)
        except EquipoiseError as error:
            level, sentence = "failure", " ".join(str(error).split())
            if first := _cause(subject, sentence, failed):
                level, sentence = "warning", f"not checked; mend `{first}` first"
        except Exception as error:
            level, sentence = "failure", f"could not be checked ({type(error).__name__}: {error})"
        if level == "failure":
            failed[subject] = sentence
        yield Finding(level, subject, without_credentials(sentence))


def _cause(subject: str, sentence: str, failed: Mapping[str, str]) -> str | None:
    """The check that failed before for the same reason; None where this fault is a new one."""
    for earlier, told in failed.items():
        if told == sentence or earlier in NEEDS.get(subject, ()):
            return earlier
    return None


def versions(_: Workspace) -> tuple[Level, str]:
    """Whether what is installed is what this product was tested with."""
    wrong = []
    for line in requires("equipoise") or []:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} is {found}, due is {requirement.specifier}")
    python = ".".join(str(part) for part in sys.version_info[:3])
    if wrong:
        return "failure", f"{'; '.join(wrong)}. Install again with the constraints file."
    return "ok", f"Python {python}, prefect {version('prefect')}, dvc {version('dvc')}"


def parameters(workspace: Workspace) -> tuple[Level, str]:
    """Whether params.yaml and dvc.yaml can be used."""
    load_params(workspace.params_file)
    require_watched_params(workspace.root)
    return "ok", f"params.yaml is valid; dvc.yaml has {len(stage_names(workspace.root))} stages"


def ignored(workspace: Workspace) -> tuple[Level, str]:
    """Whether git and DVC notice every change of what a run rests on."""
    # What looks at raw data is slow to import, and every other command would wait for it.
    from pipeline.stages.ready import require_noticed

    require_noticed(workspace)
    return "ok", "git and DVC see params.yaml, dvc.yaml, dvc.lock and all that stages read"


def disk(workspace: Workspace) -> tuple[Level, str]:
    """Whether there is room for twice what the last run needed."""
    needed = max(LEAST_FREE_BYTES, 2 * _bytes_under(workspace.root / "data"))
    free = shutil.disk_usage(workspace.root).free
    told = f"{free / GIGABYTE:.1f} GB free, {needed / GIGABYTE:.1f} GB wanted"
    if free < needed:
        return "failure", f"{told}. Free some; DVC does not always notice a full disk."
    return "ok", told


def writing(workspace: Workspace) -> tuple[Level, str]:
    """Whether a file can be written in every place that a run writes to."""
    places = written_places(workspace)
    told = refusals(places)
    if told:
        return "failure", " ".join(told)
    return "ok", f"a file can be written in all {len(places)} places; {', '.join(rooms(places))}"


def git_identity(workspace: Workspace) -> tuple[Level, str]:
    """Whether versions can be committed, and under whose name."""
    try:
        git = require_usable(workspace.root)
    except NoRepositoryError:
        return "failure", "not in a git repository; run `git init`, then commit"
    if git.head() is None:
        level: Level = "failure" if read_schedule(workspace) else "warning"
        return level, "no commit yet, and scheduled runs use what is committed; run `git commit`"
    neutral = git.identity()
    # git itself says who it is, since the name may come from the environment as well.
    idents = [git.run("var", role, environment=neutral) for role in ROLES]
    who = " and ".join(dict.fromkeys(ident.rpartition(" <")[0] for ident in idents))
    if neutral:
        return (
            "warning",
            (
                f"git has no identity, or half of one; versions are made as {who}. "
                "Set one: git config user.name, git config user.email"
            ),
        )
    return "ok", f"versions are made as {who}"


def remote(workspace: Workspace) -> tuple[Level, str]:
    """Whether the remote can be reached, and verifies what it hands out."""
    refuse_foreign_settings(workspace.root)
    found = effective_remote(workspace.root)
    place = found.local_path
    if place and place.exists() and not place.is_dir():
        return "failure", f"{place} is a file, where the folder of the data is expected. Move it."
    refuse_vanished(Git(workspace.root), found, load_params(workspace.params_file).release.name)
    open_store(found).sizes([NO_OBJECT])
    if str(found.options.get("verify", "")).lower() != "true":
        return (
            "warning",
            (
                f"{found.public_url} answers, but damaged data would go unnoticed. Set "
                f"`dvc remote modify {shlex.quote(found.name)} verify true`"
            ),
        )
    return "ok", f"{found.public_url} answers and verifies"


def server(workspace: Workspace) -> tuple[Level, str]:
    """Whether the schedule's server answers, and is this workspace's own."""
    schedule = read_schedule(workspace)
    if schedule is None:
        return "ok", "none is needed without a schedule"
    address = schedule.address(auth_string(workspace))
    if is_ours(workspace, address):
        kept = "a database of its own" if os.environ.get(DATABASE_VARIABLE) else "SQLite"
        return "ok", f"{address.page} answers and is this workspace's own ({kept})"
    if port_is_free(address.host, address.port):
        return "warning", f"nobody answers at {address.page}; start it with `equipoise schedule`"
    return (
        "failure",
        (
            f"another program answers at {address.page} (or the password is missing here); choose "
            "another port for the schedule: equipoise schedule --port"
        ),
    )


def schedule_alive(workspace: Workspace) -> tuple[Level, str]:
    """Whether the schedule runs, and when its next run is due."""
    schedule = read_schedule(workspace)
    if schedule is None:
        return "ok", "none is set"
    holder = read_holder(workspace, SCHEDULE)
    if holder is None or not holder.lives(heartbeat_age_seconds=0.0):
        return "failure", f"{schedule.in_words()}, but nobody runs it; start `equipoise schedule`"
    if schedule.paused:
        return "warning", f"{schedule.in_words()}, paused; `equipoise schedule resume` goes on"
    due = next_times(schedule, after=datetime.now(UTC), count=1)[0]
    return "ok", f"{schedule.in_words()}, next at {due:%Y-%m-%d %H:%M %Z}"


def last_run(workspace: Workspace) -> tuple[Level, str]:
    """Whether a run is under way, or the last one was cut off, and how it ended otherwise."""
    for name in (RUN, SCHEDULED_RUN):
        holder = read_holder(workspace, name)
        if holder is not None and holder.lives(heartbeat_age_seconds=0.0):
            return "ok", f"one is under way: {holder}"
        if holder is not None:
            told = f"the last one was interrupted ({holder}); the next one continues from it"
            return "warning", told
    last = read_last_run(workspace)
    if last is None:
        return "ok", "none has ended here yet"
    day, sentence = last.ended[:16].replace("T", " "), " ".join(last.sentence.split())
    return ("ok" if last.is_good else "failure"), f"{last.state} at {day} UTC: {sentence}"


def locks(workspace: Workspace) -> tuple[Level, str]:
    """Whether a killed git or DVC left locks behind."""
    found = list(leftovers(workspace.root, workspace.private / "worktree"))
    if not found:
        return "ok", "no lock was left behind by git or DVC"
    told = [f"{one.path} {one.what}." for one in found if one.is_cleared]
    if told:
        told.append("The next run clears that away.")
    told += [
        f"{one.path} {one.what}: remove it with `rm {shlex.quote(str(one.path))}`."
        for one in found
        if not one.is_cleared
    ]
    return "warning", " ".join(told)


def last_version(workspace: Workspace) -> tuple[Level, str]:
    """Which version stands."""
    params = load_params(workspace.params_file)
    releases = list_releases(Git(workspace.root), params.release.name)
    if not releases:
        return "warning", "none has been released yet; `equipoise run` makes the first"
    newest = releases[-1]
    promoted = [release for release in releases if release.promotion is not None]
    standing = f"promoted is {promoted[-1].version}" if promoted else "none is promoted"
    return "ok", f"{newest.tag} of {newest.date[:16].replace('T', ' ')}; {standing}"


def clock(workspace: Workspace) -> tuple[Level, str]:
    """Whether the clock is behind what has already happened here."""
    now = datetime.now(UTC)
    written = datetime.fromtimestamp(workspace.params_file.stat().st_mtime, UTC)
    releases = list_releases(Git(workspace.root), load_params(workspace.params_file).release.name)
    latest = max([written, *(datetime.fromisoformat(release.date) for release in releases)])
    if latest > now + timedelta(minutes=5):
        return "failure", f"it shows {now:%Y-%m-%d %H:%M} UTC, but files here are newer; set it"
    return "ok", f"{now:%Y-%m-%d %H:%M} UTC"


def _bytes_under(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# Check → earlier ones without which it cannot tell anything.
NEEDS = {
    "ignored files": ("parameters",),
    "remote": ("parameters", "git"),
    "last version": ("parameters", "git"),
    "clock": ("parameters", "git"),
}
CHECKS: dict[str, Callable[[Workspace], tuple[Level, str]]] = {
    "versions": versions,
    "parameters": parameters,
    "ignored files": ignored,
    "disk": disk,
    "writing": writing,
    "git": git_identity,
    "remote": remote,
    "server": server,
    "schedule": schedule_alive,
    "last run": last_run,
    "locks": locks,
    "last version": last_version,
    "clock": clock,
}
