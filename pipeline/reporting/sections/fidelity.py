"""Fidelity: how like the real samples the synthetic ones are, always beside real against real."""

from pipeline import numbers
from pipeline.reporting.blocks import Block, Fold, Grid, Items, Section, Text, only
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, name_cell
from pipeline.results import FidelityRow

MEANINGS = {
    "fid": "distance between the two clouds of features; lower is better, and the floor is the "
    "best to hope for at this n.",
    "kid": "the same idea without the bias of few samples; lower is better.",
    "precision": "share of synthetic samples that lie where real ones lie; higher is better.",
    "recall": "share of real samples that lie where synthetic ones lie; higher is better.",
    "density": "how deep inside the real cloud the synthetic samples lie; about 1 is ideal.",
    "coverage": "share of real samples with a synthetic one nearby; low means that the generator "
    "leaves out a part of the class.",
    "diversity": "how different synthetic samples of one class are from each other; far below the "
    "floor the generator repeats itself.",
    "tstr": "score of a classifier trained on synthetic samples alone and tested on real ones.",
    "tstr_auc": "the same as the area under the curve of each class against the others.",
    "detection": "how well a classifier tells synthetic samples from real ones, as the area under "
    "the curve, cross-validated; 0.5 is guessing and 1 is always right, so lower is better.",
    "ks": "Kolmogorov-Smirnov: the largest difference of the distribution functions, from 0 to 1, "
    "mean over the columns of numbers and dates; lower is better.",
    "tv": "total variation: the share of rows whose category would have to change, from 0 to 1, "
    "mean over the columns of categories; lower is better.",
    "missing": "difference of the shares of missing cells, mean over the columns that have any; "
    "lower is better.",
    "pairs": "difference of the associations of two columns (rank correlation of numbers, Cramér's "
    "V of categories, correlation ratio of one of each), mean over the pairs; lower is better.",
}
# At the head of a narrow column; the meanings tell what stands behind it.
SHORT = {
    "tstr": "TSTR",
    "tstr_auc": "TSTR, AUC",
    "detection": "Detection",
    "ks": "KS",
    "tv": "TV",
    "missing": "Missing",
    "pairs": "Pairs",
}
# Smaller is better; of every other measure, more is.
DISTANCES = ("fid", "kid", "ks", "tv", "missing", "pairs")
COLUMN_MEASURES = ("ks", "tv", "missing", "pairs")
WORST = "_worst"
NOT_USE = (
    "Fidelity is evidence about the samples, not about their use: they can look right and teach "
    "nothing, which is why the verdict rests on the trial."
)


def build(material: Material) -> Section:
    """Overall figures in the open, figures of each class to unfold."""
    rows = material.result.fidelity
    overall = [row for row in rows if row.class_name is None]
    single = [row for row in rows if row.class_name and not row.metric.endswith(WORST)]
    of_columns = [row for row in single if row.metric in COLUMN_MEASURES]
    others = [row for row in single if row.metric not in COLUMN_MEASURES]
    blocks: list[Block | None] = [
        Text(_lead(rows)),
        Grid(fidelity_table(overall, "All classes together")),
        Fold(
            "Class by class",
            only(
                [
                    Grid(classes_table(others)),
                    Grid(classes_table(of_columns, key="fidelity-classes-columns")),
                ]
            ),
        ),
        Fold("What these numbers mean", only([_meanings(rows)])),
        Text(NOT_USE, "note"),
    ]
    return Section("fidelity", "Fidelity", only(blocks))


def fidelity_table(rows: list[FidelityRow], caption: str) -> Table:
    """Each number of all classes together beside its floor and its n."""
    return Table(
        key="fidelity",
        caption=caption,
        columns=(
            Column("Measure"),
            Column("Synthetic", "number"),
            Column("Real against real", "number"),
            Column("n", "number", hint="samples on each side"),
            Column("Reading"),
        ),
        rows=tuple(
            (
                Cell(_title(row.metric), row.metric),
                Cell(numbers.plain(row.value), row.value),
                Cell(numbers.plain(row.floor), row.floor),
                Cell(numbers.count(row.n_samples), row.n_samples),
                Cell(_remark(row)),
            )
            for row in rows
        ),
    )


def classes_table(rows: list[FidelityRow], *, key: str = "fidelity-classes") -> Table:
    """A row a class and a column a measure, each number with its floor and its n under it."""
    measures = tuple(dict.fromkeys(row.metric for row in rows))
    found = {(row.class_name, row.metric): row for row in rows}
    notes = dict.fromkeys(
        f"{_title(row.metric)}: {numbers.visible(row.note)}" for row in rows if row.note
    )
    return Table(
        key=key,
        caption="Every class by itself: synthetic against real, and under it real against real",
        columns=(Column("Class"), *(Column(SHORT.get(m, _title(m)), "number") for m in measures)),
        rows=tuple(
            (name_cell(name), *(_class_cell(found.get((name, measure))) for measure in measures))
            for name in dict.fromkeys(row.class_name or "" for row in rows)
        ),
        note=" ".join(f"{note.removesuffix('.')}." for note in notes),
    )


def _class_cell(row: FidelityRow | None) -> Cell:
    if row is None:
        return Cell("–")
    floor = "" if row.floor is None else f"{numbers.plain(row.floor)}, "
    counted = f"n {numbers.count(row.n_samples)}"
    return Cell(numbers.plain(row.value), row.value, note=f"{floor}{counted}")


def reading(row: FidelityRow) -> str:
    """The number beside its floor, in words."""
    if row.value is None or row.floor is None:
        return ""
    if row.metric == "detection":
        found = f"{100 * max(2 * row.value - 1, 0):.0f} % of the way from guessing to certainty"
        return "as hard to tell apart as real samples" if row.value <= row.floor else found
    if row.metric.removesuffix(WORST) in DISTANCES:
        if row.floor <= 0 or row.value <= row.floor:
            return "within the floor" if row.value <= max(row.floor, 0.0) else "above the floor"
        return f"{row.value / row.floor:.1f} times the floor"
    share = row.value / row.floor if row.floor > 0 else 1.0
    return "like real samples" if share >= 1 else f"{100 * share:.0f} % of real samples"


def _remark(row: FidelityRow) -> str:
    """Where it is worst, and the reading; or why there is no number."""
    told = (numbers.visible(row.where), numbers.visible(row.note) or reading(row))
    return ": ".join(filter(None, told))


def _lead(rows: tuple[FidelityRow, ...]) -> str:
    if not rows:
        return "No fidelity figures were measured in this run."
    features = dict.fromkeys(numbers.visible(row.features) for row in rows)
    return (
        f"Measured by: {'; '.join(features)}. The number beside each, real against real, is the "
        "same measure between two disjoint sets of real samples at equal n: no generator can be "
        "expected to do better."
    )


def _title(metric: str) -> str:
    name = numbers.metric_name(metric)
    return f"{name[0].upper()}{name[1:]}"


def _full(metric: str) -> str:
    short = SHORT.get(metric)
    return f"{_title(metric)} ({short})" if short else _title(metric)


def _meanings(rows: tuple[FidelityRow, ...]) -> Items:
    shown = dict.fromkeys(row.metric for row in rows)
    return Items(
        tuple(f"{_full(metric)}: {MEANINGS[metric]}" for metric in shown if metric in MEANINGS)
    )
