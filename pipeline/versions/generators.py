"""Released generators from which a training may start, and which of them that is.

A version named in params.yaml never changes. `last` does, so a scheduled run replaces it, in the
params.yaml of its own worktree, by the last version that was made from other data than today's. As
long as the data stay, that is the same version, and nothing is trained anew.
"""

import re
from pathlib import Path

from pipeline.errors import ParamsError
from pipeline.params import LAST_VERSION, load_params
from pipeline.versions.fetch import fetch_output
from pipeline.versions.git import Git
from pipeline.versions.listing import find_release, list_releases
from pipeline.versions.lockfile import LOCK, read_outputs
from pipeline.versions.meter import no_matter
from pipeline.workspace import Workspace, write_bytes

PREPARED, GENERATOR = "data/prepared", "data/generator"
# The key with what it says, on a line that is no comment.
_KEY = re.compile(r"(?m)^([^#\n]*\bwarm_start:\s*)[\"']?(last|null|v[\d.]+)[\"']?")


def fetch_generator(workspace: Workspace, name: str, version: str, directory: Path) -> None:
    """Fetch a released generator into a new folder, every file's hash checked.

    Raises:
        VersionError: there is no such version, or its data are missing or damaged.
    """
    git = Git(workspace.root)
    release = find_release(list_releases(git, name), version)
    directory.mkdir(parents=True)
    fetch_output(git, release, GENERATOR, directory, on_progress=no_matter)


def last_with_other_data(workspace: Workspace, name: str) -> str | None:
    """The last version whose data are not those that stand in the workspace; None without any."""
    today = _prepared_hash(workspace)
    if today is None:
        return None
    for release in reversed(list_releases(Git(workspace.root), name)):
        data = release.record.outputs.get(PREPARED) if release.record else None
        if data is not None and data != today:
            return str(release.version)
    return None


def replace_last(worktree: Workspace) -> str | None:
    """Write the version that `last` means today into a worktree's params.yaml.

    Called when the worktree is opened and again when its data are known; what is committed decides
    whether there is anything to replace.

    Returns:
        What was done, as a sentence; None where the committed params.yaml does not say `last`.

    Raises:
        ParamsError: the key stands where it cannot be replaced.
    """
    git = Git(worktree.root)
    committed = _KEY.search(git.read("HEAD", f"{git.prefix()}params.yaml").decode())
    if committed is None or committed.group(2) != LAST_VERSION:
        return None
    version = last_with_other_data(worktree, load_params(worktree.params_file).release.name)
    text = worktree.params_file.read_text(encoding="utf-8")
    told = _KEY.sub(rf"\g<1>{version or 'null'}", text, count=1)
    write_bytes(worktree.params_file, told.encode())
    if load_params(worktree.params_file).gan.warm_start != version:
        raise ParamsError(
            "`gan.warm_start: last` cannot be replaced in params.yaml; write it on a line of its "
            "own under `gan:`."
        )
    if version is None:
        return "No version was made from other data, so a training begins from zero."
    return f"A training starts from the generator of {version}, the last version of other data."


def _prepared_hash(workspace: Workspace) -> str | None:
    lock = workspace.root / LOCK
    if not lock.is_file():
        return None
    outputs = read_outputs(lock.read_bytes(), where=str(lock))
    return next((output.md5 for output in outputs if output.path == PREPARED), None)
