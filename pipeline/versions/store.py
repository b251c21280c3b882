"""A remote's objects, one by one: compare, read back, fetch."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from pipeline.errors import VersionError
from pipeline.versions.local_store import LocalStore
from pipeline.versions.lockfile import FOLDER_SUFFIX, md5_of
from pipeline.versions.objects import Store, UnfitObjectError
from pipeline.versions.remote import Remote

CHUNK_BYTES = 1 << 20
CONNECTIONS = 8
# What `compare` and `read_back` say of an object that is nowhere.
MISSING = "missing"
# A listing names every file of a folder in about a hundred bytes.
MAXIMUM_LISTING_BYTES = 16 * 2**20
OnBytes = Callable[[int], None]


def open_store(remote: Remote) -> Store:
    """The objects of a remote, with the credentials that DVC would use."""
    path = remote.local_path
    if path:
        return LocalStore(path)
    # Only remotes beyond this machine need DVC's file systems, which are slow to import.
    from pipeline.versions.cloud_store import CloudStore

    return CloudStore(remote)


def compare(store: Store, expected: Mapping[str, int | None]) -> dict[str, str]:
    """Object → what is wrong with it, for every one that is missing or of another size.

    Args:
        store: Where the objects should be.
        expected: Hash → bytes, None where the size is not known.
    """
    problems = {}
    sizes = store.sizes(expected)
    for md5, asked in expected.items():
        if md5 not in sizes:
            problems[md5] = MISSING
            continue
        found = sizes[md5]
        if isinstance(found, str):
            problems[md5] = found
        elif None not in (asked, found) and found != asked:
            problems[md5] = f"{found} bytes long where {asked} are expected"
    return problems


def read_back(
    store: Store,
    hashes: Iterable[str] | Mapping[str, int | None],
    *,
    on_bytes: OnBytes | None = None,
) -> dict[str, str]:
    """Object → what is wrong with it, for every one whose bytes are not what its name says.

    Args:
        store: Where the objects are.
        hashes: Which ones; where it maps them to their bytes, no more than those are read.
        on_bytes: Is told the bytes of every chunk.
    """
    most = hashes if isinstance(hashes, Mapping) else {}

    def check(md5: str) -> tuple[str, str | None]:
        try:
            found = _copy(store, md5, None, on_bytes, most.get(md5))
        except FileNotFoundError:
            return md5, MISSING
        except UnfitObjectError as unfit:
            return md5, unfit.what
        return md5, None if found == md5.removesuffix(FOLDER_SUFFIX) else "damaged: other bytes"

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return {md5: problem for md5, problem in pool.map(check, hashes) if problem}


def read_listing_object(store: Store, md5: str) -> bytes:
    """A folder's listing, which is small.

    Raises:
        FileNotFoundError: it is missing.
        UnfitObjectError: its bytes are not what its name promises, or no listing is that long.
    """
    with store.open(md5) as stream:
        content = stream.read(MAXIMUM_LISTING_BYTES + 1)
    if len(content) > MAXIMUM_LISTING_BYTES:
        raise UnfitObjectError(md5, f"longer than {MAXIMUM_LISTING_BYTES:,} bytes")
    if md5_of(content) != md5.removesuffix(FOLDER_SUFFIX):
        raise UnfitObjectError(md5, "damaged: other bytes")
    return content


def copy_good(source: LocalStore, target: Store, hashes: Iterable[str]) -> list[str]:
    """Copy objects that are good in `source` into `target`; returns those that were.

    DVC itself does not do this: where a folder's listing is in the remote, `dvc push` takes the
    files that it names for present.
    """
    good = [md5 for md5 in hashes if not read_back(source, [md5])]
    for md5 in good:
        target.put(md5, source.path(md5))
    return good


def fetch_checked(
    store: Store,
    md5: str,
    path: Path,
    *,
    most_bytes: int | None = None,
    on_bytes: OnBytes | None = None,
) -> None:
    """Fetch an object into a new file and refuse bytes other than those its name promises.

    Args:
        store: Where it is.
        md5: Which one.
        path: A file that does not exist yet.
        most_bytes: How long it is said to be; not a byte more is written.
        on_bytes: Is told the bytes of every chunk.

    Raises:
        VersionError: the object is missing or damaged.
    """
    try:
        found = _copy(store, md5, path, on_bytes, most_bytes)
    except FileNotFoundError:
        raise VersionError(
            f"The remote lacks the object {md5}. Whoever released the version can bring it back "
            "with `equipoise verify --repair`."
        ) from None
    except UnfitObjectError as unfit:
        path.unlink(missing_ok=True)
        raise VersionError(
            f"The remote's object {md5} is {unfit.what}. It was not used. Whoever released the "
            "version can repair it with `equipoise verify --repair`."
        ) from None
    if found != md5.removesuffix(FOLDER_SUFFIX):
        path.unlink()
        raise VersionError(
            f"The remote's object {md5} is damaged: its bytes hash to {found}. It was not used. "
            "Whoever released the version can repair it with `equipoise verify --repair`."
        )


def _copy(
    store: Store, md5: str, path: Path | None, on_bytes: OnBytes | None, most_bytes: int | None
) -> str:
    """Read an object once, writing it to `path` if there is one; returns the MD5 of its bytes."""
    digest = hashlib.md5(usedforsecurity=False)
    n_bytes = 0
    with store.open(md5) as source, path.open("xb") if path else nullcontext() as sink:
        while chunk := source.read(CHUNK_BYTES):
            n_bytes += len(chunk)
            if most_bytes is not None and n_bytes > most_bytes:
                raise UnfitObjectError(md5, f"longer than the {most_bytes:,} bytes it should have")
            digest.update(chunk)
            if sink:
                sink.write(chunk)
            if on_bytes:
                on_bytes(len(chunk))
    return digest.hexdigest()
