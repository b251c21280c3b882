"""Static changed copies of pictures: rows that cost no generator."""

import numpy as np
import torch

from pipeline.modalities.image.augmentation import augment, to_bytes, to_float
from pipeline.modalities.image.neighbourhood import LARGEST_BLENDED_PX, PictureNeighbourhood
from pipeline.randomness import derive_seed
from pipeline.samples import Samples

# What the generator's training reals are enriched by where a class is rarest: this far towards a
# near neighbour, with this much small change, and with the deformations of common classes.
TOWARDS = 0.5
SMALL_CHANGE, SMALL_CHANGE_BLENDED = 0.8, 1.1
LENDING = 0.7
# A class of so many shows its own variety, and lends it whether it gets copies or not.
LEAST_TO_LEND = 40
DEFORMED_AT_ONCE = 1024


def augmented_copies(
    samples: Samples, parents: np.ndarray, *, strength: float, seed: int
) -> Samples:
    """One augmented copy of each row in `parents`.

    Args:
        parents: Row positions, int64 [m], repeats allowed; each repeat is another copy.

    Returns:
        m rows with `id` (`classical-<parent id>-<number>`) and `origin`.
    """
    stream = torch.Generator().manual_seed(derive_seed(seed, "copies"))
    images = to_bytes(augment(to_float(samples.values[parents]), strength, stream))
    return _named(samples, parents, images, "classical")


def deformed_copies(samples: Samples, parents: np.ndarray, *, seed: int) -> Samples:
    """One copy of each row in `parents`, moved towards a near neighbour and as other classes vary.

    They are what our generator learns rare classes from: where they do as well as its samples, the
    generator added nothing to its own preparation.

    Args:
        parents: Row positions, int64 [m], repeats allowed; each repeat is another copy.

    Returns:
        m rows with `id` (`deformed-<parent id>-<number>`) and `origin`.
    """
    stored = torch.from_numpy(samples.values).permute(0, 3, 1, 2).contiguous()
    labels = torch.from_numpy(samples.labels)
    classes = len(samples.schema.classes)
    asked = np.bincount(samples.labels[parents], minlength=classes) > 0
    large = np.bincount(samples.labels, minlength=classes) >= LEAST_TO_LEND
    is_blended = max(stored.shape[2:]) <= LARGEST_BLENDED_PX
    neighbourhood = PictureNeighbourhood(
        stored,
        labels,
        rarity=torch.from_numpy(asked).float(),
        strength=SMALL_CHANGE_BLENDED if is_blended else SMALL_CHANGE,
        towards=TOWARDS,
        lending=LENDING,
        lenders=torch.from_numpy(large),
    )
    stream = torch.Generator().manual_seed(derive_seed(seed, "deformed copies"))
    chunks = torch.split(torch.from_numpy(parents), DEFORMED_AT_ONCE)
    moved = [neighbourhood.enrich(rows, labels[rows], stream) for rows in chunks]
    images = to_bytes((torch.cat(moved) + 1) / 2)
    return _named(samples, parents, images, "deformed")


def _named(samples: Samples, parents: np.ndarray, images: np.ndarray, origin: str) -> Samples:
    chosen = samples.take(parents)
    number = chosen.provenance.groupby("id").cumcount()
    provenance = chosen.provenance[["id"]].assign(
        id=[f"{origin}-{i}-{n}" for i, n in zip(chosen.ids, number, strict=True)],
        origin=origin,
    )
    return Samples(samples.schema, images, chosen.labels, provenance)
