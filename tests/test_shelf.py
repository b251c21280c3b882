"""The index over released versions, and their pages, read from tags alone."""

import re
import shutil

import pytest

from pipeline import shelf
from pipeline.errors import VersionError
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from tests.released import release


def index_of(root, folder) -> str:
    return shelf.fill(Git(root), "augmented", folder).read_text(encoding="utf-8")


def table_rows(page) -> list[str]:
    body = re.search(r'id="table-versions".*?<tbody.*?>(.*?)</tbody>', page, re.DOTALL)[1]
    return re.findall(r"<tr.*?</tr>", body, re.DOTALL)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Two versions, to be read only."""
    root = tmp_path_factory.mktemp("repository")
    release(root, "v0.1.0", gain=-0.4, verdict="no evidence")
    release(root, "v0.2.0", gain=1.2, promotion=1)
    return root


@pytest.fixture(scope="module")
def filled(repository, tmp_path_factory):
    """The shelf of both versions, to be read only: its folder."""
    folder = tmp_path_factory.mktemp("shelf")
    shelf.fill(Git(repository), "augmented", folder)
    return folder


@pytest.fixture
def changeable(repository, tmp_path):
    """A copy of the repository, for one test alone."""
    shutil.copytree(repository, tmp_path / "changeable")
    return tmp_path / "changeable"


def test_versions_stand_newest_first_with_verdict_gain_and_counts(filled):
    newest, oldest = table_rows((filled / "index.html").read_text())
    assert "v0.2.0" in newest
    assert "helps" in newest
    assert '<data value="1.2">+1.2</data>' in newest
    assert "+0.2 to +2.2" in newest
    assert '<data value="90">90</data>' in newest
    assert '<data value="70">70</data>' in newest
    assert "#1" in newest
    assert "v0.1.0" in oldest
    assert "−0.4" in oldest


def test_every_version_links_to_its_own_page(filled):
    page = (filled / "index.html").read_text()
    links = re.findall(r'href="(versions/[^"]+)"', page)
    assert links == ["versions/v0.2.0.html", "versions/v0.1.0.html"]
    assert all((filled / link).is_file() for link in links)


def test_a_promoted_page_names_its_version_in_the_verdict(filled):
    page = (filled / "versions" / "v0.2.0.html").read_text()
    assert "<h1>It helps, and is promoted as augmented@v0.2.0.</h1>" in page
    assert re.search(
        r"Released as augmented@v0\.2\.0 on \d+\u00a0\w{3}\u00a020\d\d, promotion 1", page
    )
    assert "pull v0.2.0" in page


def test_a_page_tells_machine_and_durations_as_text(filled):
    page = (filled / "versions" / "v0.2.0.html").read_text()
    assert "train 1\u202fmin 15\u202fs and evaluate 20.4\u202fs" in page
    assert "a &lt;processor&gt;, 2 cores, 8 GiB" in page


def test_a_bare_clone_is_enough(repository, tmp_path):
    Git(tmp_path).run("clone", "--quiet", "--bare", str(repository), str(tmp_path / "bare"))
    assert len(table_rows(index_of(tmp_path / "bare", tmp_path / "out"))) == 2


def test_two_versions_make_a_trend(filled):
    page = (filled / "index.html").read_text()
    assert 'aria-label="gain of the dataset, points from v0.1.0 to v0.2.0' in page
    assert 'aria-label="held-out score from v0.1.0 to v0.2.0' in page


def test_a_version_of_a_mix_is_told_as_such_and_is_no_part_of_the_trend(tmp_path):
    release(tmp_path, "v0.1.0", of_mix=True, gain=0.4)
    for minor in (2, 3):
        release(tmp_path, f"v0.{minor}.0", gain=1.0 + minor)
    page = index_of(tmp_path, tmp_path / "out")
    oldest = table_rows(page)[-1]
    assert "of a mix" in oldest
    assert "−0.6 to +1.4 (95\u202f%)" in oldest
    assert "“of a mix”: the version was made before" in page
    assert 'aria-label="gain of the dataset, points from v0.2.0 to v0.3.0' in page


def test_versions_of_a_mix_alone_make_a_trend_of_their_own(tmp_path):
    for minor in (1, 2):
        release(tmp_path, f"v0.{minor}.0", of_mix=True, gain=1.0 + minor)
    page = index_of(tmp_path, tmp_path / "out")
    assert 'aria-label="gain of a training mix, points from v0.1.0 to v0.2.0' in page


def test_one_version_makes_no_trend(tmp_path):
    release(tmp_path, "v0.1.0")
    assert "The trend" not in index_of(tmp_path, tmp_path / "out")


def test_an_index_without_versions_says_so(tmp_path):
    Git(tmp_path).run("init", "--quiet")
    assert "No version has been released yet." in index_of(tmp_path, tmp_path / "out")


def test_a_version_without_a_report_is_listed_without_a_link(changeable, tmp_path):
    release(changeable, "v0.3.0", page=None, gain=2.0)
    page = index_of(changeable, tmp_path)
    assert len(table_rows(page)) == 3
    assert "versions/v0.3.0.html" not in page
    newest = list_releases(Git(changeable), "augmented")[-1]
    with pytest.raises(VersionError, match=r"augmented@v0\.3\.0 holds no"):
        shelf.put(Git(changeable), newest, tmp_path)


def test_a_tag_that_someone_else_made_is_listed_as_such(changeable, tmp_path):
    Git(changeable).run("-c", "user.name=a", "-c", "user.email=b", "tag", "-a", "-m", "x",
                        "augmented@v9.0.0", "augmented@v0.2.0^{commit}")  # fmt: skip
    assert "made elsewhere" in table_rows(index_of(changeable, tmp_path))[0]
