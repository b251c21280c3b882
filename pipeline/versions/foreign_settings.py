"""DVC's settings in a file that git holds: anybody may have written them, so few are used.

What is used cannot run a program, read a file of this machine, send a secret elsewhere, or have
data written or deleted outside of the workspace. The user's own files (`.dvc/config.local`, his
home's and the system's) may say anything; DVC lays them over this one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# What a consumer needs besides the URL, and a release publishes. Everything else (keys, passwords,
# profiles, paths of this machine) stays here.
PUBLIC_OPTIONS = ("endpointurl", "region", "use_ssl", "allow_anonymous_login", "port")
# Protocols that DVC speaks without asking a person, and without settings of this machine.
SCHEMES = frozenset(
    ("s3", "gs", "azure", "oss", "ssh", "http", "https", "webdav", "webdavs", "hdfs", "webhdfs")
)
MAXIMUM_CHARACTERS = 2048
_HOST = re.compile(
    r"(?:[A-Za-z0-9_.~-]+@)?(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
)
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,127}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LARGEST_PORT = 65535


def _is_flag(value: object) -> bool:
    return str(value).lower() in ("true", "false")


def _is_count(value: object) -> bool:
    return re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", str(value)) is not None


def _is_port(value: object) -> bool:
    digits = str(value)
    return re.fullmatch(r"[0-9]{1,5}", digits) is not None and 0 < int(digits) <= _LARGEST_PORT


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _is_endpoint(value: object) -> bool:
    """An http or https address without user name and password."""
    return isinstance(value, str) and _splits(value, ("http", "https")) and "@" not in value


def url_problem(url: object) -> str | None:
    """Why a remote's address cannot be used; None where it can."""
    if not isinstance(url, str) or not url or len(url) > MAXIMUM_CHARACTERS:
        return "is no text of a usual length"
    if _CONTROL.search(url) or url.startswith("-"):
        return "holds control characters, or begins with a hyphen"
    if url.startswith("file:///"):
        return None
    if "://" not in url:
        return "names a program" if "::" in url and not url.startswith("/") else None
    if not _splits(url, SCHEMES):
        return (
            "is of a protocol that is not used from a file in git, or names no proper host "
            f"(a path, or one of {', '.join(sorted(SCHEMES))})"
        )
    return None


def _splits(url: str, schemes: frozenset[str] | tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = url.isprintable() and not re.search(r"\s", url)
    return plain and parts.scheme in schemes and bool(_HOST.fullmatch(parts.netloc))


Check = Callable[[object], bool]
_PUBLIC: dict[str, tuple[Check, str]] = {
    "endpointurl": (_is_endpoint, "an http or https address"),
    "region": (_is_token, "a name such as eu-central-1"),
    "use_ssl": (_is_flag, "true or false"),
    "allow_anonymous_login": (_is_flag, "true or false"),
    "port": (_is_port, "a number from 1 to 65535"),
}
# Harmless as well, though no consumer needs them.
_OTHER: dict[str, tuple[Check, str]] = {
    "verify": (_is_flag, "true or false"),
    "jobs": (_is_count, "a number"),
    "checksum_jobs": (_is_count, "a number"),
    "timeout": (_is_count, "a number"),
    "connect_timeout": (_is_count, "a number"),
    "read_timeout": (_is_count, "a number"),
    "user": (_is_token, "a plain name"),
    "account_name": (_is_token, "a plain name"),
    "projectname": (_is_token, "a plain name"),
}
# Sections whose every key is harmless, and keys of the others. `core.site_cache_dir` names a
# folder whose contents DVC unpickles, `hydra` imports what it names, `machine` runs scripts.
_HARMLESS_SECTIONS = frozenset(("state", "index", "feature", "parsing", "plots", "exp"))
_HARMLESS_KEYS: dict[str, frozenset[str]] = {
    "core": frozenset(
        ("remote", "analytics", "autostage", "check_update", "checksum_jobs", "interactive",
         "no_scm", "hardlink_lock", "experiments")
    ),
    "cache": frozenset(("type", "shared", "slow_link_warning", "verify", "protected")),
}  # fmt: skip


@dataclass(frozen=True)
class Sifted:
    """Settings that may be used, and those that may not.

    Attributes:
        refused: Dotted key, as DVC's commands take it → why it is not used.
    """

    used: dict[str, Any]
    refused: dict[str, str] = field(default_factory=dict)


def sift_remote(name: str, options: Mapping[str, Any], *, only_public: bool = False) -> Sifted:
    """The options of one remote, its `url` among them.

    Args:
        name: The remote's name.
        options: What the file says of it.
        only_public: Take no more than what a release publishes.
    """
    known = _PUBLIC if only_public else {**_PUBLIC, **_OTHER}
    used: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for key, value in options.items():
        dotted = f"remote.{name}.{key}"
        if key == "url":
            problem = url_problem(value)
        elif key not in known:
            problem = "may name a program, a secret or a file of this machine"
        elif not known[key][0](value):
            problem = f"should be {known[key][1]}"
        elif key == "endpointurl" and str(options.get("url", "")).startswith("gs:"):
            # Google's token goes along as it is; S3 only sends a signature.
            problem = "would send this machine's credentials to another server"
        else:
            problem = None
        if problem:
            refused[dotted] = problem
        else:
            used[key] = value
    return Sifted(used, refused)


def sift(content: Mapping[str, Any], root: Path) -> Sifted:
    """All of DVC's settings in a file that git holds, as DVC parses them.

    Args:
        content: Section → key → value; `remote` → name → key → value. Paths are absolute.
        root: The workspace, in which the cache must lie.
    """
    used: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for section, values in content.items():
        if section == "remote":
            used[section] = {}
            for name, options in values.items():
                sifted = sift_remote(name, options)
                used[section][name] = sifted.used
                refused |= sifted.refused
        elif section in _HARMLESS_SECTIONS or not values:
            used[section] = values
        else:
            used[section] = {}
            for key, value in values.items():
                problem = _problem(section, key, value, root)
                if problem:
                    refused[f"{section}.{key}"] = problem
                else:
                    used[section][key] = value
    return Sifted(used, refused)


def _problem(section: str, key: str, value: object, root: Path) -> str | None:
    if key in _HARMLESS_KEYS.get(section, ()):
        return None
    if (section, key) == ("cache", "dir"):
        inside = Path(str(value)).resolve().is_relative_to(root.resolve())
        return None if inside else "lies outside of the workspace, where nothing may be deleted"
    return "may run a program, or have files outside of the workspace read or written"
