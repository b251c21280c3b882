"""Names of files that others chose: what may be written below a folder of ours, on any system."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

MAXIMUM_CHARACTERS = 1024
MAXIMUM_PART_BYTES = 255
MAXIMUM_FILES = 100_000
# Names that Windows gives to devices, whatever follows the first dot.
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?")
# Besides separators what no file name holds on Windows; a colon names a drive or a hidden stream.
_RESERVED = frozenset('\\:*?"<>|')
# Control, format (among them those that turn the direction), surrogates, private, unassigned, and
# the separators of lines and paragraphs.
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def name_problem(name: str) -> str | None:
    """Why a relative path cannot be the name of a file below a folder; None where it can.

    The path must mean the same file on every system: parts between slashes, none empty, `.`, `..`,
    hidden, or a device of Windows; no control or direction characters.
    """
    if len(name) > MAXIMUM_CHARACTERS:
        return f"has {len(name):,} characters, where {MAXIMUM_CHARACTERS:,} are the most"
    if name.startswith("/"):
        return "is an absolute path"
    for part in name.split("/"):
        problem = _part_problem(part)
        if problem:
            return problem
    return None


def names_problem(names: Sequence[str]) -> str | None:
    """Why these paths cannot all be files below one folder; None where they can.

    Besides each name alone: none twice, none the folder of another, and no two that one system
    takes for the same (capitals, composed letters).
    """
    if len(names) > MAXIMUM_FILES:
        return f"there are {len(names):,} of them, where {MAXIMUM_FILES:,} are the most"
    files: dict[str, str] = {}
    for name in names:
        problem = name_problem(name)
        if problem:
            return f"{shown(name)} {problem}"
        key = _folded(name)
        if key in files:
            return f"{shown(name)} is the same file as {shown(files[key])} on some systems"
        files[key] = name
    folders: dict[str, str] = {}
    for name in names:
        for parent in list(PurePosixPath(name).parents)[:-1]:
            folder = str(parent)
            key = _folded(folder)
            if key in files:
                return f"{shown(files[key])} is a file and the folder of {shown(name)}"
            if folders.setdefault(key, folder) != folder:
                return (
                    f"{shown(folder)} is the same folder as {shown(folders[key])} on some systems"
                )
    return None


def shown(name: str) -> str:
    """A name for a sentence: quoted, without control characters, not too long."""
    text = name if len(name) <= 80 else f"{name[:80]}…"
    return ascii(text) if not text.isprintable() else repr(text)


def _part_problem(part: str) -> str | None:
    if part in ("", ".", ".."):
        return "leads elsewhere: one of its parts is empty, `.` or `..`"
    if part.startswith("."):
        return "is hidden, or lies in a hidden folder"
    if any(unicodedata.category(character) in _FORBIDDEN for character in part):
        return "holds a control character"
    if _RESERVED & set(part):
        return f"holds one of the characters {' '.join(sorted(_RESERVED))}"
    if part[-1] in ". " or part[0] == " ":
        return "has a part that begins with a space, or ends with a space or a dot"
    if _DEVICE.fullmatch(part):
        return "is the name of a device on Windows"
    if len(part.encode("utf-8", "surrogatepass")) > MAXIMUM_PART_BYTES:
        return f"has a part of more than {MAXIMUM_PART_BYTES} bytes"
    return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFC", name).casefold())
