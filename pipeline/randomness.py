"""Streams of random numbers with an address, never a global state.

A stream is named by the root seed, a purpose and any number of indices. Two streams with different
addresses are independent; asking for more of one never changes another; a resumed run derives the
same streams as an uninterrupted one.
"""

import hashlib

import numpy as np

Address = str | int


def derive_seed(root_seed: int, *address: Address) -> int:
    """A seed in [0, 2^63) for the stream at `address`, e.g. `("gan", "step", 17)`.

    Text and numbers are kept apart (`"1"` is not `1`), and neighbours never share a prefix, because
    each part is hashed with its type and length (SHA-256).
    """
    digest = hashlib.sha256()
    for part in (int(root_seed), *address):
        text = f"{type(part).__name__}:{part}"
        digest.update(f"{len(text)}:{text};".encode())
    return int.from_bytes(digest.digest()[:8], "big") >> 1


def numpy_stream(root_seed: int, *address: Address) -> np.random.Generator:
    """A NumPy generator (PCG64) at `address`; see `derive_seed`."""
    return np.random.Generator(np.random.PCG64(derive_seed(root_seed, *address)))
