import shutil

import pytest

from pipeline.errors import VersionError
from pipeline.versions.details import DETAILS
from pipeline.versions.fetch import Listed, check_inside, released_prefix
from pipeline.versions.git import Git
from pipeline.versions.listing import find_release, list_releases
from pipeline.versions.pull import fetch_set, new_directory, pull
from pipeline.versions.record import tag_message
from pipeline.workspace import verify_manifest
from tests.released import record
from tests.versions.conftest import sh


def the_release(root):
    git = Git(root)
    return git, find_release(list_releases(git, "augmented"), None)


def test_a_pulled_version_is_what_was_released(released_run, tmp_path):
    sh(tmp_path, "git", "clone", "--quiet", "--bare", str(released_run), "bare.git")
    pull(*the_release(tmp_path / "bare.git"), tmp_path / "got")
    verify_manifest(tmp_path / "got")
    original = released_run / "data" / "augmented"
    for path in original.rglob("*.*"):
        assert (tmp_path / "got" / path.relative_to(original)).read_bytes() == path.read_bytes()


def test_of_a_version_only_the_files_that_are_needed_are_fetched(released_run, tmp_path):
    git, release = the_release(released_run)
    got = []
    with new_directory(tmp_path / "got") as directory:
        fetch_set(
            git,
            release,
            directory,
            needed=lambda name: "balanced" not in name,
            on_progress=lambda done, total: got.append(total),
        )
    names = {path.name.split("-")[0] for path in (tmp_path / "got").rglob("*.parquet")}
    assert names == {"both", "recommended"}
    assert set(got) == {sum(p.stat().st_size for p in (tmp_path / "got").rglob("*.*"))}


def test_a_folder_that_exists_is_neither_nested_nor_overwritten(released_run, tmp_path):
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "mine.txt").write_text("mine")
    with pytest.raises(VersionError, match="exists already"):
        pull(*the_release(released_run), tmp_path / "got")
    assert [path.name for path in (tmp_path / "got").iterdir()] == ["mine.txt"]


def test_a_damaged_remote_object_is_refused_and_nothing_is_left_behind(
    released_run, tmp_path, monkeypatch
):
    git, release = the_release(released_run)
    store = released_run / ".equipoise" / "remote"
    kept = tmp_path / "kept"
    shutil.copytree(store, kept)
    largest = max(store.rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.chmod(0o644)
    largest.write_bytes(content)
    try:
        with pytest.raises(VersionError, match="damaged"):
            pull(git, release, tmp_path / "got")
    finally:
        shutil.rmtree(store)
        shutil.copytree(kept, store)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_version_whose_data_lie_on_another_machine_is_told_so(released_run, tmp_path):
    git, release = the_release(released_run)
    store = released_run / ".equipoise" / "remote"
    store.rename(tmp_path / "elsewhere")
    try:
        with pytest.raises(VersionError, match="a folder that this machine does not have"):
            pull(git, release, tmp_path / "got")
    finally:
        (tmp_path / "elsewhere").rename(store)


def test_a_listing_that_names_a_file_outside_the_folder_is_refused(tmp_path):
    with pytest.raises(VersionError, match="lies outside the folder"):
        check_inside(tmp_path, Listed("../../outside", "0" * 32), "augmented@v0.1.0")
    check_inside(tmp_path, Listed("train/part-00000.parquet", "0" * 32), "augmented@v0.1.0")


def release_in(root, prefix, *, others):
    """A release of the workspace in the folder `prefix`, beside other dvc.lock's; its prefix."""
    git = Git(root)
    git.run("init", "--quiet")
    own = record(outputs={"data/augmented": "0123" * 8})
    lock = "schema: '2.0'\nstages: {all: {outs: [{path: data/augmented, md5: '%s'}]}}\n"
    files = {name: (lock % ("4567" * 8)).encode() for name in others}
    files |= {f"{prefix}dvc.lock": (lock % ("0123" * 8)).encode(), f"{prefix}{DETAILS}": b"{}"}
    commit = git.write_commit(files, index=root / "index", replaces=[], message="v0.1.0")
    git.write_tags({"augmented@v0.1.0": tag_message("v0.1.0", own)}, commit=commit)
    return released_prefix(git, list_releases(git, "augmented")[0])


@pytest.mark.parametrize(
    ("prefix", "others"),
    [
        ("", ["models/dvc.lock"]),
        ("projects/digits/", ["dvc.lock", "models/dvc.lock"]),
        ("projects/digits/", ["dvc.lock", "a/dvc.lock", f"a/{DETAILS}"]),
        ("projects/données, à part/", ["dvc.lock"]),
    ],
)
def test_a_release_is_read_where_it_lies_whatever_else_of_dvc_is_in_the_repository(
    tmp_path, prefix, others
):
    assert release_in(tmp_path, prefix, others=others) == prefix
