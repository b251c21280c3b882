"""A PNG file without what is not needed to show it: texts, times, profiles."""

import struct

BEGINNING = b"\x89PNG\r\n\x1a\n"
# All that changes how the pixels are meant, but for the profile, which may be what is broken.
KEPT: tuple[bytes, ...] = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"gAMA", b"cHRM", b"sRGB", b"IEND")
# An animation stays one, so that it is not taken for its first frame.
KEPT += (b"acTL", b"fcTL", b"fdAT")
ORIENTATION = b"eXIf"


def without_extras(content: bytes, *, but: tuple[bytes, ...] = ()) -> bytes:
    """The same PNG with nothing but the chunks of `KEPT`; what is cut short stays so.

    Args:
        but: Other chunks to keep.
    """
    parts, position = [BEGINNING], len(BEGINNING)
    while position + 8 <= len(content):
        (length,) = struct.unpack(">I", content[position : position + 4])
        end = position + 12 + length
        if content[position + 4 : position + 8] in (*KEPT, *but):
            parts.append(content[position:end])
        position = end
    return b"".join(parts)
