"""The map: real and synthetic samples as points of a plane."""

import numpy as np

from pipeline import numbers
from pipeline.reporting.blocks import Block, Figure, Figures, Fold, Section, Text, only
from pipeline.reporting.marks import Tone
from pipeline.reporting.previews.cloud import Cloud
from pipeline.reporting.scatter import scatter

LEGEND: tuple[tuple[Tone, str], ...] = (("real", "real"), ("gan", "synthetic"))
MOST_CLASSES = 8
FEWEST_POINTS = 5
READING = (
    "Points are samples, placed by the two directions in which the real samples differ most "
    "(principal components, fitted on the real ones alone). Synthetic points where no real ones "
    "lie, and real ones that no synthetic point comes near, are what to look for. Samples that lie "
    "together here may differ in all that the plane does not show."
)


def map_section(cloud: Cloud | None, classes: tuple[str, ...]) -> tuple[Section, ...]:
    """One figure of all classes, and one of each of the first few to unfold; none without points.

    Synthetic samples fill scarce classes only: the figure of a class compares like with like.
    """
    if cloud is None:
        return ()
    drawn = [
        _figure(cloud, label, f"Class {numbers.visible(name)}.")
        for label, name in enumerate(classes)
        if min(np.sum(cloud.real_labels == label), np.sum(cloud.synthetic_labels == label))
        >= FEWEST_POINTS
    ][:MOST_CLASSES]
    share = f"{100 * cloud.explained:.0f}{numbers.NARROW_SPACE}%"
    lead = f"The plane holds {share} of the variance of the real samples."
    blocks: list[Block | None] = [
        Text(lead, "lead"),
        Text(READING),
        Figures((_figure(cloud, None, "A random choice of real and synthetic samples."),)),
        Fold("Class by class", only([Figures(tuple(drawn))])),
    ]
    return (Section("map", "Map", only(blocks)),)


def _figure(cloud: Cloud, label: int | None, caption: str) -> Figure:
    real, synthetic = cloud.real, cloud.synthetic
    if label is not None:
        real, synthetic = (
            points[labels == label]
            for points, labels in (
                (real, cloud.real_labels),
                (synthetic, cloud.synthetic_labels),
            )
        )
    svg = scatter(
        ((real, "real"), (synthetic, "gan")),
        x_label="first component",
        y_label="second component",
    )
    counted = f"{len(real)} real and {len(synthetic)} synthetic samples"
    return Figure(svg, f"Map of {counted}. {caption}", caption, LEGEND)
