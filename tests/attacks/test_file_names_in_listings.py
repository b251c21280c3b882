"""File names in a listing lead to files below one folder, the same ones on every system."""

import json

import pytest

from pipeline.errors import VersionError
from pipeline.file_names import MAXIMUM_FILES, name_problem, names_problem
from pipeline.versions.folder_listing import read_listing
from pipeline.versions.git import Git
from pipeline.versions.pull import pull
from tests.attacks.stranger import (
    files_below,
    listing_of,
    own_remote,
    replace_listing,
    the_release,
)

MD5 = "0" * 32
STRANGE = (
    "/etc/passwd", "../outside", "a/../../outside", "a/..", "..", ".", "", "a//b", "a/", "/",
    "a/./b",
    "a\0b", "a\nb", "a\x1b[31mb", "a\x7fb", "a\x85b", "\u202etxt.exe", "a\u200bb", "a\u2028b",
    "a\\b", "..\\outside", "C:\\x", "C:x", "\\\\host\\share", "a:stream", "a*", "a?", 'a"', "a|b",
    "con", "CON", "aux.txt", "nul .txt", "com1", "LPT9.parquet", "a/prn/b", "com¹",
    "a.", "a ", " a", "a./b", ".git/config", ".gitattributes", ".envrc", "a/.git/hooks/pre-commit",
    "a" * 256, "é" * 200, "a/" * 600 + "b", "\ue000", "\ud800",
)  # fmt: skip
GOOD = (
    "README.md",
    "train/part-00000.parquet",
    "a b/ä-ö_(1).png",
    "数据/文件.parquet",
    "console",
    "c/nul0",
)
TOGETHER = {
    "the same twice": ["a", "b", "a"],
    "capitals": ["a/b.png", "a/B.png"],
    "capitals of a folder": ["A/x", "a/y"],
    "capitals of another alphabet": ["Σ", "ς"],
    "composed and not": ["\u00e9", "e\u0301"],
    "a file that is a folder as well": ["a", "a/b"],
    "the other way round": ["a/b/c", "a/b"],
    "a file that is a folder with other capitals": ["A", "a/b"],
    "ligatures": ["ﬁ", "fi"],
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_a_name_that_leads_elsewhere_or_differs_between_systems_is_refused(name):
    assert name_problem(name)
    problem = names_problem(["README.md", name])
    assert problem
    assert problem.isprintable()


@pytest.mark.parametrize("name", GOOD)
def test_usual_names_are_not(name):
    assert name_problem(name) is None


@pytest.mark.parametrize("names", TOGETHER.values(), ids=TOGETHER)
def test_names_that_meet_on_one_system_are_refused(names):
    assert "on some systems" in names_problem(names) or "the folder of" in names_problem(names)


def test_folders_may_hold_several_files():
    assert names_problem(["a/b", "a/c", "a/d/e", "b"]) is None


def test_their_number_is_bounded():
    assert names_problem([f"{number}" for number in range(MAXIMUM_FILES)]) is None
    assert "100,001" in names_problem([f"{number}" for number in range(MAXIMUM_FILES + 1)])


@pytest.mark.parametrize(
    "content",
    [b"{}", b"[1]", b'[{"md5": "0"}]', b'[{"relpath": "a"}]', b'[{"md5": 1, "relpath": "a"}]',
     b'[{"md5": "00000000000000000000000000000000", "relpath": null}]', b"null", b""],
)  # fmt: skip
def test_what_is_no_listing_is_told(content):
    with pytest.raises(VersionError, match="the listing 0 of TAG"):
        read_listing(content, where="the listing 0 of TAG")


def test_pull_writes_nothing_where_a_listing_names_such_a_file(released, released_run):
    store = own_remote(released.root, released_run)
    own = listing_of(released.root, store)
    for name in ("/etc/passwd", "../outside", ".git/config", "a\0b", "C:x", "README.MD"):
        entries = [*own, {"md5": own[0]["md5"], "relpath": name}]
        listing = replace_listing(released.root, store, json.dumps(entries).encode())
        before = files_below(released.root.parent)
        with pytest.raises(VersionError, match=listing):
            pull(Git(released.root), the_release(released.root), released.root.parent / "pulled")
        assert files_below(released.root.parent) == before
