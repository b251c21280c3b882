"""What texts of a report say of one kind of data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Parts of sentences.

    Attributes:
        equal: The head of the count of rows that equal a training sample.
        moved: The same for rows that do once they are moved; "" where nothing can be moved.
        moved_how: How, inside a sentence; "" as well.
        shipped: What of the copies curation had rejected before.
        threshold: By what two samples are near, and by how many thresholds; `{ratio}` is the first.
        ways: Of what the smallest ratio is told.
        caution: What the search for copies does not know.
        collapsed: What a class that collapses falls to.
        elsewhere: Where other data come from.
    """

    equal: str
    moved: str
    moved_how: str
    shipped: str
    threshold: str
    ways: str
    caution: str
    collapsed: str
    elsewhere: str


IMAGES = Words(
    equal="Equal to a training sample, bit for bit",
    moved="Equal after a shift by one pixel or a mirroring",
    moved_how="after a shift or a mirroring",
    shipped="Curation had rejected before it what equals a training sample bit for bit, and what "
    "lies too close to one in pixels; what is a copy only after a shift or a mirroring, or in "
    "features, curation does not see.",
    threshold="second-nearest in pixels (ratio below {ratio}), in pixels after a shift or a "
    "mirroring, or in features; each of the three has a threshold of its own.",
    ways="three ways of comparing",
    caution="The search knows distances in pixels and in one network's features, not every way of "
    "looking.",
    collapsed="a few pictures",
    elsewhere="another camera, site or season",
)
TABLES = Words(
    equal="Equal to a training row in every column",
    moved="",
    moved_how="",
    shipped="Curation had rejected before it the rows that it took for copies by their columns; "
    "what is close to a training row in features alone, curation does not see.",
    threshold="second-nearest by all columns together (ratio below {ratio}), or in features; each "
    "of the two has a threshold of its own.",
    ways="two ways of comparing",
    caution="The search knows distances over all columns together and in one network's features, "
    "not every way of looking: somebody who knows a few columns of a person may find the row.",
    collapsed="a few kinds of rows",
    elsewhere="another place, system or time",
)
