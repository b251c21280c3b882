import stat

from pipeline.versions.remote import effective_remote
from pipeline.versions.setup import keep_private, make_repository
from tests.versions.conftest import sh


def commit_all(root):
    sh(root, "git", "add", ".")
    sh(root, "git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "begin")


def test_an_empty_folder_becomes_a_repository_with_a_verified_remote_of_its_own(tmp_path):
    make_repository(tmp_path)
    remote = effective_remote(tmp_path)
    assert remote.local_path == tmp_path / ".equipoise" / "remote"
    assert remote.options["verify"] is True


def test_nothing_that_exists_is_overwritten(tmp_path):
    (tmp_path / ".gitignore").write_text("mine")
    make_repository(tmp_path)
    (tmp_path / ".dvcignore").write_text("mine\n")
    make_repository(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "mine\n.equipoise/\n/data/\n/reports/\n"
    assert (tmp_path / ".dvcignore").read_text() == "mine\n"


def test_the_site_cache_is_the_owners_alone_and_its_setting_stays_out_of_git(tmp_path):
    make_repository(tmp_path)
    assert stat.S_IMODE((tmp_path / ".equipoise" / "dvc").stat().st_mode) == 0o700
    assert str(tmp_path) in (tmp_path / ".dvc" / "config.local").read_text()
    assert "config.local" not in sh(tmp_path, "git", "status", "--porcelain", "-uall")


def test_a_second_worktree_stores_its_data_with_the_first(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    make_repository(first)
    commit_all(first)
    sh(first, "git", "worktree", "add", "--quiet", "--detach", str(second))
    keep_private(second)
    assert effective_remote(second).local_path == first / ".equipoise" / "remote"
