"""The one way to the terminal: text from outside is shown as it is, and can do nothing there.

Tags, labels, keys of params.yaml, file names, and what git says are written by others. A terminal
obeys some of their characters (colours, moving the cursor, another title), and others are not seen
or turn the text around. Every stream and every table goes through `visible`, so that such a
character appears as its number; and `one_line`, so that a value cannot make a line of its own.
"""

import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# What a terminal obeys (C0 and C1 but for line feed and tab), what turns text around, what is not
# seen (zero width, fillers, tags, variation selectors), other line ends, and halves of characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINER = "\u200d"
_TEXT_OR_EMOJI = "\ufe0e\ufe0f"
# Undecodable bytes of a file's name, as Python keeps them.
_BYTES = range(0xDC80, 0xDD00)
# What an emoji may consist of: pictures, skin tones, digits and signs that have a picture.
_PICTURES = ("So", "Sk")
_WITH_PICTURE = (*_PICTURES, "Sm", "Po", "Pd", "Nd")


def visible(text: str) -> str:
    """The text with every character escaped that is not seen or that a terminal obeys.

    Line feeds and tabs stay, and so does every letter, sign and emoji of any script.

    >>> visible("caf\\u00e9 \\x1b[31m \\u202etxt.exe")
    'café \\\\x1b[31m <U+202E>txt.exe'
    """
    return _UNSEEN.sub(_number, text)


def one_line(text: object) -> str:
    """The text of a value as it stands inside a line: its line feeds are escaped too.

    >>> one_line("cat\\nReleased v9.0.0")
    'cat\\\\nReleased v9.0.0'
    """
    return visible(str(text)).replace("\n", "\\n")


def indented(text: str) -> str:
    """Sentences as they stand under a heading: a further line can be told from one of its own."""
    first, *further = visible(text).split("\n")
    return "\n".join([first, *(line if line[:2].isspace() else f"  {line}" for line in further)])


def say(*lines: object) -> None:
    """Write lines to standard output, each of which stays one."""
    write("".join(f"{one_line(line)}\n" for line in lines))


def say_beside(head: str, text: object) -> None:
    """Write a text beside its heading; on a terminal its further lines stand below it.

    In a pipe or a file it stays one line, so that programs can search it.
    """
    line = one_line(text)
    if sys.stdout.isatty():
        width = max(40, shutil.get_terminal_size((80, 24)).columns)
        if len(head) + len(line) > width:
            parts = textwrap.wrap(
                line, width - len(head), break_long_words=False, break_on_hyphens=False
            )
            line = f"\n{' ' * len(head)}".join(parts)
    write(f"{one_line(head)}{line}\n")


def complain(error: object) -> None:
    """Write an error's sentences to standard error."""
    sys.stderr.write(f"{indented(str(error))}\n")
    sys.stderr.flush()


def write(text: str) -> None:
    """Write a text of several lines, such as JSON, to standard output."""
    sys.stdout.write(visible(text))
    sys.stdout.flush()


class Guarded:
    """A text stream in front of another, which lets through only what can be seen."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, text: str) -> int:
        """Write the text; what the stream's encoding lacks is escaped as well."""
        if not isinstance(text, str):
            raise TypeError(f"a text is written here, not {type(text).__name__}")
        coding = getattr(self.stream, "encoding", None) or "utf-8"
        shown = visible(text).encode(coding, "backslashreplace").decode(coding)
        self.stream.write(shown)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them one after the other."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own."""
        return getattr(self.stream, name)


def guard_streams() -> None:
    """Let this process write to its standard streams through `visible` from now on.

    That holds for libraries, log lines, warnings and tracebacks too, and to the process's end.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Guarded):
            setattr(sys, name, Guarded(stream))


def rich_console(*, stderr: bool = False, **options: Any) -> "Console":
    """A console of rich on a standard stream: its own colours pass, those of its texts do not."""
    # Rich is slow to import, and a stage's process does without.
    from rich.console import Console
    from rich.segment import Segment

    class Screen(Console):
        def render_str(self, text: str, **options: Any) -> Any:
            # Before it is measured, so that columns stay in line.
            return super().render_str(visible(text), **options)

        def _render_buffer(self, buffer: Iterable[Segment]) -> str:
            seen = (
                part if part.control else Segment(visible(part.text), part.style) for part in buffer
            )
            return super()._render_buffer(seen)

    stream: Any = sys.stderr if stderr else sys.stdout
    # Rich writes what a terminal obeys, so it needs the stream behind the guard.
    return Screen(file=stream.stream if isinstance(stream, Guarded) else stream, **options)


def _number(found: re.Match[str]) -> str:
    character, text, place = found[0], found.string, found.start()
    before = unicodedata.category(text[place - 1]) if place else ""
    if character == _JOINER and place + 1 < len(text):
        pictured = before in _PICTURES or text[place - 1] in _TEXT_OR_EMOJI
        if pictured and unicodedata.category(text[place + 1]) in _PICTURES:
            return character
    if character in _TEXT_OR_EMOJI and before in _WITH_PICTURE:
        return character
    code = ord(character)
    if code in _BYTES:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"<U+{code:04X}>"
