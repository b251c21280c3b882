"""What a run that did not end well left behind: a living process, or a server that waits for it."""

import contextlib
from typing import Any
from uuid import UUID

import psutil
from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from pipeline.lease import Holder

SECONDS_TO_DIE = 10.0


def end_silent(holder: Holder | None) -> None:
    """End the process of a run that the server has given up, e.g. after 90 s of silence.

    It may be frozen or hang for ever, and would keep the lease from every later run. A run that
    ends by itself gives the lease back before the server hears of its end.
    """
    if holder is None or not holder.run or not holder.is_process_here():
        return
    with get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(UUID(holder.run)).state
        except ObjectNotFound:  # Of another server, which alone can tell.
            return
    if state is None or not state.is_final():
        return
    get_run_logger().warning("The server gave up the run of %s; it was ended.", holder)
    process = psutil.Process(holder.pid)
    process.kill()
    with contextlib.suppress(psutil.TimeoutExpired):
        process.wait(SECONDS_TO_DIE)


def crash(dead: Holder) -> None:
    """Tell the server that a run's process is gone, if the run is one of its own."""
    get_run_logger().warning("The last run here was killed (%s); this one continues from it.", dead)
    if not dead.run:
        return
    state: State[Any] = Crashed(message="Its process is gone.")
    # A run by hand had a server of its own, which is gone with it.
    with get_client(sync_client=True) as client, contextlib.suppress(ObjectNotFound):
        client.set_flow_run_state(UUID(dead.run), state, force=True)
