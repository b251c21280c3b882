"""The DVC remote of a workspace: its effective settings, and what of them may be published."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from configobj import ConfigObj

from pipeline.errors import VersionError

# What a consumer needs besides the URL. Everything else (keys, passwords, profiles, paths of this
# machine) stays here.
PUBLIC_OPTIONS = ("endpointurl", "region", "use_ssl", "allow_anonymous_login", "port")


@dataclass(frozen=True)
class Remote:
    """A DVC remote.

    Attributes:
        name: Its name in DVC's configuration.
        url: Absolute path, or URL; credentials inside it are possible, so it is never shown whole.
        options: Everything else that DVC is told about it, secrets included.
    """

    name: str
    url: str = field(repr=False)
    options: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def public_url(self) -> str:
        """The URL without user name and password."""
        return without_credentials(self.url)

    def scrub(self, text: str) -> str:
        """The text without anything secret about this remote."""
        text = text.replace(self.url, self.public_url)
        for name, value in self.options.items():
            if name not in PUBLIC_OPTIONS and isinstance(value, str) and len(value) > 2:
                text = text.replace(value, "***")
        return text

    @property
    def local_path(self) -> Path | None:
        """The folder, where the remote is one on this machine."""
        if self.url.startswith("file://"):
            return Path(urlsplit(self.url).path)
        return None if "://" in self.url else Path(self.url)


def without_credentials(url: str) -> str:
    """The URL without user name and password."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def effective_remote(root: Path) -> Remote:
    """The default remote after all of DVC's configuration files, paths made absolute.

    Raises:
        VersionError: the workspace has no DVC, no default remote, or a broken configuration.
    """
    config = _effective_config(root)
    name = config["core"].get("remote")
    options = dict(config["remote"].get(name) or {})
    if not name or "url" not in options:
        raise VersionError(
            f"{root / '.dvc' / 'config'} names no default remote to store data in. "
            "Name one with `equipoise remote set URL`."
        )
    return Remote(name, str(options.pop("url")), options)


def cache_directory(root: Path) -> Path | None:
    """Where DVC caches objects for a workspace; None where there is no workspace."""
    if not (root / ".dvc").is_dir():
        return None
    folder = _effective_config(root)["cache"].get("dir")
    return Path(folder) if folder else root / ".dvc" / "cache"


def _effective_config(root: Path) -> dict[str, Any]:
    if not (root / ".dvc").is_dir():
        raise VersionError(
            f"{root} has no .dvc folder, so there is nowhere to store data. Run `equipoise init`."
        )
    # A heavy import (0.2 s), which listing versions does without.
    from dvc.config import Config, ConfigError

    try:
        config: dict[str, Any] = Config(str(root / ".dvc"))
    except ConfigError as error:
        raise VersionError(f"{root / '.dvc' / 'config'} cannot be used: {error}.") from None
    return config


def published_config(remote: Remote) -> bytes:
    """A `.dvc/config` with which anyone can pull: the effective URL, and no secret."""
    config = ConfigObj(encoding="utf-8")
    config["core"] = {"remote": remote.name, "analytics": False, "check_update": False}
    public = {key: remote.options[key] for key in PUBLIC_OPTIONS if key in remote.options}
    path = remote.local_path
    config[f'remote "{remote.name}"'] = {
        "url": str(path) if path else remote.public_url,
        "verify": True,
        **public,
    }
    stream = io.BytesIO()
    config.write(stream)
    return stream.getvalue()


def remote_of_config(content: bytes, *, where: str) -> Remote:
    """The default remote that a published `.dvc/config` names.

    Raises:
        VersionError: it names none.
    """
    config = ConfigObj(io.BytesIO(content), encoding="utf-8", interpolation=False)
    name = config.get("core", {}).get("remote")
    options = dict(config.get(f'remote "{name}"', {}))
    if "url" in options:
        return Remote(str(name), str(options.pop("url")), options)
    raise VersionError(f"{where} names no remote to pull from.")
