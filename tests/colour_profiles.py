"""Small ICC profiles (version 2), made by hand, whose effect is known."""

import itertools
import struct

# Colorants of sRGB, adapted to D50, as XYZ.
RED, GREEN, BLUE = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(*, red=RED, green=GREEN, blue=BLUE, gamma=2.2) -> bytes:
    tags = {"rXYZ": _xyz(red), "gXYZ": _xyz(green), "bXYZ": _xyz(blue), "wtpt": _xyz(D50)}
    tags |= dict.fromkeys(("rTRC", "gTRC", "bTRC"), _curve(gamma))
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def swapped_profile() -> bytes:
    """Red means blue, and blue means red."""
    return rgb_profile(red=BLUE, blue=RED)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {"wtpt": _xyz(D50), "kTRC": _curve(gamma)})


def cmyk_profile() -> bytes:
    """Any ink at all is middle grey; none is white."""
    entries = [
        (127, 128, 128) if any(inks) else (255, 128, 128)
        for inks in itertools.product((0, 1), repeat=4)
    ]
    linear = bytes(range(256))
    identity = struct.pack(">9i", *(65536 if k % 4 == 0 else 0 for k in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity
    table += linear * 4 + bytes(itertools.chain(*entries)) + linear * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {"wtpt": _xyz(D50), "A2B0": table})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[str, bytes]) -> bytes:
    tags = {"desc": _description(), "cprt": b"text\0\0\0\0none\0", **tags}
    start = 128 + 4 + 12 * len(tags)
    directory, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        directory += name.encode() + struct.pack(">II", start + len(body), len(content))
        body += content
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"none", 0x02200000, kind, space, connection)
    header += bytes(12) + b"acsp" + bytes(28)
    header += struct.pack(">3i", *(round(65536 * value) for value in D50))
    return header + bytes(128 - len(header)) + directory + body


def _xyz(values) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in values))


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma))


def _description() -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
