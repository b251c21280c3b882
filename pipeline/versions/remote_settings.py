"""Writing where data are stored: the address to git's side, secrets to this machine's alone."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from configobj import ConfigObj

from pipeline.credentials import HIDDEN, without_credentials
from pipeline.errors import VersionError
from pipeline.versions.foreign_settings import PUBLIC_OPTIONS, sift_remote
from pipeline.versions.remote import effective_remote
from pipeline.versions.setup import REMOTE, make_repository, write_config


def set_remote(root: Path, url: str, options: Mapping[str, str]) -> None:
    """Make `url` the default remote of a workspace, with `verify = true`.

    Options that a consumer needs (`endpointurl`, `region`, …) go beside the URL into
    `.dvc/config`; every other one, and user name and password of the URL, go into
    `.dvc/config.local`, which git ignores and only the owner can read.

    Args:
        root: The workspace.
        url: A path, or a URL of a protocol that DVC speaks, e.g. `s3://bucket/folder`.
        options: DVC's options for that remote.

    Raises:
        VersionError: DVC does not accept the URL or an option; nothing is changed then.
    """
    if HIDDEN in without_credentials(url) and HIDDEN not in url:
        raise VersionError(
            f"{without_credentials(url)} holds a token in its address, which every version would "
            "publish. Give it as an option, for example --set password=-, or in the environment."
        )
    make_repository(root)
    shared, own = root / ".dvc" / "config", root / ".dvc" / "config.local"
    before = {path: path.read_bytes() if path.is_file() else None for path in (shared, own)}
    secrets = {**_credentials(url), **_without(options, PUBLIC_OPTIONS)}
    public = {name: value for name, value in options.items() if name in PUBLIC_OPTIONS}
    address = without_credentials(url) if "://" in url else _address(root, Path(url))
    unfit = sift_remote(REMOTE, {"url": address, **public}).refused
    for key, problem in unfit.items():
        raise VersionError(f"The remote is left as it was: `{key}` {problem}.")
    try:
        _write(shared, {"url": address, "verify": True, **public}, makes_default=True)
        _write(own, secrets, makes_default=False)
        effective_remote(root)
    except VersionError:
        for path, content in before.items():
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
        raise


def _address(root: Path, path: Path) -> str:
    """A folder as `.dvc/config` names it: from `.dvc` where it moves with the workspace."""
    folder, home = path.expanduser().resolve(), root.resolve()
    if folder.is_relative_to(home):
        return f"../{folder.relative_to(home).as_posix()}"
    return str(folder)


def _write(path: Path, values: Mapping[str, object], *, makes_default: bool) -> None:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    config = ConfigObj(lines, interpolation=False)
    # The old remote's options do not fit the new one.
    config.pop(f'remote "{REMOTE}"', None)
    if values:
        config[f'remote "{REMOTE}"'] = dict(values)
    if makes_default:
        config.setdefault("core", {})["remote"] = REMOTE
    write_config(path, config)


def _credentials(url: str) -> dict[str, str]:
    """User name and password inside a URL, as DVC's options."""
    parts = urlsplit(url) if "://" in url else None
    if parts is None or "@" not in parts.netloc:
        return {}
    if parts.scheme == "s3":
        raise VersionError(
            "Keys do not belong in an s3 URL. Give them as --set access_key_id=… and "
            "--set secret_access_key=-, or leave them to AWS_ACCESS_KEY_ID and its like."
        )
    found = {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
    return {name: value for name, value in found.items() if value}


def _without(options: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in options.items() if name not in names}
