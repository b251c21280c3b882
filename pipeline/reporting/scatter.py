"""Points of a plane as inline SVG that takes its colours from the page."""

import numpy as np

from pipeline.reporting.figures import TONES, canvas, to_inline
from pipeline.reporting.marks import Tone

MARKER_SIZE = 9.0
DECIMALS = 3


def scatter(clouds: tuple[tuple[np.ndarray, Tone], ...], *, x_label: str, y_label: str) -> str:
    """Points of several sets on one pair of axes, as SVG text for inlining.

    Args:
        clouds: Points float64 [n, 2] and the tone that colours them, painted in order.
        x_label: What lies to the right.
        y_label: What lies upwards; set above the axis, where it needs no turned head.
    """
    with canvas() as (figure, axes):
        for points, tone in clouds:
            rounded = np.round(points, DECIMALS)
            axes.scatter(
                rounded[:, 0],
                rounded[:, 1],
                s=MARKER_SIZE,
                color=TONES[tone],
                alpha=0.55,
                linewidths=0,
            )
        axes.set_xlabel(x_label)
        axes.set_title(y_label, loc="left", fontsize=9.5, pad=10)
        axes.grid(visible=True, axis="both")
        return to_inline(figure)
