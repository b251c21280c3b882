"""An object's name is 32 hexadecimal digits, perhaps with `.dir`; anything else is refused."""

import json
import os

import pytest

from pipeline.errors import VersionError
from pipeline.versions.garbage import find_garbage, remove
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.local_store import LocalStore
from pipeline.versions.lockfile import LOCK, read_outputs
from pipeline.versions.objects import is_object_name, object_path
from pipeline.versions.pull import pull
from pipeline.versions.record import read_message
from pipeline.versions.verification import verify
from tests.attacks.stranger import (
    details_with,
    in_release,
    listing_of,
    own_remote,
    replace_listing,
    rewrite,
    the_release,
)

GOOD = "0123456789abcdef" * 2
STRANGE = (
    "../../../../precious",
    "..",
    "",
    "ab",
    f"{GOOD}\n",
    f"{GOOD}.DIR",
    f"{GOOD}.dir.dir",
    f"{GOOD}.dir/",
    GOOD.upper(),
    f"/{GOOD}",
    f"{GOOD[:2]}/../../{GOOD}",
    f"{GOOD}\0",
    f"{GOOD[:-1]}٣",
    f"{GOOD}0",
    "-" * 32,
)
# All of them are one type's to refuse; so many are tried through whole commands.
SOME = 5


@pytest.mark.parametrize("name", STRANGE)
def test_no_path_is_made_of_what_is_no_name(name):
    assert not is_object_name(name)
    with pytest.raises(VersionError, match="not the name of an object"):
        object_path(name)


def test_names_of_files_and_folders_are_names():
    assert object_path(GOOD) == f"files/md5/01/{GOOD[2:]}"
    assert object_path(f"{GOOD}.dir") == f"files/md5/01/{GOOD[2:]}.dir"


@pytest.fixture
def attacked(released, released_run):
    """A released workspace with a remote of its own, and what must not be touched beside it."""
    own_remote(released.root, released_run)
    precious = released.root.parent / "precious"
    precious.write_text("mine")
    yield released
    assert precious.read_text() == "mine"


def test_repair_deletes_nothing_outside_for_names_in_release_json(attacked):
    objects = json.loads(in_release(attacked.root, "reports/release.json"))["objects"]
    for name in STRANGE[:SOME]:
        # As it was: the cache held a "bad copy" of the file that the name leads to.
        content = details_with(attacked.root, objects={**objects, name: 1})
        rewrite(attacked.root, {"reports/release.json": content})
        with pytest.raises(
            VersionError, match=r"reports/release\.json of the commit [0-9a-f]{12} "
        ):
            verify(Git(attacked.root), [the_release(attacked.root)], read_data=True, repair=True)


def test_a_lock_with_such_a_name_is_refused(attacked):
    lock = in_release(attacked.root, LOCK).decode()
    first = read_outputs(lock, where=LOCK)[0].md5
    git = Git(attacked.root)
    for name in STRANGE[:SOME]:
        rewrite(attacked.root, {LOCK: lock.replace(first, json.dumps(name)).encode()})
        release = the_release(attacked.root)
        with pytest.raises(VersionError, match=r"dvc\.lock"):
            pull(git, release, attacked.root.parent / "pulled")
        with pytest.raises(VersionError, match=r"dvc\.lock"):
            verify(git, [release], repair=True)
    assert not (attacked.root.parent / "pulled").exists()


def test_a_listing_with_such_a_name_is_refused(attacked):
    store = LocalStore(attacked.root / ".equipoise" / "remote")
    own = listing_of(attacked.root, store)
    for name in (*STRANGE[:SOME], f"{GOOD}.dir"):
        entries = [*own, {"md5": name, "relpath": "more.txt"}]
        listing = replace_listing(attacked.root, store, json.dumps(entries).encode())
        with pytest.raises(VersionError, match=f"the listing {listing}"):
            pull(Git(attacked.root), the_release(attacked.root), attacked.root.parent / "pulled")
    assert not (attacked.root.parent / "pulled").exists()


def test_a_tag_with_such_a_name_is_not_one_of_this_product(attacked):
    tag = next(Git(attacked.root).tags("augmented@v0.1.0"))
    record = json.loads(tag.message.splitlines()[-1])
    assert read_message(tag.message) is not None
    for name in STRANGE:
        record["outputs"]["data/augmented"] = name
        assert read_message(f"v0.1.0\n\n{json.dumps(record)}\n") is None
    rewrite(attacked.root, {}, message=f"v0.1.0\n\n{json.dumps(record)}\n")
    assert list_releases(Git(attacked.root), "augmented")[0].record is None


def test_a_remote_that_lists_other_files_has_only_its_objects_removed(attacked):
    remote = attacked.root / ".equipoise" / "remote"
    strange = [
        remote / "files" / "md5" / "ab" / "notes.txt",
        remote / "files" / "md5" / "zz" / GOOD[2:],
        remote / "files" / "md5" / "ab" / f"{GOOD[2:]}.tmp",
    ]
    for path in strange:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    git = Git(attacked.root)
    for path in remote.rglob("*"):
        os.utime(path, (0, 0))
    remove(git, find_garbage(git, "augmented", keep=0, in_remote=True))
    assert all(path.is_file() for path in strange)
