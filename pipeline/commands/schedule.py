"""`equipoise schedule`: run on a schedule, unattended; and look at it, pause, resume, stop."""

import contextlib
import logging
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psutil
import typer
from tzlocal import get_localzone_name

from flows.address import database_url
from flows.password import auth_string, declared_auth, way_in
from flows.schedule import (
    Schedule,
    checked_cron,
    checked_host,
    checked_timezone,
    next_times,
    read_schedule,
    seconds_of,
    set_paused,
    write_schedule,
)
from flows.server import is_ours, port_is_free
from flows.settings import configure, import_prefect
from pipeline.commands.examples import epilog
from pipeline.errors import ServiceError
from pipeline.lease import SCHEDULE, hold, read_holder, refuse_if_held
from pipeline.terminal import say
from pipeline.versions.worktree import committed_params
from pipeline.workspace import Workspace

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="The workspace's folder.", show_default="here")
]
STOP_SECONDS = 60.0
DEFAULT_PORT = 4200
NEARBY_PORTS = 50

schedule = typer.Typer(
    invoke_without_command=True,
    help="Run the loop on a schedule, with a server and its UI; your own files are not touched.",
)


@schedule.callback()
def start(
    context: typer.Context,
    cron: Annotated[
        str | None, typer.Option(help='Five fields of cron, e.g. "0 3 * * *" for every night at 3.')
    ] = None,
    every: Annotated[str | None, typer.Option(help="An interval: 30m, 6h, 1d.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(help="Zone of the rule.", show_default="as before, or this machine's"),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Where the server listens.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The server's port.", show_default="4200, or the next free")
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            metavar="NAME",
            help="A name by which browsers may reach the server, besides 127.0.0.1 and localhost, "
            "e.g. that of a proxy in front; may be repeated, and replaces those given before.",
        ),
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Train anew with the next seed in every run.")
    ] = False,
    background: Annotated[
        bool, typer.Option("--background", "-b", help="Return once it runs.")
    ] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Start the schedule, or take up the one that was set before.

    Runs until it is stopped, with a server on this machine whose UI shows every run and asks for a
    password. Restarts lose and double nothing. A password of your own
    (EQUIPOISE_SERVER_AUTH=user:password, needed to listen beyond this machine) and a database
    (EQUIPOISE_DATABASE_URL) come from the environment.
    """
    if context.invoked_subcommand is not None:
        return
    place = Workspace.at(workspace)
    committed_params(place)
    refuse_if_held(place, SCHEDULE)
    configure(place)
    known = _chosen(place, cron=cron, every=every, timezone=timezone)
    refreshes = refresh or (known.refresh and not (cron or every))
    chosen = replace(known, host=host or known.host, refresh=refreshes)
    if allowed_host:
        chosen = replace(chosen, allowed_hosts=tuple(map(checked_host, allowed_host)))
    _refuse_unsafe(chosen)
    chosen = replace(chosen, port=port or _port(place, chosen))
    _tell(place, chosen)
    write_schedule(place, chosen)
    if background:
        _start_in_background(place, chosen)
    else:
        _run_here(place, chosen)


@schedule.command(epilog=epilog("schedule status"))
def status(workspace: WorkspaceOption = Path()) -> None:
    """Show the schedule, whether it runs, its next times and its last runs."""
    place = Workspace.at(workspace)
    chosen = _required(place)
    holder = read_holder(place, SCHEDULE)
    alive = holder is not None and holder.lives(heartbeat_age_seconds=0.0)
    say(f"Schedule:  {chosen.in_words()}{', paused' if chosen.paused else ''}")
    say(f"Runs:      {f'yes ({holder})' if alive else 'no: start it with `equipoise schedule`'}")
    address = chosen.address(auth_string(place))
    ours = is_ours(place, address)
    told = f"{address.page} ({way_in(place)})" if ours else "does not answer"
    say(f"Server:    {told}")
    if alive and not chosen.paused:
        say(f"Next runs: {_times(chosen)}")
    if ours:
        _connect(place, chosen)
        from flows.operations import last_runs

        for line in last_runs():
            say(line)


@schedule.command(epilog=epilog("schedule pause"))
def pause(workspace: WorkspaceOption = Path()) -> None:
    """Hold runs back until `resume`; a run under way goes on."""
    _set_paused(Workspace.at(workspace), True)
    say("Paused. `equipoise schedule resume` continues it.")


@schedule.command(epilog=epilog("schedule resume"))
def resume(workspace: WorkspaceOption = Path()) -> None:
    """Let runs come due again."""
    place = Workspace.at(workspace)
    _set_paused(place, False)
    say(f"Resumed. Next runs: {_times(_required(place))}")


@schedule.command("now", epilog=epilog("schedule now"))
def run_at_once(
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Train anew with the next seed.")
    ] = False,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Have one run taken up now, besides those of the schedule."""
    place = Workspace.at(workspace)
    chosen = _required(place)
    if not is_ours(place, chosen.address(auth_string(place))):
        raise ServiceError("The schedule does not run; start it with `equipoise schedule`.")
    _connect(place, chosen)
    from flows.operations import run_now

    say(f"The run {run_now(refresh=refresh)} is due now.")


@schedule.command(epilog=epilog("schedule stop"))
def stop(workspace: WorkspaceOption = Path()) -> None:
    """End the schedule with its server and a run under way; `equipoise schedule` takes it up."""
    place = Workspace.at(workspace)
    holder = read_holder(place, SCHEDULE)
    if holder is None or not holder.lives(heartbeat_age_seconds=0.0):
        say("The schedule does not run.")
        return
    process = psutil.Process(holder.pid)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        # Its children end with it, whichever way it ends.
        process.kill()
        process.wait(STOP_SECONDS)
    say("Stopped. The schedule is kept: `equipoise schedule` starts it again.")


def _chosen(
    place: Workspace, *, cron: str | None, every: str | None, timezone: str | None
) -> Schedule:
    """The schedule that was asked for, or the one written down, in another zone if one is given.

    Raises:
        ServiceError: both rules are given, or none is and none is written down; or a rule or zone
            is not one.
    """
    if cron and every:
        raise ServiceError("Give either --cron or --every, not both.")
    if not cron and not every:
        known = read_schedule(place)
        if known is None:
            raise ServiceError(
                'No schedule is set here. Set one with --cron "0 3 * * *" or --every 6h.'
            )
        return replace(known, timezone=checked_timezone(timezone)) if timezone else known
    fresh = Schedule(
        cron=checked_cron(cron) if cron else None,
        every_seconds=seconds_of(every) if every else None,
        timezone=checked_timezone(timezone or get_localzone_name() or "UTC"),
        anchor=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    with contextlib.suppress(ServiceError):  # A damaged one is what this one replaces.
        before = read_schedule(place)
        if before:
            fresh = replace(fresh, host=before.host, port=before.port)
            return replace(fresh, allowed_hosts=before.allowed_hosts)
    return fresh


def _refuse_unsafe(chosen: Schedule) -> None:
    """Refuse here what the server would refuse, since here the sentence can still be read.

    Raises:
        ServiceError: it would listen beyond this machine without a password, or the database's
            address is of a form that it cannot use.
    """
    chosen.address(declared_auth()).refuse_if_exposed()
    database_url()


def _port(place: Workspace, chosen: Schedule) -> int:
    """The port it had, if it is free or our own server's; else the next free one.

    Raises:
        ServiceError: none near is free.
    """
    host, address = chosen.host, chosen.address(auth_string(place))
    if port_is_free(host, address.port) or is_ours(place, address):
        return address.port
    for port in range(DEFAULT_PORT, DEFAULT_PORT + NEARBY_PORTS):
        if port_is_free(host, port):
            return port
    raise ServiceError(
        f"No port from {DEFAULT_PORT} to {DEFAULT_PORT + NEARBY_PORTS} is free on {host}. "
        "Choose one with --port."
    )


def _run_here(place: Workspace, chosen: Schedule) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    from flows.supervisor import supervise

    with hold(place, "equipoise schedule", name=SCHEDULE):
        supervise(place, chosen)


def _start_in_background(place: Workspace, chosen: Schedule) -> None:
    """Start the same command as a process of its own, and wait until its server is ours.

    Raises:
        ServiceError: it ended before that.
    """
    log = place.private / "schedule.log"
    command = [sys.executable, "-m", "pipeline.cli", "schedule", "--workspace", str(place.root)]
    with log.open("a") as output:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            env=os.environ.copy(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    address = chosen.address(auth_string(place))
    while not is_ours(place, address):
        if process.poll() is not None:
            raise ServiceError(f"The schedule did not start; its log is {log}.")
        time.sleep(0.5)
    say(f"Runs in the background (process {process.pid}); its log is {log}.")


def _set_paused(place: Workspace, paused: bool) -> None:
    """Write it down for the next start, and tell the server if it runs."""
    chosen = set_paused(place, paused)
    if is_ours(place, chosen.address(auth_string(place))):
        _connect(place, chosen)
        from flows.operations import tell_paused

        tell_paused(paused)


def _connect(place: Workspace, chosen: Schedule) -> None:
    configure(place)
    os.environ.update(chosen.address(auth_string(place)).environment())
    import_prefect()


def _required(place: Workspace) -> Schedule:
    known = read_schedule(place)
    if known is None:
        raise ServiceError("No schedule is set here. Set one with `equipoise schedule --cron`.")
    return known


def _tell(place: Workspace, chosen: Schedule) -> None:
    say(f"Schedule:  {chosen.in_words()}{', paused' if chosen.paused else ''}")
    say(f"Next runs: {_times(chosen)}")
    say(f"UI:        {chosen.address(None).page} ({way_in(place)})")


def _times(chosen: Schedule) -> str:
    return ", ".join(_shown(time) for time in next_times(chosen, after=datetime.now(UTC)))


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M %Z}"
