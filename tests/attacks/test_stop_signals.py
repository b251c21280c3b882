"""A signal during a release whose exception is lost: nothing is published after it all the same."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from pipeline.params import load_params
from pipeline.stop_signals import (
    StoppedError,
    go_on_unless_stopped,
    noting_signals,
    stop_signal,
)
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.release import release
from tests.versions.conftest import (  # noqa: F401
    finished_run,
    params,
    private_site_cache,
    sh,
    workspace,
)

STEPS = (
    "release: comparing the workspace",
    "release: sending",
    "release: sent",
    "release: the remote holds",
    "release: wrote the commit",
    "release: tagged",
)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Swallows:
    """Has a signal come while Python tidies up, where what a handler raises is only printed."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        os.kill(os.getpid(), self.number)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_python_forgets_is_noted(number):
    # Whoever starts the tests in the background of a shell has them ignore SIGINT.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        require_noted(number)
    finally:
        signal.signal(number, before)


def require_noted(number):
    with noting_signals():
        go_on_unless_stopped()
        Swallows(number)
        assert stop_signal() == number
        with pytest.raises(StoppedError) as stopped:
            go_on_unless_stopped()
        assert stopped.value.number == number
    assert stop_signal() is None
    go_on_unless_stopped()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("step", STEPS)
def test_no_step_of_a_release_follows_a_signal(workspace, params, step):  # noqa: F811
    lines = []

    def listen(line):
        lines.append(line)
        if line.startswith(step):
            Swallows(signal.SIGTERM)

    with noting_signals(), pytest.raises(StoppedError):
        release(workspace, params, on_line=listen)
    later = STEPS[max(STEPS.index(step) + 1, STEPS.index("release: wrote the commit")) :]
    assert not [line for line in lines if line.startswith(tuple(later))]
    versions = [str(one.version) for one in list_releases(Git(workspace.root), "augmented")]
    assert versions == (["v0.1.0"] if step == STEPS[-1] else [])
    # The same command goes on from there, and whoever asked hears of the version then.
    assert release(workspace, params).is_new
    assert sh(workspace.root, "git", "tag").split() == ["augmented#promoted#1", "augmented@v0.1.0"]


def test_a_version_that_was_tagged_before_the_signal_is_not_pushed_after_it(workspace):  # noqa: F811
    bare = workspace.root.parent / "team.git"
    sh(workspace.root, "git", "init", "--quiet", "--bare", str(bare))
    workspace.params_file.write_text(f"seed: 0\nrelease: {{git_remote: {bare}}}\n")
    asked = load_params(workspace.params_file)

    def listen(line):
        if line.startswith("release: tagged"):
            os.kill(os.getpid(), signal.SIGTERM)

    with noting_signals(), pytest.raises(StoppedError):
        release(workspace, asked, on_line=listen)
    assert sh(bare, "git", "tag") == ""
    assert release(workspace, asked).is_new
    assert "augmented@v0.1.0" in sh(bare, "git", "tag")


def test_a_signal_that_the_process_was_started_to_ignore_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with noting_signals():
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop_signal() is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_as_before_after_the_block_and_none_is_set_outside_the_main_thread():
    handlers = [signal.getsignal(number) for number in SIGNALS]
    found = []

    def elsewhere():
        with noting_signals():
            found.append([signal.getsignal(number) for number in SIGNALS])

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    with noting_signals():
        assert signal.getsignal(signal.SIGTERM) != handlers[0]
    assert [signal.getsignal(number) for number in SIGNALS] == handlers
    assert found == [handlers]


def test_a_forked_child_that_is_ended_does_not_stop_its_parent():
    with noting_signals():
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert stop_signal() is None


RUN = """
import os, signal, sys
from pipeline.versions import release as module
send = module.send
class Swallows:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
def sends(*arguments, **options):
    send(*arguments, **options)
    Swallows()
module.send = sends
from pipeline.cli import app
app()
"""


def test_a_run_that_is_told_to_end_during_its_release_says_so_and_publishes_nothing(
    workspace,  # noqa: F811
):
    command = [sys.executable, "-c", RUN, "run", "--workspace", str(workspace.root)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 128 + signal.SIGTERM, ended.stderr
    assert "Stopped; nothing was released. The same command continues from here." in ended.stderr
    assert sh(workspace.root, "git", "tag") == ""
    assert not (workspace.private / "run.lease").exists()
