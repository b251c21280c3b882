"""The size that all pictures are brought to, where params.yaml does not declare one."""

from collections import Counter
from collections.abc import Iterable

from pipeline.params import ResizeParams
from pipeline.sources.survey import Notice

LARGEST_KEPT_PX = 128
CHOSEN_SIDES_PX = (16, 32, 64)


def settled(
    resize: ResizeParams, sizes: Iterable[tuple[int, int]]
) -> tuple[ResizeParams, list[Notice]]:
    """The declared size, or else one that suits the pictures, and the notice that says so.

    One size of at most 128 px is kept. Otherwise the square with the largest side of 16, 32 or
    64 px that at least half of the pictures fill.

    Args:
        sizes: (height, width) of the pictures in pixels; only read where nothing is declared.
    """
    if resize.height_px and resize.width_px:
        return resize, []
    if resize.height_px or resize.width_px:
        side = resize.height_px or resize.width_px
        return resize.model_copy(update={"height_px": side, "width_px": side}), [
            Notice(
                kind="converted",
                message=f"`source.resize` declares one side only; {side}×{side} px was taken.",
            )
        ]
    found = Counter(sizes)
    if not found:
        return resize.model_copy(update={"height_px": 32, "width_px": 32}), []
    if len(found) == 1:
        height, width = next(iter(found))
        if max(height, width) <= LARGEST_KEPT_PX:
            return resize.model_copy(update={"height_px": height, "width_px": width}), []
    longest = sorted(side for size, n in found.items() for side in [max(size)] * n)
    median = longest[(len(longest) - 1) // 2]
    side = max((side for side in CHOSEN_SIDES_PX if side <= median), default=CHOSEN_SIDES_PX[0])
    notice = Notice(
        kind="warning",
        message=f"No size is declared; {side}×{side} px was chosen. Declare "
        "`source.resize.height_px` and `width_px` to keep it when pictures are added.",
    )
    return resize.model_copy(update={"height_px": side, "width_px": side}), [notice]
