"""In which encoding a text table is written: its mark, its bytes, and else a careful guess."""

import codecs
import contextlib
import itertools
import re
from pathlib import Path

from pipeline.sources.cells import TableError
from pipeline.sources.survey import Notice, converted

# Tried for a word that a person may recognise, the commonest first.
OTHERS = ("latin-1", "cp1252", "cp1250", "cp1251", "mac-roman", "cp850")
BLOCK_BYTES = 2**20
SAMPLED_BYTES = 2**18
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Signs of western text that stand alone or at the end of a word; letters are judged by their case.
PACKED = {b"\x1f\x8b": "gzip-compressed", b"PK\x03\x04": "a ZIP archive or an Excel workbook"}
PACKED |= {b"PAR1": "a Parquet file", b"\xd0\xcf\x11\xe0": "an old Excel workbook"}
PACKED |= {b"BZh": "bzip2-compressed", b"\xfd7zXZ": "xz-compressed"}
UNPACK = dict.fromkeys(PACKED.values(), "unpack it, and name the table in it as `source.path`")
UNPACK["a ZIP archive or an Excel workbook"] = "unpack it, or save the sheet as CSV"
UNPACK["an old Excel workbook"] = "save the sheet as CSV"
UNPACK["a Parquet file"] = "rename it to .parquet"
SIGNS = set("€£¥§©®°±²³µ·¼½¾–—‘’“”„…«»¿¡ªº‰™\u00a0")
INSIDE_WORDS = set("’·\u00a0–‘-")
# Letters of Iceland, whose bytes are far more often letters of Turkey, and letters whose bytes are
# ä, é, ö, û and ü of old Macintosh files.
DOUBTFUL = set("ŠŽšžŸðÐþÞýÝ×÷¤¦¨¯´¸¹ˆ˜‚ƒ†‡‹›•¬")
MOST_ACCENTED = 0.5


def encoding_of(path: Path, declared: str | None) -> tuple[str, list[Notice]]:
    """The encoding for `open`, and what a person should know of it.

    Raises:
        TableError: the text is in none that can be told with certainty; with the byte and line.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    packed = next((name for mark, name in PACKED.items() if start.startswith(mark)), None)
    if packed:
        raise TableError(f"is {packed}, not text; {UNPACK[packed]}")
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    if declared is not None:
        if declared == "utf-8":
            _refuse_other_than_utf8(path, start)
        return ("utf-8-sig" if declared == "utf-8" else declared), []
    if marked in ("utf-16", "utf-32"):
        return marked, [_told(marked.upper(), "its byte order mark")]
    without_mark = None if marked else _wide_without_mark(start)
    if without_mark:
        return without_mark, [_told(without_mark.upper(), "its zero bytes")]
    if _first_byte_beyond_utf8(path) is None:
        _refuse_nul(path)
        return "utf-8-sig", []
    return _single_byte(path)


def _told(name: str, why: str) -> Notice:
    return converted(
        f"The text was read as {name}, by {why}; `source.table.encoding` declares another."
    )


def _wide_without_mark(start: bytes) -> str | None:
    """UTF-32 or UTF-16 by where the zero bytes stand; None where neither is certain."""
    if len(start) < 8:
        return None
    first, second, third, last = (start[k::4].count(0) / len(start[k::4]) for k in range(4))
    if third > 0.9 and last > 0.9 and first < 0.05:
        return "utf-32-le"
    if first > 0.9 and second > 0.9 and last < 0.05:
        return "utf-32-be"
    even, odd = (first + third) / 2, (second + last) / 2
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 and odd < 0.05 else None


def _refuse_other_than_utf8(path: Path, start: bytes) -> None:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TableError("is UTF-16 text; set `source.table.encoding: utf-16`")
    _refuse_nul(path)
    place = _first_byte_beyond_utf8(path)
    if place is not None:
        damaged = _damaged_utf8(path, place)
        raise TableError(damaged or _not_utf8(place, _line_at(path, place[1])))


def _not_utf8(place: tuple[int, int], line: bytes, guess: str | None = None) -> str:
    """What to do: UTF-8 that is damaged is mended, another encoding is told by a word of it."""
    start = (
        f"is not UTF-8 text (byte {place[0]}, line {place[1]}), and its encoding is not certain; "
        "save it as UTF-8, or set the one that reads"
    )
    word = next((word for word in re.split(rb"[\s,;|\"]+", line) if not word.isascii()), line[:40])
    shown: dict[str, str] = {}
    for name in dict.fromkeys(filter(None, (guess, *OTHERS))):
        with contextlib.suppress(UnicodeDecodeError):
            shown.setdefault(word.decode(name), name)
    ways = ", ".join(
        f"{text[:40]!r} by `source.table.encoding: {name}`"
        for text, name in shown.items()
        if text.isprintable()
    )
    return f"{start} its words as they are meant: {ways}"


def _damaged_utf8(path: Path, place: tuple[int, int]) -> str | None:
    """Where some lines are UTF-8 beyond ASCII, the others are damaged, and no other encoding."""
    whole = broken = 0
    with path.open("rb") as stream:
        for line in stream:
            if not line.isascii():
                try:
                    line.decode("utf-8")
                    whole += 1
                except UnicodeDecodeError:
                    broken += 1
    if whole <= broken:
        return None
    return (
        f"is UTF-8 text in {whole:,} lines, but not in {broken:,}, the first at byte {place[0]} "
        f"(line {place[1]}); write {'that line' if broken == 1 else 'those lines'} anew as UTF-8"
    )


def _line_at(path: Path, number: int) -> bytes:
    with path.open("rb") as stream:
        return next(itertools.islice(stream, number - 1, None), b"")


def _refuse_nul(path: Path) -> None:
    offset = line = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            if b"\0" in block:
                at = block.index(0)
                line += block.count(b"\n", 0, at) + 1
                raise TableError(
                    f"has a NUL byte at byte {offset + at} (line {line}); it is no text: save it "
                    "again as UTF-8 CSV, or set `source.table.encoding: utf-16` if it is that"
                )
            offset += len(block)
            line += block.count(b"\n")


def _first_byte_beyond_utf8(path: Path) -> tuple[int, int] | None:
    """Byte and line of the first byte that is no UTF-8; None where all is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, line = 0, 1
    with path.open("rb") as stream:
        while True:
            block = stream.read(BLOCK_BYTES)
            kept = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                at = max(0, error.start - kept)
                return offset - kept + error.start, line + block.count(b"\n", 0, at)
            if not block:
                return None
            offset += len(block)
            line += block.count(b"\n")


def _single_byte(path: Path) -> tuple[str, list[Notice]]:
    with path.open("rb") as stream:
        content = b" ".join(line for line in stream if not line.isascii())[:SAMPLED_BYTES]
    place = _first_byte_beyond_utf8(path)
    assert place is not None
    _refuse_nul(path)
    damaged = _damaged_utf8(path, place)
    if damaged:
        raise TableError(damaged)
    words = _western_words(content)
    if words is None:
        raise TableError(_not_utf8(place, _line_at(path, place[1]), _likely(content)))
    notice = converted(
        f"The text is not UTF-8 (byte {place[0]}, line {place[1]}) and was read as cp1252, with "
        f"words such as {words[0]!r}; where they look wrong, `source.table.encoding` declares "
        "another."
    )
    return "cp1252", [notice]


def _western_words(content: bytes) -> list[str] | None:
    """The words that are not ASCII; None where cp1252 would not make western words of them."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    if set(text) & DOUBTFUL:
        return None
    words = re.findall(r"[^\s,;|\"\t]*[^\x00-\x7f][^\s,;|\"\t]*", text)
    n_letters = n_accented = 0
    for word in words:
        letters = [letter for letter in word if letter.isalpha()]
        n_letters += len(letters)
        n_accented += sum(not letter.isascii() for letter in letters)
        for before, letter, after in zip(" " + word, word, word[1:] + " ", strict=False):
            if not letter.isascii() and _is_odd(before, letter, after):
                return None
    if n_letters and n_accented > MOST_ACCENTED * n_letters:
        return None
    return words


def _is_odd(before: str, letter: str, after: str) -> bool:
    """Whether nobody writes this letter or sign between these two neighbours."""
    if letter.isalpha() and letter not in SIGNS:
        return letter.isupper() and before.islower()
    if letter not in SIGNS:
        return True
    # What ñ, ß, ë and ì of old Macintosh files would be.
    if before.islower() and ((letter == "–" and after.islower()) or letter in "§‘“"):
        return True
    return before.isalpha() and after.isalpha() and letter not in INSIDE_WORDS


def _likely(content: bytes) -> str | None:
    import charset_normalizer

    names = {"cp1250": "cp1250", "cp1251": "cp1251", "mac_roman": "mac-roman", "cp437": "cp437"}
    names |= {"cp850": "cp850", "latin_1": "latin-1", "shift_jis": "shift-jis", "koi8_r": "koi8-r"}
    names |= {"gb18030": "gb18030", "euc_jp": "euc-jp", "big5": "big5", "euc_kr": "euc-kr"}
    best = charset_normalizer.from_bytes(content, cp_isolation=list(names)).best()
    if best is None or len(content) < 32:
        return None
    return names.get(best.encoding)
