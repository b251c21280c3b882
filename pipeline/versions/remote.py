"""The DVC remote of a workspace: its effective settings, and what of them may be published."""

import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from configobj import ConfigObj, ConfigObjError

from pipeline.credentials import without_credentials
from pipeline.errors import VersionError
from pipeline.versions.dvc_settings import MAXIMUM_BYTES, effective_config
from pipeline.versions.foreign_settings import PUBLIC_OPTIONS, sift_remote

log = logging.getLogger(__name__)

# Follows the name of the remote that tells where it lies in its workspace.
INSIDE = "-inside"
DEFAULT_INSIDE = ".equipoise/remote"


@dataclass(frozen=True)
class Remote:
    """A DVC remote.

    Attributes:
        name: Its name in DVC's configuration.
        url: Absolute path, or URL; credentials inside it are possible, so it is never shown whole.
        options: Everything else that DVC is told about it, secrets included.
        inside: Its path from the workspace that released to it, where it lies in there; else "".
    """

    name: str
    url: str = field(repr=False)
    options: Mapping[str, object] = field(default_factory=dict, repr=False)
    inside: str = ""

    @property
    def public_url(self) -> str:
        """The URL without user name and password."""
        return without_credentials(self.url)

    def scrub(self, text: str) -> str:
        """The text without anything secret about this remote."""
        text = without_credentials(text.replace(self.url, self.public_url))
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


def effective_remote(root: Path) -> Remote:
    """The default remote after all of DVC's configuration files, paths made absolute.

    Raises:
        VersionError: the workspace has no DVC, no default remote, or a broken configuration.
    """
    config = effective_config(root)
    name = config["core"].get("remote")
    options = dict(config["remote"].get(name) or {})
    if not name or "url" not in options:
        raise VersionError(
            f"{root / '.dvc' / 'config'} names no default remote to store data in. "
            "Name one with `equipoise remote set URL`."
        )
    return Remote(name, str(options.pop("url")), options)


def published_config(remote: Remote, *, inside: str = "") -> bytes:
    """A `.dvc/config` with which anyone can pull: the effective URL, and no secret.

    Args:
        remote: Where the data are.
        inside: Its path from the workspace, where it lies in there; published as a second remote,
            which leads to it wherever the workspace has been moved to.
    """
    config = ConfigObj(encoding="utf-8")
    config["core"] = {"remote": remote.name, "analytics": False, "check_update": False}
    sifted = sift_remote(remote.name, {"url": remote.public_url, **remote.options})
    problem = sifted.refused.get(f"remote.{remote.name}.url")
    if problem:
        raise VersionError(
            f"The remote's address {remote.public_url} {problem}, so nobody could pull from it. "
            "Name another one with `equipoise remote set URL`."
        )
    public = {key: sifted.used[key] for key in PUBLIC_OPTIONS if key in sifted.used}
    path = remote.local_path
    config[f'remote "{remote.name}"'] = {
        "url": str(path) if path else remote.public_url,
        "verify": True,
        **public,
    }
    if inside:
        config[f'remote "{remote.name}{INSIDE}"'] = {"url": f"../{inside}", "verify": True}
    stream = io.BytesIO()
    config.write(stream)
    return stream.getvalue()


def remote_of_config(content: bytes, *, where: str) -> Remote:
    """The default remote that a published `.dvc/config` names, with no more than what we publish.

    Raises:
        VersionError: it names none, or one that cannot be used.
    """
    config = _parsed(content, where)
    core = config.get("core", {})
    name = str(core.get("remote", "") if isinstance(core, dict) else "").lower()
    options = config.get(f'remote "{name}"')
    if not isinstance(options, dict) or "url" not in options:
        raise VersionError(f"{where} names no remote to pull from.")
    options.pop("verify", None)
    sifted = sift_remote(name, options, only_public=True)
    unfit = {key: problem for key, problem in sifted.refused.items() if _is_ours(key)}
    for key, problem in unfit.items():
        raise VersionError(
            f"`{key}` in {where} {problem}. It was not written by this product, and nothing was "
            "read from there; take another version."
        )
    for key in sifted.refused:
        log.warning("`%s` in %s is not used: no version publishes such an option.", key, where)
    url = str(sifted.used.pop("url"))
    return Remote(name, url, sifted.used, _inside(config.get(f'remote "{name}{INSIDE}"'), url))


def _inside(options: object, url: str) -> str:
    """The remote's path from the workspace, as published; "" where there is no usable one."""
    told = options.get("url", "") if isinstance(options, dict) else ""
    if not told and url.endswith(f"/{DEFAULT_INSIDE}"):
        # Versions before this was published lie there as well.
        return DEFAULT_INSIDE
    # A `.dvc/config` as somebody committed it may name no other address than this.
    told = told or ("" if "://" in url else url)
    path = str(told).removeprefix("../")
    parts = path.split("/")
    return "" if not told or path == told or {"", ".", ".."} & set(parts) else path


def _is_ours(key: str) -> bool:
    return key.rpartition(".")[2] in ("url", *PUBLIC_OPTIONS)


def _parsed(content: bytes, where: str) -> dict[str, Any]:
    """A configuration file of DVC's as plain data, keys in lower case as DVC reads them."""
    way_out = "It was not written by this product; take another version."
    if len(content) > MAXIMUM_BYTES:
        raise VersionError(f"{where} has {len(content):,} bytes. {way_out}")
    try:
        config = ConfigObj(io.BytesIO(content), encoding="utf-8", interpolation=False).dict()
    except (ConfigObjError, UnicodeError, RecursionError) as error:
        problem = " ".join(str(error).split())[:120]
        raise VersionError(f"{where} cannot be read ({problem}). {way_out}") from None
    return {
        section.lower(): (
            {key.lower(): value for key, value in values.items()}
            if isinstance(values, dict)
            else values
        )
        for section, values in config.items()
    }
