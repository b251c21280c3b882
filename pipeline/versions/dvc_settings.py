"""DVC's settings of a workspace: what of them is used, and which refuse to have DVC run at all."""

import logging
import shlex
import stat
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import VersionError
from pipeline.versions.foreign_settings import Sifted, sift
from pipeline.versions.git import Git
from pipeline.versions.operands import InTree

log = logging.getLogger(__name__)

MAXIMUM_BYTES = 2**16

# What git must not hold, since only this machine can know it: DVC's own settings of it, its caches
# and locks, and the product's private folder.
PRIVATE = (".dvc/config.local", ".dvc/tmp", ".dvc/cache", ".equipoise")


def cache_directory(root: Path) -> Path | None:
    """Where DVC caches objects for a workspace; None where there is no workspace."""
    if not (root / ".dvc").is_dir():
        return None
    folder = effective_config(root)["cache"].get("dir")
    return Path(folder) if folder else root / ".dvc" / "cache"


def refuse_foreign_settings(root: Path) -> None:
    """Refuse a workspace whose repository brings settings that DVC must not be run with.

    DVC itself takes every option of `.dvc/config`, also one that runs a program, so no DVC is
    started before this.

    Raises:
        VersionError: a file that git holds has such settings, or stands where only files of this
            machine may.
    """
    if not (root / ".dvc").is_dir():
        return
    config = root / ".dvc" / "config"
    refuse_private_in_git(root)
    refused = _sifted(root, "repo").refused
    if refused:
        key, problem = next(iter(refused.items()))
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise VersionError(
            f"{config} sets `{key}`{more}, which {problem}. git holds that file, so anybody may "
            "have written it. If the setting is yours, move it to this machine's own file: "
            f"`dvc config --local {shlex.quote(key)} VALUE`, then "
            f"`dvc config --unset {shlex.quote(key)}`."
        )


def refuse_private_in_git(root: Path) -> None:
    """Refuse a workspace whose repository brings files of those places that are this machine's.

    Raises:
        VersionError: git holds one; the sentence names it, and the way out.
    """
    held = _held_by_git(root)
    if held:
        raise VersionError(
            f"git holds {held[0]} of {root}, which belongs to one machine alone: whoever wrote it "
            "would decide what this one runs. Take it out of git with "
            f"`git rm -r --cached {held[0]}`, and keep it only if it is yours."
        )


def effective_config(root: Path) -> dict[str, Any]:
    """DVC's settings of a workspace; of the files that git holds only what may be used."""
    if not (root / ".dvc").is_dir():
        raise VersionError(
            f"{root} has no .dvc folder, so there is nowhere to store data. Run `equipoise init`."
        )
    # A heavy import (0.2 s), which listing versions does without.
    from dvc.config import Config, ConfigError, merge

    merged: dict[str, Any] = {}
    try:
        for level in Config.LEVELS:
            sifted = _sifted(root, level)
            for key, problem in sifted.refused.items():
                _tell_unused(root, key, problem)
            merge(merged, sifted.used)
        config: dict[str, Any] = Config.validate(merged)
    except ConfigError as error:
        raise VersionError(f"{root / '.dvc' / 'config'} cannot be used: {error}.") from None
    return config


@cache
def _tell_unused(root: Path, key: str, problem: str) -> None:
    """Say once that a setting is not used, however often the settings are read."""
    log.warning("`%s` in a file that git holds is not used at %s: it %s.", key, root, problem)


def _sifted(root: Path, level: str) -> Sifted:
    """The settings of one of DVC's files; of one that git holds only what may be used."""
    from dvc.config import Config, ConfigError

    try:
        for name in ("config", "config.local"):
            _refuse_endless(root / ".dvc" / name)
        files = Config(str(root / ".dvc"), validate=False)
        content = dict(files.load_one(level))
    except (ConfigError, OSError) as error:
        raise VersionError(f"{root / '.dvc' / 'config'} cannot be used: {error}.") from None
    if level == "repo" or (level == "local" and PRIVATE[0] in _held_by_git(root)):
        return sift(content, root)
    return Sifted(content)


def _refuse_endless(path: Path) -> None:
    """Refuse a file of settings that DVC would never come to the end of; git holds links as well.

    Raises:
        VersionError: it is a device, a pipe, a folder, or larger than settings are.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode) or found.st_size > MAXIMUM_BYTES:
        raise VersionError(
            f"{path} is no regular file of at most {MAXIMUM_BYTES:,} bytes, as settings are. "
            "Delete it, and name the remote again with `equipoise remote set URL`."
        )


def _held_by_git(root: Path) -> list[str]:
    """Which of the places of this machine alone git holds, itself or something in it."""
    git = Git(root)
    if not git.is_repository():
        return []
    held = git.run("ls-files", "-z", *map(InTree, PRIVATE)).split("\0")
    return [name for name in PRIVATE if any(f"{one}/".startswith(f"{name}/") for one in held)]
