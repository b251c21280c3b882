"""What a trial found of the synthetic rows themselves: curation, fidelity, columns, copies."""

from typing import Literal

from pydantic import Field

from pipeline.record import Interval, Record


class CurationRow(Record):
    """Why synthetic samples of one class were turned away: reason → count."""

    name: str
    drawn: int
    accepted: int
    rejected: dict[str, int] = Field(default_factory=dict)


class FidelityRow(Record):
    """One number about the synthetic samples beside the same number between reals.

    Attributes:
        metric: "fid", "kid", "precision", "recall", "density", "coverage", "diversity", "tstr",
            "detection", "ks", "tv"…
        class_name: None for all classes together.
        value: None where the samples cannot give the number; `note` says why.
        floor: The same metric between two disjoint halves of real samples at equal n.
        n_samples: Samples on each side.
        features: Name of the feature network, or of what else was measured.
        where: The column or pair that the number is of, where it is the worst of many.
    """

    metric: str
    class_name: str | None = None
    value: float | None
    floor: float | None = None
    n_samples: int
    features: str
    note: str = ""
    where: str = ""


class ColumnRow(Record):
    """One column of a table, synthetic against real rows of the same classes.

    Attributes:
        metric: "ks" (Kolmogorov-Smirnov, of numbers and moments) or "tv" (total variation, of
            categories), over the cells that are known.
        value, floor: In [0, 1]; the floor is the same between two halves of real rows.
        missing_real, missing_synthetic: Share of missing cells, in [0, 1].
    """

    name: str
    kind: str
    metric: Literal["ks", "tv"]
    value: float
    floor: float
    missing_real: float
    missing_synthetic: float


class PairRow(Record):
    """How two columns go together, in real and in synthetic rows.

    Attributes:
        real, synthetic: Rank correlation in [-1, 1] of numbers, Cramér's V in [0, 1] of categories,
            correlation ratio in [0, 1] of one of each.
        difference: Mean absolute difference of the two over several draws of rows.
        floor: The same between two halves of real rows.
    """

    first: str
    second: str
    real: float
    synthetic: float
    difference: float
    floor: float


class ColumnsResult(Record):
    """Columns and pairs of columns, those that differ most first; empty where there are none.

    Attributes:
        n_samples: Rows on each side.
    """

    columns: tuple[ColumnRow, ...] = ()
    pairs: tuple[PairRow, ...] = ()
    n_samples: int = 0


class RareValue(Record):
    """A category that few training rows hold, and that synthetic rows show.

    It may name a person. Both counts are of rows.
    """

    column: str
    value: str
    n_training: int
    n_synthetic: int


class CopiesResult(Record):
    """What the search for memorised samples tested and found.

    Attributes:
        exact: Rows that equal a training sample bit for bit.
        exact_expected: How many would if synthetic rows equalled training ones as often as unseen
            real rows of the same classes do; 0 where these never do.
        exact_is_chance: Whether so many equal rows are no more than the base rate explains.
        moved: Rows that equal a training sample after a shift by one pixel or a mirroring.
        suspected: Rows whose nearest / second-nearest distance ratio lies under `threshold`.
        false_alarm_rate: Share of never-trained-on real samples that the same threshold flags.
        closest: (synthetic id, real id, ratio) of the most suspicious rows, smallest ratio first.
        rare: Categories of fewer training rows than are needed to hide one, the rarest first.
    """

    tested: int
    exact: int
    moved: int = 0
    suspected: int
    threshold: float
    false_alarm_rate: float
    closest: tuple[tuple[str, str, float], ...] = ()
    membership_auc: float | None = None
    membership_interval: Interval | None = None
    wording: str = ""
    exact_expected: float = 0.0
    exact_is_chance: bool = False
    rare: tuple[RareValue, ...] = ()
