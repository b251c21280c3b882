"""Making a folder ready for versions: git, DVC's settings, and what is this machine's alone."""

import logging
import os
from pathlib import Path

from configobj import ConfigObj

from pipeline.versions.access import NoRepositoryError, require_repository
from pipeline.versions.dvc import site_cache
from pipeline.versions.git import Git
from pipeline.workspace import write_bytes

log = logging.getLogger(__name__)

REMOTE = "storage"
CONFIG = f"""\
[core]
    remote = {REMOTE}
    analytics = false
    autostage = false
    check_update = false
['remote "{REMOTE}"']
    url = ../.equipoise/remote
    verify = true
"""
CONFIG_IGNORED = "/config.local\n/tmp\n/cache\n"
DVC_IGNORED = """\
# What DVC need not look at, so that every command stays quick.
.venv
.equipoise
.git
__pycache__
"""
GIT_IGNORED = (".equipoise/", "/data/", "/reports/")


def make_repository(root: Path) -> None:
    """Give a folder git and DVC where it has none; nothing that exists is overwritten.

    Raises:
        VersionError: git is missing or refused, or there is a repository that it cannot use.
    """
    try:
        require_repository(root)
    except NoRepositoryError:
        Git(root).run("init", "--quiet")
    for name, content in (
        (".dvc/config", CONFIG),
        (".dvc/.gitignore", CONFIG_IGNORED),
        (".dvcignore", DVC_IGNORED),
    ):
        if not (root / name).exists():
            write_bytes(root / name, content.encode())
    _ignore(root / ".gitignore", GIT_IGNORED)
    keep_private(root)


def keep_private(root: Path) -> None:
    """Write what DVC by hand needs on this machine into `.dvc/config.local`, which git ignores.

    That is its site cache, which would otherwise lie where every user of the machine can write;
    and in a second git worktree the cache and the remote of the first one, since what a version
    needs must outlive a worktree.
    """
    path = root / ".dvc" / "config.local"
    config = _read(path)
    before = config.dict()
    _place(config, "core", "site_cache_dir", site_cache(root), ".equipoise/dvc")
    first = first_worktree(root)
    if first:
        _place(config, "cache", "dir", first / ".dvc" / "cache", ".dvc/cache")
        own = _read(root / ".dvc" / "config").get(f'remote "{REMOTE}"', {})
        inside = str(own.get("url", "")).removeprefix("../")
        if own.get("url") == f"../{inside}":
            _place(config, f'remote "{REMOTE}"', "url", first / inside, inside)
    if config.dict() != before or not path.exists():
        write_config(path, config)


def _place(config: ConfigObj, section: str, key: str, path: Path, ours: str) -> None:
    """Name a place of this workspace, unless the user has named another one.

    A workspace that was moved or copied names its old places, which end as ours do: they are named
    anew, lest DVC build up the old path or write into the workspace that this one was copied from.
    """
    present = config.setdefault(section, {}).get(key)
    if present is None or (present != str(path) and str(present).endswith(f"/{ours}")):
        config[section][key] = str(path)


def write_config(path: Path, config: ConfigObj) -> None:
    """Write a DVC configuration file; the local one, which may hold keys, for its owner alone."""
    write_bytes(path, "\n".join([*config.write(), ""]).encode())
    if path.name == "config.local":
        path.chmod(0o600)


def _read(path: Path) -> ConfigObj:
    content = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return ConfigObj(content, interpolation=False)


def first_worktree(root: Path) -> Path | None:
    """The same workspace in the repository's first work tree; None where this is that one."""
    git = Git(root)
    if not git.is_repository():
        return None
    common = Path(root, git.run("rev-parse", "--git-common-dir")).resolve()
    if common == Path(root, git.run("rev-parse", "--git-dir")).resolve():
        return None
    first = Path(os.path.normpath(common.parent / git.prefix()))
    return first if (first / ".dvc").is_dir() else None


def _ignore(path: Path, names: tuple[str, ...]) -> None:
    present = ""
    if path.is_symlink():
        # git does not follow it, and its content may be any file of this machine.
        log.warning("%s is a link, which git does not read; it is replaced by a file.", path)
    elif path.exists():
        present = path.read_text(encoding="utf-8")
    missing = [name for name in names if name not in present.splitlines()]
    if missing:
        start = present if not present or present.endswith("\n") else present + "\n"
        write_bytes(path, (start + "\n".join([*missing, ""])).encode())
