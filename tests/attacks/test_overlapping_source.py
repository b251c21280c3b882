"""Raw data that lie where the product writes, under whatever name: refused at init and in a run."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import SourceError
from pipeline.params import SourceParams, load_params
from pipeline.sources import overlap
from pipeline.sources.location import resolved_path
from pipeline.sources.overlap import OWN_FOLDERS, refuse_overlap
from pipeline.stages.ready import refuse_unready
from pipeline.versions.setup import make_repository
from pipeline.workspace import Workspace
from tests import raw_data
from tests.versions.conftest import dvc


def refused(source, root, others=None):
    with pytest.raises(SourceError) as caught:
        refuse_overlap(source, root, others or {})
    return str(caught.value)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "ws"
    for name in OWN_FOLDERS:
        (root / name / "deep").mkdir(parents=True)
    (root / "raw").mkdir()
    (root / "database").mkdir()
    return root


@pytest.mark.parametrize("name", OWN_FOLDERS)
@pytest.mark.parametrize("below", ["", "deep"])
def test_a_source_in_a_folder_of_the_products_own_is_refused(root, name, below):
    assert f"lie in the workspace's {name}/" in refused(root / name / below, root)


def test_a_source_beside_them_is_fine(root, tmp_path):
    for path in (root / "raw", root / "database", tmp_path / "elsewhere"):
        path.mkdir(exist_ok=True)
        refuse_overlap(path, root, {"DVC's cache": tmp_path / "cache"})


def test_a_source_that_is_or_holds_the_workspace_is_refused(root, tmp_path):
    assert "are the workspace itself" in refused(root, root)
    assert "hold the workspace" in refused(tmp_path, root)
    assert "hold the workspace" in refused(tmp_path, tmp_path / "not" / "there" / "yet")


def through_a_link(root, tmp_path):
    (tmp_path / "link").symlink_to(root / "data")
    return tmp_path / "link"


def through_a_link_inside(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    return tmp_path / "link" / "data" / "deep"


def with_dots(root, tmp_path):
    return root / "raw" / ".." / "data" / "deep" / ".."


def where_data_leads(root, tmp_path):
    (root / "data" / "deep").rmdir()
    (root / "data").rmdir()
    (tmp_path / "large").mkdir()
    (root / "data").symlink_to(tmp_path / "large")
    return tmp_path / "large"


@pytest.mark.parametrize(
    "way", [through_a_link, through_a_link_inside, with_dots, where_data_leads]
)
def test_another_name_for_the_same_place_is_refused(root, tmp_path, way):
    assert "the workspace's data/" in refused(way(root, tmp_path), root)


def test_a_bind_mount_of_a_folder_below_is_the_same_place(root, tmp_path, monkeypatch):
    mounted = tmp_path / "mounted here"
    mounted.mkdir()
    told = str(mounted).replace(" ", "\\040")
    lines = [
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
        f"2 1 8:1 {root}/data/deep {told} rw - ext4 /dev/sda1 rw",
    ]
    mounts = tmp_path / "mountinfo"
    mounts.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(overlap, "MOUNTS", mounts)
    assert "the workspace's data/" in refused(mounted, root)
    refuse_overlap(root / "raw", root, {})


def test_a_file_system_that_takes_upper_for_lower_case_is_asked(root, monkeypatch):
    # Two names of one folder: as such a file system, the inode alone tells.
    real = os.stat

    def stat(path, *arguments, **options):
        return real(str(path).replace("/DATA", "/data"), *arguments, **options)

    monkeypatch.setattr(os, "stat", stat)
    assert "the workspace's data/" in refused(root / "DATA", root)


def test_a_file_that_is_hard_linked_to_one_that_is_written_is_refused(root):
    (root / "data" / "deep" / "rows.csv").write_text("a,b\n")
    os.link(root / "data" / "deep" / "rows.csv", root / "rows.csv")
    assert "(a hard link)" in refused(root / "rows.csv", root)
    os.link(root / "rows.csv", root / "raw" / "rows.csv")
    (root / "data" / "deep" / "rows.csv").unlink()
    refuse_overlap(root / "rows.csv", root, {})


def test_the_cache_and_the_remote_are_the_products_as_well(root, tmp_path):
    for name in ("cache", "remote"):
        (tmp_path / name / "files").mkdir(parents=True)
    others = {"DVC's cache": tmp_path / "cache", "the folder of the remote": tmp_path / "remote"}
    assert "lie in DVC's cache" in refused(tmp_path / "cache" / "files", root, others)
    assert "lie in the folder of the remote" in refused(tmp_path / "remote", root, others)
    (tmp_path / "all" / "pictures").mkdir(parents=True)
    (tmp_path / "cache").rename(tmp_path / "all" / "cache")
    inside = {"DVC's cache": tmp_path / "all" / "cache"}
    assert "hold DVC's cache" in refused(tmp_path / "all", root, inside)
    refuse_overlap(tmp_path / "all" / "pictures", root, inside)


def test_init_in_the_folder_of_data_refuses_and_its_advice_works(tmp_path, monkeypatch):
    raw_data.image_folder(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    command = ["init", ".", "--from", "data"]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 2
    assert "lie in the workspace's data/" in told.output
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    subprocess.run(told.output.split("`")[1], shell=True, check=True)
    made = CliRunner().invoke(app, ["init", ".", "--from", "raw"])
    assert made.exit_code == 0, made.output
    assert resolved_path(load_params(tmp_path / "params.yaml").source, tmp_path).name == "raw"


def test_init_around_the_data_refuses_and_its_advice_works(tmp_path):
    raw = raw_data.image_folder(tmp_path / "my pictures")
    told = CliRunner().invoke(app, ["init", str(raw), "--from", str(raw)])
    assert told.exit_code == 2
    remedy = told.output.split("`")[1]
    assert remedy.startswith("equipoise init ")
    made = CliRunner().invoke(app, shlex.split(remedy)[1:])
    assert made.exit_code == 0, made.output


def test_a_run_and_a_stage_by_hand_refuse_it_too(tmp_path):
    raw_data.image_folder(tmp_path / "data" / "raw")
    (tmp_path / "params.yaml").write_text("source: {kind: image_folder, path: data/raw}\n")
    (tmp_path / "dvc.yaml").write_text("stages:\n  a: {cmd: x, deps: ['${source.path}']}\n")
    params = load_params(tmp_path / "params.yaml")
    with pytest.raises(SourceError, match="lie in the workspace's data/"):
        refuse_unready(Workspace(tmp_path), params)
    with pytest.raises(SourceError, match="lie in the workspace's data/"):
        resolved_path(SourceParams(kind="image_folder", path="data/raw"), tmp_path)


def test_a_run_refuses_the_folders_that_dvc_is_told_to_write(tmp_path):
    raw_data.image_folder(tmp_path / "store" / "raw")
    root = tmp_path / "ws"
    root.mkdir()
    make_repository(root)
    config = (root / ".dvc" / "config").read_text()
    (root / ".dvc" / "config").write_text(
        config.replace("../.equipoise/remote", str(tmp_path / "store"))
    )
    (root / "params.yaml").write_text(
        f"source: {{kind: image_folder, path: {tmp_path / 'store' / 'raw'}}}\n"
    )
    (root / "dvc.yaml").write_text("stages:\n  a: {cmd: x, deps: ['${source.path}']}\n")
    with pytest.raises(SourceError, match="lie in the folder of the remote"):
        refuse_unready(Workspace(root), load_params(root / "params.yaml"))


def test_a_file_that_dvc_links_into_its_cache_is_refused_and_the_advice_works(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    make_repository(tmp_path)
    table = "\n".join(["a,b,label", *(f"{n},{n % 7},{'xy'[n % 4 == 0]}" for n in range(200))])
    Path("my raw.csv").write_text(f"{table}\n")
    dvc(tmp_path, "config", "cache.type", "symlink")
    dvc(tmp_path, "add", "--quiet", "my raw.csv")
    command = ["init", ".", "--from", "my raw.csv", "--label", "label"]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 2
    (kept,) = Path(".dvc/cache/files/md5").glob("*/*")
    for remedy in told.output.split("`")[1:4:2]:
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        subprocess.run(remedy, shell=True, check=True, capture_output=True)
    made = CliRunner().invoke(app, command)
    assert made.exit_code == 0, made.output
    assert kept.is_file()


def test_the_advice_moves_the_data_and_not_the_link_to_them(root, tmp_path):
    for path in (root / "data" / "deep", root / ".dvc" / "files" / "md5" / "ab" / ("0" * 30)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.is_dir() or path.write_text("one")
        link = tmp_path / f"link-{path.name[:4]}"
        link.symlink_to(path)
        remedy = refused(link, root).split("`")[1]
        subprocess.run(remedy, shell=True, check=True)
        moved = Path(shlex.split(remedy)[-1])
        refuse_overlap(moved, root, {})
        assert moved.is_symlink() is False
    assert path.is_file()


def test_init_from_the_current_folder_is_a_sentence_whose_advice_works(tmp_path, monkeypatch):
    raw = raw_data.image_folder(tmp_path / "pictures")
    monkeypatch.chdir(raw)
    told = CliRunner().invoke(app, ["init", "elsewhere", "--from", "."])
    assert told.exit_code == 2
    made = CliRunner().invoke(app, shlex.split(told.output.split("`")[1])[1:])
    assert made.exit_code == 0, made.output
