"""Telling people through Prefect's own notification blocks; a failing one never fails a run.

params.yaml names blocks as `type/name`, e.g. `slack-webhook/team` or `email/team`. Their secrets
live in the schedule's database, encrypted, and nowhere else.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefect import get_run_logger, task
from prefect.blocks.abstract import NotificationBlock
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.blocks import load_block
from flows.mail import Email
from pipeline.credentials import without_credentials
from pipeline.errors import EquipoiseError, ServiceError
from pipeline.versions.git_remote import UnpushedError
from pipeline.versions.release import ReleaseOutcome
from pipeline.versions.worktree import committed_params
from pipeline.workspace import Workspace

RETRY_SECONDS: list[float] = [2, 10]
# Prefect loads a saved block only where its class is known.
OWN_BLOCKS = (Email,)


@dataclass(frozen=True)
class Occasion:
    """What people are told."""

    subject: str
    body: str

    @classmethod
    def of_release(cls, outcome: ReleaseOutcome) -> "Occasion":
        """A new version: promoted, or held back by its verdict."""
        state = "promoted" if outcome.promoted else "held back: released, but not promoted"
        return cls(f"Equipoise: {outcome.tag} {state}", without_credentials(outcome.sentence))

    @classmethod
    def of_failure(cls, error: Exception) -> "Occasion":
        """A run that did not end well; the last good version stays, if no new one stands yet."""
        told = str(error) if isinstance(error, EquipoiseError) else type(error).__name__
        stays = "" if isinstance(error, UnpushedError) else "\nThe last version stays as it is."
        return cls("Equipoise: a run failed", f"{told}{stays}")


def committed_receivers(workspace: Workspace) -> tuple[str, ...]:
    """The blocks that the newest commit names; the user's own branch's where that is broken.

    A scheduled run that fails because of what is committed must still reach somebody.
    """
    for own in (False, True):
        with contextlib.suppress(EquipoiseError):
            return committed_params(workspace, own=own).run.notify
    return ()


def notify(blocks: Sequence[str], occasion: Occasion) -> None:
    """Send the occasion through every block; those that fail are named in the log."""
    for block in blocks:
        state = send(block, occasion.subject, occasion.body, return_state=True)
        if not state.is_completed():
            # The reason may hold an address with a password; the task's own log has its class.
            get_run_logger().warning("The notification through %s could not be sent.", block)


class UnsentError(ServiceError):
    """A block could not send; trying again may help."""


def may_pass(_task: object, _run: object, state: State[Any]) -> bool:
    """Whether trying again may help: not where there is no such block."""
    return isinstance(state.result(raise_on_failure=False), UnsentError)


@task(
    name="notify",
    task_run_name="notify {block}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=may_pass,
)
def send(block: str, subject: str, body: str) -> None:
    """Send one message through one block.

    Raises:
        ServiceError: there is no such block, or it could not send; addresses are left out.
    """
    try:
        loaded = load_block(block)
    except ValueError:
        raise ServiceError(
            f"There is no block {block}. Make it in the UI under Blocks; params.yaml names it as "
            "`type/name`."
        ) from None
    except Exception as error:
        raise UnsentError(
            f"The block {block} could not be read ({type(error).__name__}). Look at it in the UI "
            "under Blocks."
        ) from None
    try:
        assert isinstance(loaded, NotificationBlock)
        # Without this, blocks keep to themselves that nothing arrived.
        with loaded.raise_on_failure():
            _ = loaded.notify(body, subject=subject)
    except Exception as error:
        raise UnsentError(
            f"The block {block} could not send ({type(error).__name__}). Try it in the UI under "
            "Blocks."
        ) from None
