"""A damaged object in DVC's cache, its output missing: it is dropped, and the stage runs again."""

import os
import shutil

import pytest

from pipeline.errors import WorkspaceError
from pipeline.versions.local_store import LocalStore
from pipeline.versions.pin import take_pin
from pipeline.versions.stage_run import bring_up
from tests.toy_workspace import toy_workspace

FOLDER = """
import os
os.makedirs("a.out")
for name in ("x", "y"):
    open(f"a.out/{name}", "w").write("content of " + name)
open("../ran", "a").write("once ")
"""


@pytest.fixture
def workspace(tmp_path):
    workspace = toy_workspace(tmp_path / "ws", stages={"a": FOLDER})
    bring_up(workspace, take_pin(workspace), "a")
    return workspace


def cache(workspace):
    return LocalStore(workspace.root / ".dvc" / "cache")


def objects(workspace, kind):
    """Paths of the cache's objects: the listing of the folder, or its first file."""
    found = [cache(workspace).path(one.md5) for one in cache(workspace).objects()]
    listings = [path for path in found if path.name.endswith(".dir")]
    return listings if kind == "listing" else [path for path in found if path not in listings][:1]


def damage(path):
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    path.chmod(0o444)


def assert_whole(workspace):
    assert (workspace.root / "a.out" / "x").read_text() == "content of x"
    assert (workspace.root / "a.out" / "y").read_text() == "content of y"


def times_run(workspace):
    return (workspace.root.parent / "ran").read_text().count("once")


@pytest.mark.parametrize("kind", ["file", "listing"])
def test_a_damaged_object_is_dropped_and_its_stage_runs_again(workspace, kind):
    [path] = objects(workspace, kind)
    before = path.read_bytes()
    damage(path)
    foreign = workspace.root / ".dvc" / "cache" / "files" / "md5" / "notes.txt"
    foreign.write_text("mine")
    shutil.rmtree(workspace.root / "a.out")
    lines: list[str] = []
    assert not bring_up(workspace, take_pin(workspace), "a", on_line=lines.append).cached
    assert any("since it is damaged" in line for line in lines)
    assert_whole(workspace)
    assert (times_run(workspace), path.read_bytes()) == (2, before)
    assert foreign.read_text() == "mine"
    # The advice does not loop: nothing is left to do.
    assert bring_up(workspace, take_pin(workspace), "a", known_fresh=True).cached


def test_a_missing_output_whose_objects_are_good_costs_no_run(workspace):
    shutil.rmtree(workspace.root / "a.out")
    assert bring_up(workspace, take_pin(workspace), "a").cached
    assert_whole(workspace)
    assert times_run(workspace) == 1


def test_an_output_of_other_bytes_that_dvc_takes_for_unchanged_is_written_again(workspace):
    # Size and date as they were, as after a failing disk: DVC looks no further.
    path = workspace.root / "a.out" / "x"
    status = path.stat()
    path.write_text("kontent of x")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    bring_up(workspace, take_pin(workspace), "a", known_fresh=True)
    assert_whole(workspace)


def test_an_output_that_stays_wrong_ends_in_a_sentence(workspace, monkeypatch):
    monkeypatch.setattr(
        "pipeline.versions.stage_run.wrong_outputs", lambda _, outputs: list(outputs)
    )
    with pytest.raises(WorkspaceError, match=r"names a\.out, and other bytes or none stand there"):
        bring_up(workspace, take_pin(workspace), "a", known_fresh=True)
