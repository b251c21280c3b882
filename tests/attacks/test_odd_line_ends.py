"""Names with characters at which Python ends a line, though git, JSON and file systems do not"""

import pytest

from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.local_store import LocalStore
from pipeline.versions.needs import needed_on_branches
from pipeline.versions.record import read_message, tag_message
from pipeline.versions.repository import open_repository
from pipeline.versions.visibility import _ignored_by_dvc
from tests.attacks.stranger import the_release
from tests.released import record, release
from tests.versions.conftest import sh

ENDS = ["\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("end", ENDS)
def test_a_class_of_such_a_name_stands_in_the_record_of_its_version(end):
    made = record().model_copy(update={"rows": {f"a{end}b": {"real": 1}}})
    assert read_message(tag_message("A version", made)) == made


@pytest.mark.parametrize("end", ENDS)
def test_a_foreign_folder_with_such_a_tag_is_read(tmp_path, monkeypatch, end):
    root = tmp_path / "stranger"
    root.mkdir()
    commit = release(root, "v0.1.0")
    sh(root, "git", "update-ref", f"refs/tags/a{end}b", commit)
    monkeypatch.chdir(tmp_path)
    with open_repository(str(root)) as git:
        assert [str(one.version) for one in list_releases(git, "augmented")] == ["v0.1.0"]


@pytest.mark.parametrize("end", ENDS)
def test_what_a_branch_of_such_a_name_needs_is_known(released, end):
    git = Git(released.root)
    commit = the_release(released.root).commit
    for name in git.run("for-each-ref", "--format=%(refname)").split():
        sh(released.root, "git", "update-ref", "--no-deref", "-d", name)
    sh(released.root, "git", "update-ref", f"refs/heads/a{end}b", commit)
    assert needed_on_branches(git, (LocalStore(released.root / ".dvc" / "cache"),))


@pytest.mark.parametrize("end", [*ENDS, "\x1c"])
def test_an_ignored_file_of_such_a_name_is_told(released, end):
    (released.root / ".dvcignore").write_text("*.tmp\n")
    (found,) = _ignored_by_dvc(released.root, [f"a{end}b.tmp"])
    assert found.path == f"a{end}b.tmp"
