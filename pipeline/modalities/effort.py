"""What a run on samples of a schema costs, as far as it depends on the kind of data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.params import ClassifierName
from pipeline.samples import Schema


@dataclass(frozen=True)
class Smaller:
    """The same samples made smaller, so that a run is shorter.

    Attributes:
        setting: Of params.yaml, e.g. "source.resize: {height_px: 16, width_px: 16}".
        words: What the samples are then, e.g. "pictures of 16 px".
        side_px: Height and width of the pictures.
        schema: Of the smaller samples.
    """

    setting: str
    words: str
    side_px: int
    schema: Schema


@dataclass(frozen=True)
class Effort:
    """What a run costs.

    Attributes:
        words: What the data are, e.g. "pictures of 8×8 px, grey".
        timed_with: On what steps are timed, e.g. "pictures of 8×8 px".
        stored_share: Of a sample's bytes, what it takes on disk, in (0, 1].
        work: What a step's time is in proportion to, among samples of one `kind`.
        kind: What else a step's time depends on, as JSON.
        fits_by_rows: Whether a fit takes the longer the more rows there are, so that each
            classifier is timed; else the network is, and others take a known share of its time.
        is_brief: Whether a run takes a few minutes anyway, and none of its settings are reduced.
        smaller: From the largest to the smallest; empty where nothing can be made smaller.
        consumers: Those whose fits take seconds; empty for all.
    """

    words: str
    timed_with: str
    stored_share: float
    work: float
    kind: Mapping[str, object] = field(default_factory=dict)
    fits_by_rows: bool = False
    is_brief: bool = False
    smaller: tuple[Smaller, ...] = ()
    consumers: tuple[ClassifierName, ...] = ()
