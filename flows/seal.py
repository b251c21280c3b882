"""What a served run must be in order to be run: of our deployment, unchanged, with our parameters.

Whoever holds the server's password can change a deployment and ask for runs. Prefect runs whatever
code a deployment names: its pull steps, its entrypoint, its job variables. The runner here takes
none of these from the server. It always runs this product's own flow, and refuses a run whose
deployment or parameters were changed, so that the change is seen.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import DeploymentResponse
from prefect.runner import Runner
from prefect.runner._flow_run_executor import ProcessStarter
from prefect.states import Failed

from pipeline.errors import ServiceError

ENTRYPOINT = "flows.augmentation.augmentation"
SERVED_VARIABLE = "EQUIPOISE_SERVED"
# Prefect's own variable: the engine imports this flow, whatever its deployment says.
_ENTRYPOINT_VARIABLE = "PREFECT__FLOW_ENTRYPOINT"
_REMEDY = (
    "Nothing was run. If you did not change it, change the password. `equipoise schedule stop` and "
    "then `equipoise schedule` set the deployment right."
)
_ASK = "Nothing was run. Ask for a run with `equipoise schedule now`."


@dataclass(frozen=True)
class Seal:
    """What may be run: this workspace's augmentation, with or without a refresh."""

    root: str

    def refuse_parameters(self, given: Mapping[str, Any]) -> None:
        """Refuse parameters that are not this workspace's.

        Raises:
            ServiceError: one is of another value, or unknown.
        """
        due: dict[str, object] = {"root": self.root, "scheduled": True}
        refresh = given.get("refresh", False)
        rest = {name: value for name, value in given.items() if name != "refresh"}
        if rest != due or rest.get("scheduled") is not True or not isinstance(refresh, bool):
            raise ServiceError(
                "The run's parameters are not those of this workspace's schedule "
                f"({', '.join(sorted(map(str, given))) or 'none'} given; root, scheduled and "
                f"refresh expected, unchanged). {_ASK}"
            )

    def refuse_deployment(self, found: DeploymentResponse) -> None:
        """Refuse a deployment that would run anything but this product's own flow.

        Raises:
            ServiceError: it was changed; the sentence names what.
        """
        changed = [
            name
            for name, is_ours in {
                "entrypoint": found.entrypoint == ENTRYPOINT,
                "pull_steps": not found.pull_steps,
                "job_variables": not found.job_variables,
                "storage": found.storage_document_id is None,
                "infrastructure": found.infrastructure_document_id is None,
                "work_pool": found.work_pool_name is None,
                "work_queue": found.work_queue_name is None,
            }.items()
            if not is_ours
        ]
        if changed:
            raise ServiceError(
                f"The deployment {found.name!r} was changed on the server "
                f"({', '.join(changed)}). {_REMEDY}"
            )
        self.refuse_parameters(found.parameters)

    def refuse_run(self, run: FlowRun) -> None:
        """Refuse a run that asks for more than its deployment gives.

        Raises:
            ServiceError: its parameters or job variables are its own.
        """
        self.refuse_parameters(run.parameters)
        if run.job_variables:
            raise ServiceError(f"The run has job variables of its own. {_ASK}")


def seal_environment(root: str) -> dict[str, str]:
    """What the processes of served runs inherit, so that each checks for itself."""
    return {SERVED_VARIABLE: root, _ENTRYPOINT_VARIABLE: ENTRYPOINT}


def unserved(given: Mapping[str, Any]) -> ServiceError | None:
    """Inside a run: why its runner does not serve these parameters; None where it does, or none."""
    served = os.environ.get(SERVED_VARIABLE)
    try:
        if served is not None:
            Seal(served).refuse_parameters(given)
    except ServiceError as error:
        return error
    return None


class SealedRunner(Runner):
    """Prefect's runner, which starts nothing but what its seal allows.

    Hooks are not looked for: Prefect would load the flow as the deployment says, in this very
    process, and ours has none.
    """

    def __init__(self, seal: Seal):
        super().__init__(pause_on_shutdown=False)
        self.seal = seal

    async def __aenter__(self) -> "SealedRunner":
        """Start as Prefect's runner does, with the seal put on what starts runs and ends them."""
        await super().__aenter__()
        poller, hooks = self._scheduled_run_poller, NoHooks()
        start = poller._resolve_starter
        poller._resolve_starter = lambda run: SealedStarter(start(run), self._client, self.seal)
        self._hook_runner = hooks  # type: ignore[assignment]
        poller._hook_runner = hooks  # type: ignore[assignment]
        self._cancellation_manager._hook_runner = hooks
        return self

    async def _run_on_cancellation_hooks(self, *_: Any) -> None:
        """There are none."""

    async def _run_on_crashed_hooks(self, *_: Any) -> None:
        """There are none."""


class NoHooks:
    """Stands where Prefect would run the hooks of a flow."""

    async def run_cancellation_hooks(self, flow_run: FlowRun, state: State[Any]) -> None:
        """There are none."""

    async def run_crashed_hooks(self, flow_run: FlowRun, state: State[Any]) -> None:
        """There are none."""


@dataclass(frozen=True)
class SealedStarter:
    """Starts a run once the seal has been compared with what the server holds now."""

    starter: ProcessStarter
    client: PrefectClient
    seal: Seal

    async def start(
        self,
        flow_run: FlowRun,
        task_status: anyio.abc.TaskStatus[Any] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Start it, or end it as refused, with the reason.

        Raises:
            ServiceError: the deployment or the run was changed.
        """
        assert flow_run.deployment_id is not None  # The poller asks for those of ours alone.
        try:
            self.seal.refuse_deployment(await self.client.read_deployment(flow_run.deployment_id))
            self.seal.refuse_run(flow_run)
        except ServiceError as error:
            refused: State[Any] = Failed(name="Refused", message=str(error))
            await self.client.set_flow_run_state(flow_run.id, refused, force=True)
            raise
        await self.starter.start(flow_run, task_status=task_status)
