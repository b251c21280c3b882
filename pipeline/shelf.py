"""The shelf of reports: the page of every released version, and the index over them.

Everything is read from the tags of a repository, so that a bare one is enough and nothing is run.
"""

import logging
import shlex
from pathlib import Path
from typing import Any

from pipeline.errors import ArtifactError, VersionError
from pipeline.outside import Figure, read_outside_json
from pipeline.reporting import quiet
from pipeline.reporting.index import Entry, render_index
from pipeline.reporting.stamp import Stamp, stamped
from pipeline.run_record import RUN_FILE, read_record
from pipeline.versions.fetch import released_prefix
from pipeline.versions.git import Git
from pipeline.versions.listing import Release, list_releases
from pipeline.workspace import write_bytes

log = logging.getLogger(__name__)

INDEX = "index.html"
PAGES = "versions"
REPORT_PATH, METRICS_PATH = "reports/report.html", "reports/metrics.json"


def fill(git: Git, name: str, folder: Path) -> Path:
    """Write the index and every version's page into a folder, and return the index.

    Args:
        git: The repository with the tags.
        name: Under which the versions are released.
        folder: Where `index.html` and `versions/` are to lie, e.g. `reports/`.
    """
    entries = [_shelve(git, release, folder) for release in list_releases(git, name)]
    index = folder / INDEX
    write_bytes(index, render_index(name, entries).encode())
    return index


def put(git: Git, release: Release, folder: Path) -> Path:
    """Write one version's page and return where it lies.

    Raises:
        VersionError: the version's commit holds no report, or one that might run something.
    """
    page = _page(git, release)
    path = folder / PAGES / f"{release.version}.html"
    write_bytes(path, page.encode("utf-8", "replace"))
    return path


def _shelve(git: Git, release: Release, folder: Path) -> Entry:
    page = ""
    try:
        if _content(git, release, REPORT_PATH) is not None:
            page = f"{PAGES}/{put(git, release, folder).name}"
    except VersionError as error:
        log.warning("report: %s", error)
    common: dict[str, Any] = {
        "version": str(release.version),
        "date": release.date,
        "promotion": release.promotion,
        "page": page,
        "metrics": _metrics(git, release),
    }
    record = release.record
    if record is None:
        return Entry(**common)
    return Entry(
        **common,
        gain=record.gain,
        gan_verdict=record.gan_verdict,
        classifier=record.classifier,
        rows=record.rows,
    )


def _page(git: Git, release: Release) -> str:
    content = _content(git, release, REPORT_PATH)
    if content is None:
        raise VersionError(
            f"{release.tag} holds no {REPORT_PATH}. It was released without a report; choose "
            "another version (`equipoise versions` lists them)."
        )
    page = content.decode("utf-8", errors="replace")
    problem = quiet.problem_of(page)
    if problem:
        path = released_prefix(git, release) + REPORT_PATH
        raise VersionError(
            f"{REPORT_PATH} of {release.tag} {problem}, which no report of this product does: it "
            "might run a program or ask other servers when it is opened, so it is not shown. Read "
            f"its text with `git show {shlex.quote(f'{release.tag}:{path}')}`, or choose another "
            "version."
        )
    run = _content(git, release, f"reports/{RUN_FILE}")
    stamp = Stamp(release.tag, release.date, release.promotion, read_record(run) if run else None)
    return quiet.with_policy(stamped(page, stamp))


def _metrics(git: Git, release: Release) -> dict[str, Any]:
    content = _content(git, release, METRICS_PATH)
    if content is None:
        return {}
    where = f"{METRICS_PATH} of {release.tag}"
    try:
        return read_outside_json(
            content,
            dict[str, Figure | str | bool | None],
            where=where,
            way_out="The trend goes without it.",
        )
    except ArtifactError as error:
        log.warning("report: %s", error)
        return {}


def _content(git: Git, release: Release, path: str) -> bytes | None:
    """A file of the release's commit; None where it holds none."""
    try:
        return git.read(release.commit, released_prefix(git, release) + path)
    except VersionError:
        return None
