"""Addresses of git remotes: what may be handed to git at all, checked by type at the border.

git itself runs programs for some addresses (`ext::sh -c …`), takes a text that begins with a
hyphen for an option (`--upload-pack=…`), and hands host and user to ssh, which does the same.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pipeline.credentials import without_credentials

# What `GIT_ALLOW_PROTOCOL` names in every call.
TRANSPORTS = ("file", "git", "http", "https", "ssh")
_ALSO_SSH = ("git+ssh", "ssh+git")
_SCP_LIKE = re.compile(r"(?P<host>[^/\\]*?):(?P<path>.*)", re.DOTALL)
# In brackets an IPv6 address: [::1]:path or user@[::1]:path.
_SCP_BRACKETS = re.compile(r"(?P<host>[^/\[]*\[[0-9A-Fa-f:.%]+\]):(?P<path>.*)", re.DOTALL)
_HELPER = re.compile(r"[A-Za-z0-9+._-]*::")
LONGEST = 2000
VALID = (
    "the name of a git remote such as `origin`, a path, an address user@host:path, or a URL that "
    f"begins with {', '.join(f'{name}://' for name in TRANSPORTS[:-1])} or {TRANSPORTS[-1]}://"
)


@dataclass(frozen=True)
class GitAddress:
    """A remote's name, path or URL that git may be given; made from any text, or refused.

    Raises:
        ValueError: git would take it for an option or run a program for it; the sentence names
            what is valid.
    """

    text: str

    def __post_init__(self) -> None:
        reason = problem_of(self.text)
        if reason:
            shown = without_credentials(self.text)
            shown = ascii(shown if len(shown) <= 80 else f"{shown[:77]}…")
            raise ValueError(f"{shown} {reason}; valid is {VALID}")

    @property
    def shown(self) -> str:
        """The address for a person, without user and password."""
        return without_credentials(self.text)

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is the address of a host, not a name or a folder of this machine."""
        return _place(self.text) is not None


def problem_of(text: str) -> str | None:
    """What forbids handing a text to git as a remote; None where nothing does."""
    scheme, sign, _ = text.partition("://")
    problems = {
        "is empty": not text,
        f"is longer than {LONGEST} characters": len(text) > LONGEST,
        "holds a control character": not (text + unquote(text)).isprintable(),
        "begins with a hyphen": text.startswith("-"),
        "has space around it": text != text.strip(),
        "names a program that git would run": _HELPER.match(text) is not None,
        "uses a transport that is not allowed": bool(sign)
        and scheme.lower() not in (*TRANSPORTS, *_ALSO_SSH),
    }
    found = next((problem for problem, is_so in problems.items() if is_so), None)
    return found or _problem_of_place(text)


def _problem_of_place(text: str) -> str | None:
    place = _place(text)
    if place is None:
        return None
    user, _, host = unquote(place[0]).rpartition("@")
    if not host:
        return "names no host"
    if host.lstrip("[").startswith("-") or user.lstrip("[").startswith("-"):
        return "has a host or user that begins with a hyphen, which ssh takes for an option"
    return "has a path that begins with a hyphen" if place[1].startswith("-") else None


def _place(text: str) -> tuple[str, str] | None:
    """User with host, and path, of an address beyond this machine's folders; None for others."""
    scheme, sign, _ = text.partition("://")
    if sign:
        if scheme.lower() == "file":
            return None
        try:
            parts = urlsplit(text)
        except ValueError:
            return "", ""
        host = parts.netloc.rpartition("@")[2]
        user = parts.netloc[: -len(host) - 1] if host != parts.netloc else ""
        bare = host if host.startswith("[") else host.partition(":")[0]
        return (f"{user}@{bare}" if user else bare), parts.path
    found = _SCP_BRACKETS.fullmatch(text) or _SCP_LIKE.fullmatch(text)
    return (found["host"], found["path"]) if found else None
