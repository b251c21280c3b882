"""Releasing: data first, then the remote verified, then one commit, and the tags last.

A crash leaves either nothing or objects that nobody names; the same command again finishes the
work. The user's branch, index and files are never touched: the commit is made through a private
index and hangs on its tags alone.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.credentials import without_credentials
from pipeline.params import Params, parse_params
from pipeline.stop_signals import go_on_unless_stopped
from pipeline.versions.access import require_usable
from pipeline.versions.details import DETAILS
from pipeline.versions.evidence import Evidence, gather
from pipeline.versions.git import Git
from pipeline.versions.git_remote import fetch_tags, publish_tags
from pipeline.versions.graph import PARAMS_FILE
from pipeline.versions.listing import Release, list_releases
from pipeline.versions.lockfile import LOCK
from pipeline.versions.names import FIRST, Version, promoted_tag, version_tag
from pipeline.versions.needs import held_by_versions
from pipeline.versions.pin import Pin, read_settings, require_pinned
from pipeline.versions.record import change_between, tag_message
from pipeline.versions.record import headline as headline_of
from pipeline.versions.remote import Remote, effective_remote, published_config
from pipeline.versions.sending import send
from pipeline.versions.setup import keep_private
from pipeline.versions.truth import untruths
from pipeline.versions.vanished import refuse_vanished
from pipeline.versions.whereabouts import inside
from pipeline.workspace import Workspace, write_bytes

log = logging.getLogger(__name__)

# Names the commit of a release under way: whoever finishes it has a new version to tell of.
BEGUN = "release.begun"


@dataclass(frozen=True)
class ReleaseOutcome:
    """What a release came to.

    Attributes:
        version, tag: The version that now stands for the workspace's data, and its tag.
        promoted: Whether that version is promoted.
        commit: The commit that its tags name.
        is_new: Whether this call released it, or finished what an earlier one was cut off from;
            False when nothing had changed.
        sentence: All of that in one sentence.
    """

    version: str
    tag: str
    promoted: bool
    commit: str
    is_new: bool
    sentence: str


def release(
    workspace: Workspace,
    params: Params,
    *,
    pin: Pin | None = None,
    on_line: Callable[[str], None] = log.info,
) -> ReleaseOutcome:
    """Release what stands in the workspace, unless a version already holds the same data.

    Args:
        workspace: Where every stage has run.
        params: Its parameters.
        pin: What the run was made with, from its start; without it, what stands there now.
        on_line: Is told what happens, one line at a time.

    Raises:
        VersionError: the run is not finished, the remote did not take the data, git refused, or
            what is published is not what dvc.lock recorded.
        WorkspaceError: what was pinned has been edited.
        StoppedError: a signal asked for the end; a version stands if its tags were written before.
    """
    name = params.release.name
    git = require_usable(workspace.root)
    keep_private(workspace.root)
    on_line("release: comparing the workspace with dvc.lock")
    go_on_unless_stopped()
    if pin is not None:
        require_pinned(workspace, pin)
    evidence = gather(workspace, params, git, pin.files if pin else read_settings(workspace))
    go_on_unless_stopped()
    fetch_tags(git, params.release.git_remote, name)
    releases = list_releases(git, name)
    same = _same(git, releases, evidence)
    if same:
        return _finish(workspace, git, same, releases, params, on_line)
    remote = effective_remote(workspace.root)
    refuse_vanished(git, remote, name)
    held = held_by_versions(git, releases)
    go_on_unless_stopped()
    send(workspace, remote, evidence.objects, of_versions=held, on_line=on_line)
    version = _next_version(releases, evidence)
    go_on_unless_stopped()
    commit = _write_commit(git, workspace, evidence, remote, f"{name} {version}")
    on_line(f"release: wrote the commit {commit[:12]}, outside every branch; the tag keeps it")
    headline = headline_of(f"{name} {version}", evidence.record)
    tags = {version_tag(name, version): tag_message(headline, evidence.record)}
    if evidence.record.promoted:
        tags[promoted_tag(name, _next_promotion(releases))] = f"{name} {version} is promoted"
    begun = workspace.private / BEGUN
    write_bytes(begun, commit.encode())
    # Asked as late as can be: from here on the version stands.
    go_on_unless_stopped()
    git.write_tags(tags, commit=commit)
    on_line(f"release: tagged {' and '.join(tags)}")
    go_on_unless_stopped()
    publish_tags(git, params.release.git_remote, name, on_line=on_line)
    begun.unlink(missing_ok=True)
    return ReleaseOutcome(
        version=str(version),
        tag=version_tag(name, version),
        promoted=evidence.record.promoted,
        commit=commit,
        is_new=True,
        sentence=f"Released {headline}.",
    )


def _same(git: Git, releases: Sequence[Release], evidence: Evidence) -> Release | None:
    """The newest release, where it holds the same data and says truly what made them."""
    newest = releases[-1] if releases else None
    if newest and newest.record and change_between(newest.record, evidence.record) is None:
        return None if untruths(git, newest) else newest
    return None


def _next_version(releases: Sequence[Release], evidence: Evidence) -> Version:
    if not releases:
        return FIRST
    newest = releases[-1]
    if newest.record is None:
        return newest.version.bumped("minor")
    # The same data again, for a version that does not say truly what made them.
    return newest.version.bumped(change_between(newest.record, evidence.record) or "patch")


def _next_promotion(releases: Sequence[Release]) -> int:
    return 1 + max((release.promotion or 0 for release in releases), default=0)


def _without_password(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files as everybody may read them: where the git remote has a password, without that.

    It stands in params.yaml, and in what dvc.lock and the release's details repeat of it.
    """
    address = parse_params(files[PARAMS_FILE], where=PARAMS_FILE).release.git_remote or ""
    if without_credentials(address) == address:
        return dict(files)
    log.warning("release: params.yaml is published without the credentials of release.git_remote")
    told = {name: files[name] for name in (PARAMS_FILE, LOCK, DETAILS)}
    return {**files, **{n: without_credentials(c.decode()).encode() for n, c in told.items()}}


def _write_commit(
    git: Git, workspace: Workspace, evidence: Evidence, remote: Remote, message: str
) -> str:
    prefix = git.prefix()
    files = _without_password({**evidence.files, DETAILS: evidence.details.encode()})
    files[".dvc/config"] = published_config(remote, inside=inside(remote, git))
    workspace.private.mkdir(exist_ok=True)
    return git.write_commit(
        {prefix + path: content for path, content in files.items()},
        index=workspace.private / "release-index",
        replaces=[f"{prefix}reports"],
        message=message,
    )


def _finish(
    workspace: Workspace,
    git: Git,
    newest: Release,
    releases: Sequence[Release],
    params: Params,
    on_line: Callable[[str], None],
) -> ReleaseOutcome:
    """Nothing new: complete what an interrupted run of the same release may have left open."""
    assert newest.record is not None
    name = params.release.name
    go_on_unless_stopped()
    if newest.record.promoted and newest.promotion is None:
        tag = promoted_tag(name, _next_promotion(releases))
        git.write_tags({tag: f"{name} {newest.version} is promoted"}, commit=newest.commit)
        go_on_unless_stopped()
    publish_tags(git, params.release.git_remote, name, on_line=on_line)
    begun = workspace.private / BEGUN
    is_new = begun.is_file() and begun.read_bytes() == newest.commit.encode()
    begun.unlink(missing_ok=True)
    sentence = f"Nothing changed since {name} {newest.version}, so there is no new version."
    if is_new:
        sentence = f"Released {headline_of(f'{name} {newest.version}', newest.record)}."
    return ReleaseOutcome(
        version=str(newest.version),
        tag=newest.tag,
        promoted=newest.record.promoted,
        commit=newest.commit,
        is_new=is_new,
        sentence=sentence,
    )
