"""Verifying versions: every object that they need, in the remote and in the cache."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.errors import TransferError, VersionError
from pipeline.versions.details import read_details
from pipeline.versions.dvc_settings import cache_directory, refuse_foreign_settings
from pipeline.versions.fetch import released_prefix, released_remote
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.local_store import LocalStore
from pipeline.versions.lockfile import FOLDER_SUFFIX, LOCK, read_outputs
from pipeline.versions.meter import Meter, OnProgress, no_matter
from pipeline.versions.objects import Store
from pipeline.versions.recipe import can_be_drawn_again
from pipeline.versions.remote import Remote
from pipeline.versions.store import OnBytes, compare, copy_good, open_store, read_back
from pipeline.versions.truth import untruths
from pipeline.versions.whereabouts import inside

Place = Literal["remote", "cache"]


@dataclass(frozen=True)
class Problem:
    """One object that is not what it should be, and what to do about it."""

    place: Place
    md5: str
    what: str
    versions: tuple[str, ...]
    remedy: str

    def __str__(self) -> str:
        needed = ", ".join(self.versions)
        return f"{self.place}: object {self.md5} (needed by {needed}) is {self.what}. {self.remedy}"


@dataclass(frozen=True)
class Untruth:
    """One way in which a version does not say what made it."""

    version: str
    what: str

    def __str__(self) -> str:
        return (
            f"{self.version} does not say what made it: {self.what} Its rows are those that were "
            "released, but they cannot be made again from what it says. `equipoise run` releases "
            "them, or new ones, under another version that does."
        )


@dataclass
class Verification:
    """What was looked at, and every problem found.

    Attributes:
        versions: The versions verified.
        objects: Number of different objects that they need.
        n_bytes: Their size together.
        mended: How many problems were mended; `problems` are those that remain.
        read: Whether every byte was read and hashed.
        untruths: What versions say of themselves, other than their own dvc.lock recorded.
    """

    versions: list[str] = field(default_factory=list)
    objects: int = 0
    n_bytes: int = 0
    read: bool = False
    mended: int = 0
    problems: list[Problem] = field(default_factory=list)
    untruths: list[Untruth] = field(default_factory=list)


@dataclass(frozen=True)
class _Needs:
    """The objects that versions need from one remote: hash → bytes, and hash → versions."""

    remote: Remote
    sizes: dict[str, int] = field(default_factory=dict)
    versions: dict[str, list[str]] = field(default_factory=dict)


def verify(
    git: Git,
    releases: Sequence[Release],
    *,
    read_data: bool = False,
    repair: bool = False,
    on_progress: OnProgress = no_matter,
) -> Verification:
    """Look at every object that the releases need, in their remotes and in this machine's cache.

    Presence and size of all of them; the bytes of the listings, and with `read_data` of everything.
    The cache may lack objects (the remote has them), but what it holds must be right.

    Args:
        git: The repository with the tags.
        releases: Which ones; those that were not made by this product are left out.
        read_data: Read and hash every object.
        repair: Put good copies from the cache into the remote, and take bad ones out of the cache;
            it reads every object as well, since a damaged one may have its size.
        on_progress: Is told the number of bytes read, and of all that will be.
    """
    read_data = read_data or repair
    if repair:
        refuse_foreign_settings(Path(git.directory))
    known = [release for release in releases if release.record is not None]
    found = Verification(versions=[str(release.version) for release in known], read=read_data)
    found.untruths = [
        Untruth(str(release.version), what) for release in known for what in untruths(git, release)
    ]
    cache = _cache(git)
    by_remote = _needs(git, known).values()
    held = {needs.remote.url: _held(cache, needs.sizes) for needs in by_remote}
    looked_at = [sizes for needs in by_remote for sizes in (needs.sizes, held[needs.remote.url])]
    readable = [_readable(sizes, read_data=read_data) for sizes in looked_at]
    meter = Meter(sum(sum(sizes.values()) for sizes in readable), on_progress)
    for needs in by_remote:
        found.objects += len(needs.sizes)
        found.n_bytes += sum(needs.sizes.values())
        store = open_store(needs.remote)

        def look(place: Store, sizes: dict[str, int]) -> dict[str, str]:
            return _wrong(place, sizes, read_data=read_data, on_bytes=meter.add)

        remedies = _Remedies(git, known, needs, cache)
        in_cache = look(cache, held[needs.remote.url]) if cache else {}
        in_remote = look(store, needs.sizes)
        remedies.lost = set(in_remote)
        if repair and cache and in_remote:
            _require_place(git, needs.remote)
        mended, refused = (
            _mend(store, cache, in_remote, in_cache) if repair and cache else (set(), {})
        )
        found.mended += len(mended)
        places: list[tuple[Place, dict[str, str]]] = [("remote", in_remote), ("cache", in_cache)]
        for place, wrong in places:
            found.problems += [
                Problem(
                    place,
                    md5,
                    what,
                    tuple(needs.versions[md5]),
                    refused.get((place, md5)) or remedies(md5),
                )
                for md5, what in wrong.items()
                if (place, md5) not in mended
            ]
    return found


def _require_place(git: Git, remote: Remote) -> None:
    """Refuse to make the folder of a remote that lies outside of this workspace.

    Raises:
        VersionError: it is missing: not mounted, or of a machine or a workspace that was left.
    """
    path = remote.local_path
    if path is None or (path / "files" / "md5").is_dir() or inside(remote, git):
        return
    raise VersionError(
        f"{path}, where the data of these versions were stored, is missing or empty, and no folder "
        "is made there: its disk may not be mounted. Bring it back. Where the data lie elsewhere "
        "now, name that place with `equipoise remote set PATH`; where they are lost, run "
        f"`mkdir -p {shlex.quote(f'{path}/files/md5')}`. Then run `equipoise verify "
        "--repair` again."
    )


def _held(cache: LocalStore | None, sizes: dict[str, int]) -> dict[str, int]:
    there = cache.sizes(sizes) if cache else {}
    return {md5: n for md5, n in sizes.items() if md5 in there}


def _readable(sizes: dict[str, int], *, read_data: bool) -> dict[str, int]:
    """The objects whose bytes are read: the listings, or all."""
    return {md5: n for md5, n in sizes.items() if read_data or md5.endswith(FOLDER_SUFFIX)}


def _mend(
    store: Store, cache: LocalStore, in_remote: dict[str, str], in_cache: dict[str, str]
) -> tuple[set[tuple[Place, str]], dict[tuple[Place, str], str]]:
    """Bring good copies into the remote, and take bad ones out of the cache.

    Returns:
        What was mended, and why the rest of what was tried could not be.
    """
    mended: set[tuple[Place, str]] = set()
    refused: dict[tuple[Place, str], str] = {}
    for md5 in in_remote:
        try:
            if copy_good(cache, store, [md5]):
                mended.add(("remote", md5))
        except TransferError:
            raise
        except VersionError as error:
            refused["remote", md5] = str(error)
    for md5 in in_cache:
        # What the cache lacks, DVC fetches again when it is asked for; a bad copy it would use.
        try:
            cache.remove(md5)
            mended.add(("cache", md5))
        except VersionError as error:
            refused["cache", md5] = str(error)
    return mended, refused


def _needs(git: Git, releases: Iterable[Release]) -> dict[str, _Needs]:
    """Remote URL → what the releases need from it."""
    by_url: dict[str, _Needs] = {}
    for release in releases:
        prefix = released_prefix(git, release)
        remote = released_remote(git, release, prefix)
        needs = by_url.setdefault(remote.url, _Needs(remote))
        objects = read_details(git, release.commit, prefix).objects
        _check_complete(git, release, prefix, objects)
        for md5, n_bytes in objects.items():
            needs.sizes[md5] = n_bytes
            needs.versions.setdefault(md5, []).append(str(release.version))
    return by_url


def _check_complete(git: Git, release: Release, prefix: str, objects: dict[str, int]) -> None:
    assert release.record is not None
    where = f"{LOCK} of {release.tag}"
    outputs = {
        o.path: o.md5 for o in read_outputs(git.read(release.commit, prefix + LOCK), where=where)
    }
    strange = [
        path
        for path, md5 in release.record.outputs.items()
        if outputs.get(path) != md5 or md5 not in objects
    ]
    if strange:
        raise VersionError(
            f"The commit and the tag of {release.tag} disagree about {', '.join(strange)}: one of "
            "them was changed by hand. Pull another version, and release this data again."
        )


def _wrong(
    store: Store, sizes: dict[str, int], *, read_data: bool, on_bytes: OnBytes | None = None
) -> dict[str, str]:
    problems = compare(store, sizes)
    readable = [md5 for md5 in _readable(sizes, read_data=read_data) if md5 not in problems]
    return problems | read_back(store, {md5: sizes[md5] for md5 in readable}, on_bytes=on_bytes)


class _Remedies:
    """What to do about an object that is not what it should be."""

    def __init__(
        self, git: Git, releases: Sequence[Release], needs: _Needs, cache: LocalStore | None
    ):
        self.lost: set[str] = set()
        self._git, self._needs, self._cache = git, needs, cache
        self._releases = {str(release.version): release for release in releases}
        self._drawable: dict[str, bool] = {}

    def __call__(self, md5: str) -> str:
        places: list[Store] = [open_store(self._needs.remote)]
        places += [self._cache] if self._cache else []
        sizes = {md5: self._needs.sizes[md5]}
        if any(not _wrong(place, sizes, read_data=True) for place in places):
            return "A good copy is at hand: `equipoise verify --repair` puts it in place."
        way = "Run `equipoise verify --repair` on a machine that has one, or restore a backup."
        version = next(filter(self._is_drawable, self._needs.versions[md5]), None)
        if version is None:
            return f"No good copy is at hand. {way}"
        return (
            f"No good copy is at hand. {way} The rows can also be drawn again: "
            f"`equipoise reproduce {version} --to DIR`."
        )

    def _is_drawable(self, version: str) -> bool:
        if version not in self._drawable:
            release = self._releases[version]
            self._drawable[version] = can_be_drawn_again(self._git, release, self.lost)
        return self._drawable[version]


def _cache(git: Git) -> LocalStore | None:
    folder = cache_directory(Path(git.directory))
    return LocalStore(folder) if folder and folder.is_dir() else None
