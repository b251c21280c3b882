"""`equipoise run`: the whole loop in a workspace, watched."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from flows.address import lasting_database
from flows.server import temporary_server
from flows.settings import configure, import_prefect, rely_on_own_server, talk_to
from pipeline.commands.places import refuse_unwritable
from pipeline.commands.progress import screen
from pipeline.lease import refuse_if_held
from pipeline.params import Params, load_params
from pipeline.params_edit import set_replicates
from pipeline.stop_signals import SIGNAL_EXIT, noting_signals, stop_signal
from pipeline.terminal import complain, say, say_beside
from pipeline.versions.access import require_usable
from pipeline.versions.git import Git
from pipeline.versions.graph import require_watched_params, stage_names
from pipeline.versions.listing import list_releases
from pipeline.versions.stage_process import StageCrashError
from pipeline.workspace import Workspace


def run(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="The workspace's folder.", show_default="here")
    ] = Path(),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print the plan: counts, what is drawn, time.")
    ] = False,
    replicates: Annotated[
        int | None,
        typer.Option(
            "--replicates",
            min=2,
            max=1000,
            help="Repeat the trial this often in all; what was computed before is kept.",
        ),
    ] = None,
) -> None:
    """Run the whole loop: every stale stage, then a new version if anything changed.

    Unchanged stages are not run again, and an unchanged result makes no new version. The exit code
    is 0 when the loop ran to its end, 2 when something needs your hand (one sentence says what),
    1 when the program itself failed, and 128 and the signal's number when one stopped it (130 for
    Ctrl-C, 143 for SIGTERM).

    `--replicates` is written to params.yaml as `trial.replicates`, so that the version that comes
    of the run says so and can be made again; the next run keeps it.
    """
    place = Workspace.at(workspace)
    params = _with_replicates(load_params(place.params_file), replicates)
    require_watched_params(place.root)
    if dry_run:
        _show_plan(place, params)
        return
    require_usable(place.root)
    refuse_if_held(place)
    refuse_unwritable(place)
    # Data and settings that cannot be used are refused before a server is started.
    from pipeline.stages.ready import refuse_unready

    refuse_unready(place, params)
    if replicates is not None and (told := set_replicates(place.params_file, replicates)):
        say(told)
    before = _newest_tag(place, params.release.name)
    try:
        sentence, stopped = _until_stopped(place)
    except StageCrashError as error:
        complain(error)
        raise typer.Exit(error.exit_code) from None
    if stopped is not None:
        newest = _newest_tag(place, params.release.name)
        complain(_how_it_stopped(newest if newest != before else None))
        raise typer.Exit(SIGNAL_EXIT + stopped)
    say(sentence)
    for line in _where_to_read(place, params.release.name):
        say(line)


def _until_stopped(place: Workspace) -> tuple[str, int | None]:
    """The run's sentence, and the signal that stopped it, if one did."""
    with noting_signals():
        try:
            sentence = _watched(place)
        except BaseException as error:
            # What comes up after a signal is how the run ends, not why.
            if stop_signal() is None and not isinstance(error, KeyboardInterrupt):
                raise
            return "", stop_signal() or signal.SIGINT
        return sentence, stop_signal()


def _how_it_stopped(released: str | None) -> str:
    if released is None:
        return "Stopped; nothing was released. The same command continues from here."
    return (
        f"Stopped; {released} had already been released and stays. The same command does what is "
        "left, such as pushing its tags."
    )


def _newest_tag(place: Workspace, name: str) -> str | None:
    git = Git(place.root)
    releases = list_releases(git, name) if git.is_repository() else []
    return releases[-1].tag if releases else None


def _with_replicates(params: Params, replicates: int | None) -> Params:
    if replicates is None:
        return params
    trial = params.trial.model_copy(update={"replicates": replicates})
    return params.model_copy(update={"trial": trial})


def _show_plan(place: Workspace, params: Params) -> None:
    # pandas and its like are slow to import, and every other command would wait for them.
    from pipeline.commands.plan import plan
    from pipeline.commands.plan_page import lines_of

    for line in lines_of(plan(place, params)):
        text = line.lstrip(" ")
        say_beside(" " * (len(line) - len(text)), text)


def _watched(place: Workspace) -> str:
    """Call the flow with a server of its own, and show what it does; returns its sentence."""
    configure(place)
    database = lasting_database(place)
    with temporary_server(place) as server:
        talk_to(server.address.url, server.address.auth)
        rely_on_own_server()
        # Prefect takes seconds to import, time in which the server starts.
        import_prefect()
        from flows.audience import watching
        from flows.augmentation import augmentation, finish_telling
        from flows.blocks import kept_in

        server.wait_until_up()
        try:
            with (
                screen((*stage_names(place.root), "release")) as audience,
                watching(audience),
                kept_in(database),
            ):
                return str(augmentation(str(place.root)))
        except Exception:
            server.require_alive()
            raise
        finally:
            finish_telling()


def _where_to_read(place: Workspace, name: str) -> Iterator[str]:
    """The paths of the report, of the newest version's page, and of the index."""
    yield f"Report: {place.report_file}"
    releases = list_releases(Git(place.root), name)
    page = place.reports / "versions" / f"{releases[-1].version}.html" if releases else None
    if page is not None and page.is_file():
        yield f"The same with version and date: {page}"
    yield f"All versions: {place.reports / 'index.html'}"
