"""Git or DVC ignores what a run rests on: an empty answer is never taken for good news."""

import shlex
import shutil
import subprocess

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.checkup import check_up
from pipeline.errors import WorkspaceError
from pipeline.stages.ready import require_noticed
from pipeline.versions.pin import take_pin
from pipeline.versions.stage_run import bring_up
from pipeline.versions.staleness import first_stale
from pipeline.versions.visibility import require_visible_to_git
from pipeline.workspace import Workspace
from tests import raw_data
from tests.toy_workspace import toy_workspace, writes


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def outer(tmp_path, monkeypatch):
    """A workspace in a folder of a larger repository, with a user's own global settings."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    workspace = toy_workspace(outer / "ws", stages={"a": writes("a"), "b": writes("b")})
    (workspace.root / "raw").mkdir()
    (workspace.root / "raw" / "cat.png").write_text("meow")
    return workspace


def own_repository_removed(workspace):
    shutil.rmtree(workspace.root / ".git")


def add(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        stream.write(text)


def by_its_own(workspace):
    add(workspace.root / ".gitignore", "*.yaml\n")
    return workspace.root / ".gitignore"


def by_the_lock(workspace):
    add(workspace.root / ".gitignore", "*.lock\n")
    return workspace.root / ".gitignore"


def by_the_outer(workspace):
    own_repository_removed(workspace)
    add(workspace.root.parent / ".gitignore", "# a remark\n*.yaml\n")
    return workspace.root.parent / ".gitignore"


def by_the_global(workspace):
    add(workspace.root.parent.parent / "ignored", "params.*\n")
    git(
        workspace.root,
        "config",
        "--global",
        "core.excludesFile",
        str(workspace.root.parent.parent / "ignored"),
    )
    return workspace.root.parent.parent / "ignored"


def by_the_clone(workspace):
    add(workspace.root / ".git" / "info" / "exclude", "dvc.*\n")
    return workspace.root / ".git" / "info" / "exclude"


def by_its_folder(workspace):
    own_repository_removed(workspace)
    add(workspace.root.parent / ".gitignore", "/ws/\n")
    return workspace.root.parent / ".gitignore"


WAYS = [by_its_own, by_the_lock, by_the_outer, by_the_global, by_the_clone, by_its_folder]


@pytest.mark.parametrize("way", WAYS)
def test_what_git_ignores_is_refused_with_the_pattern_its_place_and_a_remedy_that_works(outer, way):
    require_noticed(outer)
    place = way(outer)
    with pytest.raises(WorkspaceError) as caught:
        require_noticed(outer)
    line = place.read_text().splitlines()[-1]
    assert f"by the pattern {line!r} ({place}, line " in str(caught.value)
    remedy = str(caught.value).split("`")[1]
    assert shlex.split(remedy)[0] in ("printf", "git")
    subprocess.run(remedy, shell=True, check=True, cwd=outer.root)
    require_noticed(outer)
    # DVC sees them as well, whose own reading of the patterns is another one.
    assert not bring_up(outer, take_pin(outer), "a").cached


def test_dvc_is_never_taken_to_say_that_all_stages_of_an_ignored_file_are_fresh(outer):
    for stage in ("a", "b"):
        bring_up(outer, take_pin(outer), stage)
    assert first_stale(outer, ("a", "b")) is None
    by_its_own(outer)
    assert first_stale(outer, ("a", "b")) == "a"


def test_a_stage_without_output_or_record_is_never_fresh(outer):
    for stage in ("a", "b"):
        bring_up(outer, take_pin(outer), stage)
    assert first_stale(outer, ("a", "b")) is None
    (outer.root / "b.out").unlink()
    assert first_stale(outer, ("a", "b")) == "b"
    assert first_stale(outer, ("a", "unheard-of")) == "a"


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.yaml", "dvc.yaml"),
        ("dvc.lock", "dvc.lock"),
        ("a.out", "a.out"),
        ("input.*", "input.txt"),
        ("raw", "raw"),
        ("*.png", "raw/cat.png"),
        ("raw/cat*", "raw/cat.png"),
    ],
)
def test_what_dvc_ignores_is_refused_with_the_pattern_and_its_place(outer, pattern, path):
    deps = (outer.root / "dvc.yaml").read_text().replace("[input.txt]", "[input.txt, raw]", 1)
    (outer.root / "dvc.yaml").write_text(deps)
    require_noticed(outer)
    add(outer.root / ".dvcignore", f"{pattern}\n")
    with pytest.raises(WorkspaceError) as caught:
        require_noticed(outer)
    assert path in str(caught.value)
    assert f"{pattern!r} ({outer.root / '.dvcignore'}, line 2)" in str(caught.value)
    (outer.root / ".dvcignore").write_text(".equipoise\n# *.png\n!raw\n.venv\n__pycache__\n")
    require_noticed(outer)


def test_a_dvcignore_among_the_raw_data_is_found(outer):
    deps = (outer.root / "dvc.yaml").read_text().replace("[input.txt]", "[input.txt, raw]", 1)
    (outer.root / "dvc.yaml").write_text(deps)
    (outer.root / "raw" / ".dvcignore").write_text("cat.png\n")
    with pytest.raises(WorkspaceError, match=r"DVC ignores raw/cat.png by the pattern 'cat.png'"):
        require_noticed(outer)


def test_a_dvcignore_in_a_folder_around_is_found(outer):
    (outer.root / "all" / "raw").mkdir(parents=True)
    (outer.root / "all" / "raw" / "cat.png").write_text("meow")
    deps = (outer.root / "dvc.yaml").read_text().replace("[input.txt]", "[all/raw]", 1)
    (outer.root / "dvc.yaml").write_text(deps)
    require_noticed(outer)
    (outer.root / "all" / ".dvcignore").write_text("*.png\n")
    with pytest.raises(WorkspaceError, match=r"DVC ignores all/raw/cat.png by the pattern"):
        require_noticed(outer)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (("cmd:", "frozen: true\n    cmd:"), "`frozen` keeps the stage `prepare` from running"),
        (("params: [source]", "params: []"), "lacks `source` under `params`"),
        (("outs: [data/prepared]", "outs: [data/other]"), "lacks `data/prepared` under `outs`"),
        (("deps: [raw]", "deps: []"), "No stage watches the raw data"),
    ],
)
def test_a_dvc_yaml_with_which_changes_go_unnoticed_is_refused(tmp_path, edit, told):
    text = (
        "stages:\n  prepare:\n    cmd: python -m pipeline.stages.prepare\n    deps: [raw]\n"
        "    params: [source]\n    outs: [data/prepared]\n"
    )
    (tmp_path / "params.yaml").write_text("source: {kind: image_folder, path: ./raw/}\n")
    (tmp_path / "dvc.yaml").write_text(text)
    require_noticed(Workspace(tmp_path))
    (tmp_path / "dvc.yaml").write_text(text.replace(*edit))
    with pytest.raises(WorkspaceError) as caught:
        require_noticed(Workspace(tmp_path))
    assert told in str(caught.value)


def test_init_refuses_before_it_writes_and_works_after_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    raw = raw_data.image_folder(tmp_path / "raw")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    (outer / ".gitignore").write_text("ws\n")
    command = ["init", str(outer / "ws"), "--from", str(raw)]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert not (outer / "ws").exists()
    remedy = refused.output.split("`")[1]
    subprocess.run(remedy, shell=True, check=True, capture_output=True)
    made = CliRunner().invoke(app, command)
    assert made.exit_code == 0, made.output
    require_noticed(Workspace(outer / "ws"))


def test_doctor_names_what_is_ignored(outer):
    by_its_own(outer)
    [found] = [one for one in check_up(outer) if one.subject == "ignored files"]
    assert (found.level, "by the pattern '*.yaml'" in found.sentence) == ("failure", True)


def test_what_the_product_itself_ignores_is_no_fault(outer):
    (outer.root / ".gitignore").write_text("/code.json\n.equipoise/\n/data/\n/reports/\n")
    require_noticed(outer)


def test_a_folder_outside_of_any_repository_has_nothing_that_git_ignores(tmp_path):
    require_visible_to_git(tmp_path / "not" / "yet")
