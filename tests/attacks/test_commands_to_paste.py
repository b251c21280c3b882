"""A command that a sentence advises holds names of a stranger's: pasted, it does what it says"""

import re
import shutil
import subprocess

import pytest

from pipeline.errors import VersionError, WorkspaceError
from pipeline.versions.access import require_repository
from pipeline.versions.dvc_files import refuse_excess_for_dvc
from pipeline.versions.dvc_settings import refuse_foreign_settings
from pipeline.versions.git import Git
from pipeline.versions.remote import effective_remote
from pipeline.versions.vanished import refuse_vanished
from pipeline.versions.visibility import require_visible_to_git

NAME = "it; touch pasted; $(touch pasted) &"
# What else stands between backticks is a setting's name, or needs no shell.
PROGRAMS = ("git ", "dvc ", "mkdir ", "printf ")


@pytest.fixture
def hostile(released_run, tmp_path):
    """A released workspace in a folder whose name is a program."""
    return shutil.copytree(released_run, tmp_path / NAME, symlinks=True)


def paste(text, folder):
    """Run every command between backticks in a shell, as a person would, and see what it did."""
    commands = [one for one in re.findall("`([^`]+)`", text) if one.startswith(PROGRAMS)]
    assert commands
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=folder, check=False, capture_output=True)
    assert not [*folder.rglob("pasted*")]


def test_a_file_of_dvc_in_a_folder_of_a_hostile_name(hostile):
    (hostile / NAME).mkdir()
    (hostile / NAME / "dvc.yaml").write_text("[" * 5000)
    with pytest.raises(WorkspaceError) as refused:
        refuse_excess_for_dvc(hostile)
    paste(str(refused.value), hostile)


def test_a_remote_that_vanished_is_made_at_its_place(hostile, monkeypatch):
    git, remote = Git(hostile), effective_remote(hostile)
    shutil.rmtree(remote.local_path)
    # As if it had been released to where it is named now.
    monkeypatch.setattr("pipeline.versions.vanished._was_put", lambda *_: True)
    with pytest.raises(VersionError) as refused:
        refuse_vanished(git, remote, "augmented")
    paste(str(refused.value), hostile)
    assert (remote.local_path / "files" / "md5").is_dir()


def test_an_ignored_workspace_is_exempted(hostile):
    (hostile / ".gitignore").write_text("*.yaml\n")
    with pytest.raises(WorkspaceError) as refused:
        require_visible_to_git(hostile)
    paste(str(refused.value), hostile)
    require_visible_to_git(hostile)


def test_a_remote_of_a_hostile_name_in_a_file_that_git_holds(hostile):
    config = hostile / ".dvc" / "config"
    config.write_text(
        f"{config.read_text()}\n['remote \"$(touch pasted)\"']\nurl = s3://b/c\nprofile = me\n"
    )
    with pytest.raises(VersionError) as refused:
        refuse_foreign_settings(hostile)
    paste(str(refused.value), hostile)


def test_a_branch_of_a_hostile_name(hostile):
    (hostile / ".git" / "HEAD").unlink()
    heads = hostile / ".git" / "refs" / "heads"
    (heads / "main").rename(heads / "$(touch pasted)'; touch pasted '")
    with pytest.raises(VersionError) as refused:
        require_repository(hostile)
    paste(str(refused.value), hostile)
