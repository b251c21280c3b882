"""Who can change the deployment on the server still has only this product's own flow run."""

import asyncio
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.flow_engine import load_flow
from prefect.runner import Runner
from prefect.states import Cancelling

from flows import augmentation as flow
from flows.seal import (
    ENTRYPOINT,
    SERVED_VARIABLE,
    NoHooks,
    Seal,
    SealedRunner,
    SealedStarter,
    seal_environment,
)
from pipeline.errors import ServiceError

ROOT = "/srv/dataset"
OURS = {"root": ROOT, "scheduled": True, "refresh": False}
SHELL = [{"prefect.deployments.steps.run_shell_script": {"script": "touch /tmp/owned"}}]
CHANGES = {
    "pull_steps": {"pull_steps": SHELL},
    "entrypoint": {"entrypoint": "os.system"},
    "file entrypoint": {"entrypoint": "/tmp/evil.py:flow"},
    "no entrypoint": {"entrypoint": None},
    "environment": {"job_variables": {"env": {"LD_PRELOAD": "/tmp/evil.so"}}},
    "command": {"job_variables": {"command": "touch /tmp/owned"}},
    "storage": {"storage_document_id": uuid.uuid4()},
    "infrastructure": {"infrastructure_document_id": uuid.uuid4()},
    "work pool": {"work_pool_name": "evil"},
    "parameters": {"parameters": {**OURS, "root": "/tmp/evil"}},
}
PARAMETERS = [
    {},
    {"root": "/tmp/evil", "scheduled": True},
    {"root": f"{ROOT}/", "scheduled": True},
    {"root": ROOT, "scheduled": False},
    {"root": ROOT, "scheduled": 1},
    {"root": ROOT, "scheduled": "yes"},
    {"root": ROOT},
    {"root": [ROOT], "scheduled": True},
    {**OURS, "refresh": "yes"},
    {**OURS, "refresh": 1},
    {**OURS, "refresh": None},
    {**OURS, "more": 1},
    {**OURS, "root": {"__prefect_kind": "jinja", "template": ROOT}},
]


def deployment(**changes):
    values = {"entrypoint": ENTRYPOINT, "parameters": OURS, **changes}
    return DeploymentResponse(id=uuid.uuid4(), name="scheduled", flow_id=uuid.uuid4(), **values)


def run(**values):
    values = {"parameters": OURS, "deployment_id": uuid.uuid4(), **values}
    return FlowRun(flow_id=uuid.uuid4(), **values)


@dataclass
class Server:
    """Stands for the server: what it holds, and what states it is told."""

    holds: DeploymentResponse
    states: list = field(default_factory=list)

    async def read_deployment(self, _):
        return self.holds

    async def set_flow_run_state(self, _, state, force):
        self.states.append(state)


@dataclass
class Starter:
    """Stands for what would start a process."""

    started: list = field(default_factory=list)

    async def start(self, flow_run, task_status):
        self.started.append(flow_run)


def start(holds, given):
    server, starter = Server(holds), Starter()
    sealed = SealedStarter(starter, server, Seal(ROOT))
    asyncio.run(sealed.start(given))
    return server, starter


@pytest.mark.parametrize("refresh", [{}, {"refresh": False}, {"refresh": True}])
def test_what_this_product_asks_for_is_started(refresh):
    _, starter = start(deployment(), run(parameters={"root": ROOT, "scheduled": True, **refresh}))
    assert len(starter.started) == 1


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_deployment_that_was_changed_is_not_run_and_the_run_says_why(change):
    server, starter = Server(deployment(**change)), Starter()
    with pytest.raises(ServiceError):
        asyncio.run(SealedStarter(starter, server, Seal(ROOT)).start(run()))
    assert starter.started == []
    [state] = server.states
    assert (state.type, state.name) == (StateType.FAILED, "Refused")
    assert "Nothing was run." in state.message


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_a_run_with_parameters_of_its_own_is_not_run(parameters):
    with pytest.raises(ServiceError, match="are not those of this workspace's schedule"):
        start(deployment(), run(parameters=parameters))


def test_a_run_with_job_variables_of_its_own_is_not_run():
    with pytest.raises(ServiceError, match="job variables of its own"):
        start(deployment(), run(job_variables={"env": {"PYTHONPATH": "/tmp"}}))


@pytest.mark.parametrize("parameters", [{"root": "/tmp/evil", "scheduled": True}, {"root": ROOT}])
def test_the_run_itself_refuses_what_was_changed_after_its_runner_looked(monkeypatch, parameters):
    monkeypatch.setenv(SERVED_VARIABLE, ROOT)
    monkeypatch.setattr(flow, "_run", lambda *_, **__: pytest.fail("it was run"))
    state = flow.augmentation.fn(**parameters)
    assert (state.type, state.name) == (StateType.FAILED, "Refused")
    assert not Path("/tmp/evil").exists()


def test_the_engine_imports_our_flow_whatever_the_deployment_says(monkeypatch):
    for name, value in seal_environment(ROOT).items():
        monkeypatch.setenv(name, value)
    # No server is asked: its deployment has no say.
    monkeypatch.setattr("prefect.flow_engine.load_flow_from_flow_run", lambda *_, **__: 1 / 0)
    assert load_flow(run()).name == "augmentation"


def test_a_cancelled_or_crashed_run_loads_no_flow_in_the_runner(monkeypatch):
    # The true runner is put to this test in test_live_servers.py.
    async def enter(runner):
        runner._client = None
        runner._scheduled_run_poller = SimpleNamespace(_resolve_starter=lambda _: "start")
        runner._cancellation_manager = SimpleNamespace()
        return runner

    async def load(*_, **__):
        pytest.fail("a flow was loaded as the deployment says")

    async def main():
        runner = await SealedRunner(Seal(ROOT)).__aenter__()
        for owner in (runner, runner._scheduled_run_poller, runner._cancellation_manager):
            assert isinstance(owner._hook_runner, NoHooks)
            await owner._hook_runner.run_cancellation_hooks(run(), Cancelling())
            await owner._hook_runner.run_crashed_hooks(run(), Cancelling())
        await runner._run_on_cancellation_hooks(run(), Cancelling())
        await runner._run_on_crashed_hooks(run(), Cancelling())
        assert isinstance(runner._scheduled_run_poller._resolve_starter(run()), SealedStarter)

    monkeypatch.setattr(Runner, "__aenter__", enter)
    monkeypatch.setattr("prefect.runner.runner.load_flow_from_flow_run", load)
    asyncio.run(main())
