"""One IDX file: header, promise, and values in blocks; plain or gzip, told apart by content.

Source of the format: Y. LeCun, C. Cortes, C. Burges, the MNIST database, "The IDX file format".
"""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

GZIP_MAGIC = b"\x1f\x8b"
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
TYPE_NAMES = "0x08 (unsigned byte), 0x09, 0x0B, 0x0C, 0x0D or 0x0E"
MAXIMUM_DIMENSIONS = 4
# Deflate cannot shrink data further than this.
GZIP_RATIO = 1_032
BLOCK_BYTES = 512 * 2**10


class IdxError(Exception):
    """The file cannot be used; the text completes "<file> …"."""


@dataclass(frozen=True)
class Header:
    """What an IDX file promises: value type (NumPy), shape, and its own length in bytes."""

    dtype: np.dtype
    shape: tuple[int, ...]
    bytes: int

    @property
    def promised_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def is_gzip(path: Path) -> bool:
    """Whether the content is gzip, whatever the name says."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def read_header(path: Path) -> Header:
    """The header of the file.

    Raises:
        IdxError: it is no IDX file, or promises more than the file can hold.
    """
    with _opened(path) as stream:
        header = _header(stream)
    size = path.stat().st_size
    promised = header.bytes + header.promised_bytes
    if is_gzip(path):
        if promised > size * GZIP_RATIO:
            raise IdxError(
                f"promises {promised:,} bytes (shape {header.shape}), more than its {size:,} "
                "compressed bytes can hold; fetch the file again"
            )
    elif promised != size:
        raise IdxError(_length_problem(header, size - header.bytes))
    return header


def read_blocks(path: Path, header: Header) -> Iterator[np.ndarray]:
    """All values, a few records at a time: arrays [records, *shape[1:]], native byte order.

    Raises:
        IdxError: the data end before, or go on after, what the header promises, or the gzip
            stream is damaged.
    """
    record = header.promised_bytes // header.shape[0]
    per_block = max(1, BLOCK_BYTES // record)
    left = header.shape[0]
    with _opened(path) as stream:
        stream.read(header.bytes)
        while left:
            content = stream.read(min(per_block, left) * record)
            whole = len(content) // record
            if whole < min(per_block, left):
                found = header.promised_bytes - left * record + len(content)
                raise IdxError(_length_problem(header, found))
            values = np.frombuffer(content, header.dtype)
            yield values.reshape(whole, *header.shape[1:]).astype(header.dtype.newbyteorder("="))
            left -= whole
        if stream.read(1):
            raise IdxError(
                f"has bytes after the {header.promised_bytes:,} that its header promises (shape "
                f"{header.shape}); it is not the file that its header describes: fetch it again"
            )


def _header(stream: BinaryIO) -> Header:
    start = stream.read(4)
    if len(start) < 4:
        raise IdxError(f"has {len(start)} bytes, too few for an IDX header; fetch it again")
    zero, code, n_dimensions = struct.unpack(">HBB", start)
    if zero != 0:
        raise IdxError(
            f"begins with the bytes {start.hex(' ')}; an IDX file begins with 00 00: it is no IDX "
            "file"
        )
    if code not in TYPES:
        raise IdxError(f"has the unknown type byte 0x{code:02X} at byte 2; valid: {TYPE_NAMES}")
    if not 1 <= n_dimensions <= MAXIMUM_DIMENSIONS:
        raise IdxError(
            f"has {n_dimensions} dimensions at byte 3; 1 (labels) or 3 (pictures) are expected"
        )
    sizes = stream.read(4 * n_dimensions)
    if len(sizes) < 4 * n_dimensions:
        raise IdxError(
            f"ends inside its header ({4 + len(sizes)} of {4 + 4 * n_dimensions} bytes); fetch it "
            "again"
        )
    shape = struct.unpack(f">{n_dimensions}I", sizes)
    if 0 in shape:
        raise IdxError(f"has a dimension of zero (shape {shape}); there is nothing in it")
    return Header(dtype=np.dtype(TYPES[code]), shape=shape, bytes=4 + len(sizes))


def _length_problem(header: Header, found: int) -> str:
    promised = header.promised_bytes
    if found < promised:
        return (
            f"has {found:,} bytes of data where its header promises {promised:,} (shape "
            f"{header.shape}); it is cut short: fetch it again"
        )
    return (
        f"has {found - promised:,} bytes after the {promised:,} that its header promises (shape "
        f"{header.shape}); it is not the file that its header describes: fetch it again"
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        if is_gzip(path):
            with gzip.open(path) as stream:
                yield cast(BinaryIO, stream)
        else:
            with path.open("rb") as plain:
                yield plain
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise IdxError(f"is a damaged or truncated gzip file ({error}); fetch it again") from None
    except OSError as error:
        raise IdxError(f"cannot be read ({error.strerror}); check its rights") from None
