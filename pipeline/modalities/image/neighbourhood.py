"""The near neighbourhood of rare reals: what else their class may look like.

A generator that sees ten pictures of a class learns ten pictures. Rare classes are therefore shown
to it enriched: on the way to a near neighbour of their class, under deformations that common
classes show, and changed a little. Small pictures are blended with the neighbour; larger ones, in
which a blend is a ghost, are deformed to meet it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.modalities.image.affine import AFFINE_DIM, small_changes
from pipeline.modalities.image.morph import GRID_CELLS, deform, find_deformations

NEIGHBOURS = 4
# Bounds of what is computed before the first step, whatever the data's size.
MOST_PAIRS = 600
MOST_LENDERS = 100
LENT_BY_EACH = 3
# Few enough pictures of a class that the distances between all of them are quickly had.
MOST_COMPARED = 400
# A deformation that leaves more than this of the difference has not found the way.
LARGEST_RESIDUAL = 0.5
# Pictures up to this side are blended: a stroke of one or two pixels has no shape to deform.
LARGEST_BLENDED_PX = 12


@dataclass(frozen=True)
class Ways:
    """Ways from rows of rare classes to their near neighbours.

    Attributes:
        partners: Rows of the neighbours, int64 [rows, k]; a row of another class is its own.
        forth: Displacements towards the neighbour, float32 [ways + 1, k, 2, 6, 6], the last of them
            none; `back` those of the neighbour towards the row. None where pictures are blended.
        place: Position of a row in `forth`, int64 [rows].
    """

    partners: Tensor
    place: Tensor
    forth: Tensor | None = None
    back: Tensor | None = None


class PictureNeighbourhood:
    """Enriches batches of rare reals.

    Args:
        images: All training pictures, uint8 [n, channels, height, width].
        labels: int64 [n].
        rarity: Of each class, in [0, 1]; 0 is a common class, which is left as it is.
        strength: Of the small affine change at rarity 1.
        towards: Up to which part of the way to a neighbour a row goes, in [0, 1].
        lending: Strength of the deformations lent by common classes, at rarity 1.
        lenders: Classes that lend, bool [classes]; those of rarity 0 unless told.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        *,
        rarity: Tensor,
        strength: float,
        towards: float,
        lending: float,
        lenders: Tensor | None = None,
    ):
        self._images, self._rarity = images, rarity
        self._strength, self._towards, self._lending = strength, towards, lending
        deforms = max(images.shape[2:]) > LARGEST_BLENDED_PX
        self._ways = _find_ways(images, labels, rarity, deforms=deforms) if towards else None
        lenders = rarity == 0 if lenders is None else lenders
        self._lent = _lent(images, labels, lenders) if lending and deforms else None

    def enrich(self, rows: Tensor, labels: Tensor, stream: torch.Generator) -> Tensor:
        """The pictures of `rows`, float32 in [−1, 1], each changed within what its class shows."""
        real, rarity = _loaded(self._images[rows]), self._rarity[labels]
        rare = torch.nonzero(rarity)[:, 0]
        if len(rare):
            moved = self._moved(rows[rare], real[rare], rarity[rare], stream)
            real[rare] = moved.clamp(-1.0, 1.0)
        return real

    def _moved(self, rows: Tensor, real: Tensor, rarity: Tensor, stream: torch.Generator) -> Tensor:
        """Towards a neighbour, as a common class varies, and a little besides, in one sampling."""
        uniform = torch.rand(len(rows), AFFINE_DIM, generator=stream)
        changes = small_changes(uniform, real.shape, strength=rarity * self._strength)
        lent = self._draw_lent(rarity, stream)
        if self._ways is None:
            return deform(real, lent, changes=changes, mode="bicubic")
        ways = self._ways
        choice = torch.randint(ways.partners.shape[1], (len(rows),), generator=stream)
        progress = torch.rand(len(rows), 1, 1, 1, generator=stream) * self._towards
        partners = _loaded(self._images[ways.partners[rows, choice]])
        if ways.forth is None or ways.back is None:
            blended = torch.lerp(real, partners, progress)
            return deform(blended, lent, changes=changes, mode="bicubic")
        # Both go their part of the way to where they meet.
        forth, back = (way[ways.place[rows], choice] for way in (ways.forth, ways.back))
        from_here = lent + forth * progress
        from_there = lent + back * (1 - progress)
        return torch.lerp(
            deform(real, from_here, changes=changes, mode="bicubic"),
            deform(partners, from_there, changes=changes, mode="bicubic"),
            progress,
        )

    def _draw_lent(self, rarity: Tensor, stream: torch.Generator) -> Tensor:
        n = len(rarity)
        if self._lent is None or not len(self._lent):
            return torch.zeros(n, 2, GRID_CELLS, GRID_CELLS)
        choice = torch.randint(len(self._lent), (n,), generator=stream)
        amount = torch.rand(n, generator=stream) * rarity * self._lending
        return self._lent[choice] * amount.view(-1, 1, 1, 1)


def _find_ways(images: Tensor, labels: Tensor, rarity: Tensor, *, deforms: bool) -> Ways:
    of_classes = [torch.nonzero(labels == label)[:, 0] for label in torch.nonzero(rarity)[:, 0]]
    # Where there are many rows some stay at home, and vary by what is lent and by small changes.
    most = max(2, MOST_PAIRS // max(1, len(of_classes))) if deforms else MOST_COMPARED
    of_classes = [_spread(rows, min(most, MOST_COMPARED)) for rows in of_classes]
    rare = torch.cat([*of_classes, torch.zeros(0, dtype=torch.int64)])
    k = max(1, min(NEIGHBOURS, MOST_PAIRS // max(1, len(rare))))
    partners = torch.arange(len(labels))[:, None].repeat(1, k)
    for rows in of_classes:
        if len(rows) > 1:
            partners[rows] = rows[_nearest(images[rows], k)]
    # One place more than there are ways, at which nothing is moved.
    place = torch.full((len(labels),), len(rare))
    place[rare] = torch.arange(len(rare))
    if not deforms or not len(rare):
        return Ways(partners, place)
    return _with_deformations(Ways(partners, place), images, rare)


def _with_deformations(ways: Ways, images: Tensor, rare: Tensor) -> Ways:
    """The same ways with the deformations that lead along them; those that lead nowhere dropped."""
    partners, k = ways.partners, ways.partners.shape[1]
    first = _loaded(images[rare.repeat_interleave(k)])
    second = _loaded(images[partners[rare].flatten()])
    forth, residual_forth = find_deformations(first, second)
    back, residual_back = find_deformations(second, first)
    # Where no way was found the row stays at home.
    lost = (torch.maximum(residual_forth, residual_back) > LARGEST_RESIDUAL).view(-1, k)
    partners[rare] = torch.where(lost, rare[:, None], partners[rare])
    shape = (len(rare), k, *forth.shape[1:])
    kept = ~lost[..., None, None, None]
    home = torch.zeros(1, *shape[1:])
    forth, back = forth.view(shape) * kept, back.view(shape) * kept
    return Ways(partners, ways.place, torch.cat([forth, home]), torch.cat([back, home]))


def _lent(images: Tensor, labels: Tensor, lenders: Tensor) -> Tensor:
    """Deformations between near neighbours of the lenders' classes, [m, 2, 6, 6]."""
    common = torch.nonzero(lenders)[:, 0]
    each = MOST_LENDERS // max(1, len(common)) + 1
    first, second = [], []
    for label in common:
        rows = torch.nonzero(labels == label)[:, 0]
        if len(rows) < 2:
            continue
        rows = _spread(rows, MOST_COMPARED)
        lenders = torch.arange(0, len(rows), max(1, len(rows) // each))
        near = _nearest(images[rows], LENT_BY_EACH)[lenders]
        first.append(rows[lenders].repeat_interleave(near.shape[1]))
        second.append(rows[near.flatten()])
    if not first:
        return torch.zeros(0, 2, GRID_CELLS, GRID_CELLS)
    pairs = _loaded(images[torch.cat(first)]), _loaded(images[torch.cat(second)])
    displacements, residual = find_deformations(*pairs)
    return displacements[residual <= LARGEST_RESIDUAL]


def _spread(rows: Tensor, most: int) -> Tensor:
    """At most `most` of the rows, evenly over all of them."""
    return rows[:: -(-len(rows) // most)] if len(rows) else rows


def _nearest(images: Tensor, k: int) -> Tensor:
    """Positions of the k nearest other pictures, int64 [n, k]; repeated where there are fewer."""
    flat = images.flatten(1).double()
    distances = torch.cdist(flat, flat)
    distances.fill_diagonal_(float("inf"))
    order = distances.argsort(dim=1, stable=True)[:, : len(images) - 1]
    return order[:, torch.arange(k) % order.shape[1]]


def _loaded(images: Tensor) -> Tensor:
    return images.float().div_(127.5).sub_(1.0)
