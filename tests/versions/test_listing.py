import pytest

from pipeline.errors import VersionError
from pipeline.versions.listing import Release, find_release
from pipeline.versions.names import Version


def release(number, promotion=None):
    return Release(Version(0, number, 0), f"augmented@v0.{number}.0", "c", "2026", None, promotion)


RELEASES = [release(1, promotion=2), release(2, promotion=1), release(3)]


@pytest.mark.parametrize(
    ("wanted", "minor"),
    [
        ("v0.2.0", 2),
        ("0.2.0", 2),
        ("augmented@v0.2.0", 2),
        ("latest", 3),
        # Promotions are numbered in the order in which they were made.
        ("promoted", 1),
        (None, 1),
    ],
)
def test_a_version_is_found_by_each_of_its_names(wanted, minor):
    assert find_release(RELEASES, wanted).version.minor == minor


def test_a_version_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(VersionError, match=r"no version v9\.0\.0; the newest are v0\.1\.0"):
        find_release(RELEASES, "v9.0.0")


def test_without_a_promoted_version_the_newest_is_suggested():
    with pytest.raises(VersionError, match=r"Name a version, for example v0\.3\.0"):
        find_release(RELEASES[2:], None)


def test_without_any_version_the_way_to_the_first_is_told():
    with pytest.raises(VersionError, match="equipoise run"):
        find_release([], "latest")
