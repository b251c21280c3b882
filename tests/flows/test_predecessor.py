"""What a run does about one that was killed before it."""

import contextlib
import logging
from dataclasses import replace
from uuid import uuid4

import pytest
from prefect.exceptions import ObjectNotFound

from flows import predecessor
from pipeline.lease import hold
from tests.toy_workspace import toy_workspace, writes


class Server:
    """A server that knows some runs; `crashed` holds those that it was told of."""

    def __init__(self, known):
        self.known, self.crashed = known, []

    def set_flow_run_state(self, run, state, *, force):
        if str(run) not in self.known:
            raise ObjectNotFound(http_exc=Exception("404"))
        self.crashed.append((str(run), state.type.name, force))


@pytest.fixture
def killed(tmp_path):
    """The holder of a lease whose process was a run of some server."""
    workspace = toy_workspace(tmp_path / "own", stages={"a": writes("a")})
    with hold(workspace, "equipoise run", run=str(uuid4())) as lease:
        return replace(lease.holder)


@pytest.fixture
def server(monkeypatch):
    def behind(known):
        found = Server(known)
        monkeypatch.setattr(predecessor, "get_client", lambda **_: contextlib.nullcontext(found))
        return found

    monkeypatch.setattr(predecessor, "get_run_logger", logging.getLogger)
    return behind


def test_the_server_of_a_killed_run_hears_that_it_is_gone(killed, server):
    heard = server({killed.run})
    predecessor.crash(killed)
    assert heard.crashed == [(killed.run, "CRASHED", True)]


def test_a_killed_run_of_another_server_stops_nobody(killed, server):
    """A run by hand has a server of its own, which is gone with it."""
    heard = server(set())
    predecessor.crash(killed)
    assert heard.crashed == []
