"""Twenty kills at random moments over whole runs; after each, every promise of a crash is checked.

`benchmarks.kills` does the same two hundred times with Prefect and its server.
"""

from collections import Counter

import pytest

from benchmarks.kill_promises import Promises
from benchmarks.kills import Forked, Kill, kills, read_log, table, workspace_at
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    return folder, list(kills(folder, 20, seed="suite", runs=Forked))


def test_twenty_kills_break_no_promise(found):
    _, struck = found
    broken = {f"{kill.number} ({kill.kind})": kill.violations for kill in struck if kill.violations}
    assert not broken


def test_the_kills_are_spread_over_all_processes_of_a_run(found):
    _, struck = found
    assert set(Counter(kill.kind for kill in struck)) == set(Forked.kinds)
    assert any(kill.finished for kill in struck)


def test_the_log_holds_every_kill_so_that_the_same_command_goes_on(found):
    folder, struck = found
    assert read_log(folder) == struck
    assert not list(kills(folder, 20, seed="suite", runs=Forked))
    assert table(struck).splitlines()[-1].startswith("| all | 20 |")


def test_what_the_promises_look_at_would_be_found(found):
    folder, _ = found
    workspace = workspace_at(folder / "workspace")
    promises = Promises(workspace, folder / "begun.txt")
    assert not promises.after_a_kill()
    assert not promises.after_the_end()
    (workspace.prepared / "train-00000.parquet").write_bytes(b"half")
    (workspace.root / "source" / "rows.txt").write_text("changed")
    newest = list_releases(Git(workspace.root), "augmented")[-1].record.outputs["data/augmented"]
    remote = workspace.private / "remote" / "files" / "md5" / newest[:2] / newest[2:]
    remote.chmod(0o644)
    remote.write_bytes(b"damaged")
    problems = " ".join(promises.after_a_kill())
    assert "partial under a final name" in problems
    assert "the source changed" in problems
    assert "verify: " in problems or "cannot be used" in problems
    promises.begin(promises.seed + 1)
    assert "the run ended well and released no version of its own" in promises.after_the_end()


def test_a_stage_that_begins_again_would_be_found(found):
    folder, _ = found
    begun = folder / "begun.txt"
    promises = Promises(workspace_at(folder / "workspace"), begun)
    seed = read_log(folder)[-1].seed
    promises.seed = seed
    promises.after_a_kill()
    with begun.open("a") as stream:
        stream.write(f"prepare {seed}\n")
    assert "the stage prepare was finished, and began again" in promises.after_a_kill()


def test_a_violation_is_told_in_the_table():
    kill = Kill(3, "dvc", 1, 0.5, False, ("an orphan was left: python 7",))
    assert table([kill]).endswith("- 3 (dvc): an orphan was left: python 7")


def test_what_dvc_was_removing_is_told_from_a_part_of_something_new(found):
    folder, _ = found
    workspace = workspace_at(folder / "workspace")
    promises = Promises(workspace, folder / "begun.txt")
    manifest = workspace.synthetic / "manifest.json"
    content = manifest.read_bytes()
    manifest.unlink()
    assert not any("synthetic" in problem for problem in promises.after_a_kill())
    (workspace.synthetic / "new").write_text("half of something new")
    assert any("synthetic" in problem for problem in promises.after_a_kill())
    (workspace.synthetic / "new").unlink()
    manifest.write_bytes(content)
