"""Which released generator a training starts from, and how it is fetched."""

import subprocess

import pytest

from pipeline.errors import ParamsError, VersionError
from pipeline.params import GanParams, Params, load_params
from pipeline.stages import inherit
from pipeline.versions.generators import last_with_other_data, replace_last
from pipeline.versions.worktree import apply_refreshes, open_worktree
from pipeline.workspace import Workspace
from tests.released import release
from tests.toy_workspace import toy_workspace, writes

LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd: a
    outs:
    - {{path: data/prepared, md5: {md5}}}
"""


@pytest.fixture
def workspace(tmp_path):
    """Three versions: of the data a, b and b again."""
    made = toy_workspace(tmp_path / "own", stages={"a": writes("a")})
    for version, data in (("v0.1.0", "a"), ("v0.2.0", "b"), ("v0.2.1", "b")):
        release(made.root, version, outputs={"data/prepared": data * 32})
    return made


def stand(workspace: Workspace, md5: str) -> None:
    """Let the workspace's data be those."""
    (workspace.root / "dvc.lock").write_text(LOCK.format(md5=md5 * 32))


def commit_params(workspace: Workspace, text: str) -> Workspace:
    """Commit params.yaml and open the worktree."""
    workspace.params_file.write_text(text)
    identity = ["-c", "user.name=toy", "-c", "user.email=toy@example.org"]
    command = ["git", *identity, "commit", "--quiet", "--all", "--message", "params"]
    subprocess.run(command, cwd=workspace.root, check=True)
    return open_worktree(workspace)


@pytest.mark.parametrize(("today", "found"), [("b", "v0.1.0"), ("a", "v0.2.1"), ("c", "v0.2.1")])
def test_the_last_version_is_the_last_that_was_made_from_other_data(workspace, today, found):
    stand(workspace, today)
    assert last_with_other_data(workspace, "augmented") == found


def test_unknown_data_have_no_last_version(workspace):
    assert last_with_other_data(workspace, "augmented") is None


def test_releasing_the_same_data_again_does_not_move_the_start(workspace):
    stand(workspace, "b")
    release(workspace.root, "v0.3.0", outputs={"data/prepared": "b" * 32})
    assert last_with_other_data(workspace, "augmented") == "v0.1.0"


def test_a_scheduled_run_names_the_version_in_its_own_params_and_leaves_yours(workspace):
    text = "seed: 1\ngan:\n  steps: 5   # few\n  warm_start: last  # or a version\n"
    worktree = commit_params(workspace, text)
    assert "begins from zero" in replace_last(worktree)
    assert load_params(worktree.params_file).gan.warm_start is None
    stand(worktree, "b")
    assert "the generator of v0.1.0" in replace_last(worktree)
    assert worktree.params_file.read_text() == text.replace("last ", "v0.1.0 ", 1)
    stand(worktree, "c")
    replace_last(worktree)
    assert load_params(worktree.params_file).gan.warm_start == "v0.2.1"
    assert workspace.params_file.read_text() == text


def test_the_start_and_a_refreshed_seed_stand_side_by_side(workspace):
    worktree = commit_params(workspace, "seed: 1\ngan: {warm_start: 'last', steps: 5}\n")
    stand(worktree, "b")
    apply_refreshes(workspace, worktree, refresh=True)
    replace_last(worktree)
    params = load_params(worktree.params_file)
    assert (params.seed, params.gan.warm_start, params.gan.steps) == (2, "v0.1.0", 5)


@pytest.mark.parametrize("gan", ["{}", "{warm_start: v0.1.0}", "{steps: 5} # warm_start: last"])
def test_a_version_named_by_hand_and_a_comment_stay(workspace, gan):
    worktree = commit_params(workspace, f"# warm_start: last\nseed: 1\ngan: {gan}\n")
    before = worktree.params_file.read_text()
    replace_last(worktree)
    assert worktree.params_file.read_text() == before


def test_by_hand_the_last_version_must_be_named(workspace):
    stand(workspace, "b")
    with pytest.raises(ParamsError, match=r"name a version, now `v0\.1\.0`"):
        inherit.run(workspace, Params(gan=GanParams(warm_start="last")))


def test_a_version_that_was_never_released_is_refused_and_leaves_nothing(workspace):
    with pytest.raises(VersionError, match=r"There is no version v9\.0\.0"):
        inherit.run(workspace, Params(gan=GanParams(warm_start="v9.0.0")))
    assert not workspace.inherited.exists()
