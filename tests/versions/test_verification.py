import pytest

from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.store import LocalStore
from pipeline.versions.verification import verify


@pytest.fixture
def place(released):
    """Verify a copy of a released workspace, whose remote was copied along."""
    git = Git(released.root)
    releases = list_releases(git, "augmented")

    class Place:
        store = LocalStore(released.root / ".equipoise" / "remote")
        cache = LocalStore(released.root / ".dvc" / "cache")

        @staticmethod
        def verify(**options):
            return verify(git, releases, **options)

    return Place()


def objects_of(store, kind):
    paths = [path for path in store._root.rglob("*") if path.is_file()]
    if kind == "listing":
        paths = [path for path in paths if path.name.endswith(".dir")]
    largest = max(paths, key=lambda path: path.stat().st_size)
    return largest, largest.parent.name + largest.name


def damage(path, how):
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(content[:-1])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def test_a_healthy_version_has_no_problems(place):
    found = place.verify(read_data=True)
    assert found.problems == []
    assert (found.versions, found.objects) == (["v0.1.0"], 20)


@pytest.mark.parametrize("read_data", [False, True])
def test_progress_ends_when_every_byte_that_will_be_read_was_read(place, read_data):
    told = []
    place.verify(read_data=read_data, on_progress=lambda *sums: told.append(sums))
    done, totals = zip(*told, strict=True)
    assert list(done) == sorted(done)
    assert len(set(totals)) == 1
    assert done[-1] == totals[0] > 0


@pytest.mark.parametrize(
    ("where", "how", "read_data"),
    [
        ("remote", "missing", False),
        ("remote", "truncated", False),
        ("remote", "flipped", True),
        ("cache", "truncated", False),
        ("cache", "flipped", True),
    ],
)
def test_every_kind_of_damage_is_found_and_named(place, where, how, read_data):
    path, md5 = objects_of(place.store if where == "remote" else place.cache, "any")
    damage(path, how)
    (problem,) = place.verify(read_data=read_data).problems
    assert (problem.place, problem.md5, problem.versions) == (where, md5, ("v0.1.0",))


def test_a_damaged_listing_is_found_without_reading_the_data(place):
    path, md5 = objects_of(place.store, "listing")
    damage(path, "flipped")
    assert [problem.md5 for problem in place.verify().problems] == [md5]


def test_the_remedy_names_the_good_copy_where_there_is_one(place):
    path, md5 = objects_of(place.store, "any")
    damage(path, "missing")
    (problem,) = place.verify().problems
    assert "A good copy is at hand" in problem.remedy
    damage(place.cache.path(md5), "missing")
    (problem,) = place.verify().problems
    assert "No good copy" in problem.remedy


@pytest.mark.parametrize("how", ["missing", "truncated", "flipped"])
def test_repair_puts_the_caches_good_copy_into_the_remote(place, how):
    path, _ = objects_of(place.store, "any")
    damage(path, how)
    found = place.verify(read_data=True, repair=True)
    assert (found.problems, found.mended) == ([], 1)
    assert place.verify(read_data=True).problems == []


def test_repair_takes_a_bad_copy_out_of_the_cache(place):
    path, _ = objects_of(place.cache, "any")
    damage(path, "flipped")
    assert place.verify(read_data=True, repair=True).problems == []
    assert not path.exists()


def test_repair_never_puts_a_bad_copy_anywhere(place):
    path, md5 = objects_of(place.store, "any")
    damage(path, "flipped")
    damage(place.cache.path(md5), "flipped")
    (problem,) = place.verify(read_data=True, repair=True).problems
    assert (problem.place, problem.md5) == ("remote", md5)
