"""A plan as plain text."""

from collections.abc import Iterator, Mapping

from pipeline.commands.plan import LONG_SECONDS, Plan
from pipeline.modalities.registry import modality_of
from pipeline.sources.splitting import TRAIN
from pipeline.sources.words import counted

# Below this share of rows in other classes than an even distribution has, classes are nearly equal.
NEARLY_EQUAL = 0.05


def lines_of(plan: Plan) -> list[str]:
    """The plan as plain text, a line each; first of all, what speaks against the run."""
    schema = plan.schema
    what = modality_of(schema).effort(schema).words
    lines = [*_doubts(plan), f"Data: {what}, {counted(len(schema.classes), 'class', 'classes')}."]
    if plan.sample is not None:
        n = sum(sum(rows.values()) for rows in plan.counts.values())
        lines.append(sample_sentence(plan.sample, n))
    lines += [f"  {notice.kind}: {notice.message}" for notice in plan.notices]
    lines += ["", *_table(plan), "", *_time(plan)]
    lines.append(
        f"Disk: about {_size(plan.disk_bytes)} are written; {_size(plan.free_bytes)} are free."
    )
    if plan.free_bytes < 2 * plan.disk_bytes:
        lines.append("  That is less than twice the estimate: make room first.")
    return lines


def sample_sentence(n_decoded: int, n: int) -> str:
    """What was only sampled."""
    return (
        f"Only a sample was decoded: {n_decoded:,} of {n:,} pictures. Sizes and counts are of all "
        "files; what else is said of the data was found in the sample. A run decodes all pictures "
        "and may find more."
    )


def worth_of_balance(counts: Mapping[str, int]) -> float:
    """At most how much equal classes raise the balanced accuracy of an ideal classifier, in [0, 1].

    An ideal classifier for one distribution of classes loses at most twice the total variation
    distance between the two distributions when it is judged by another.

    Args:
        counts: Training rows of each class.
    """
    n = sum(counts.values())
    distance = sum(abs(rows / n - 1 / len(counts)) for rows in counts.values()) / 2
    return min(1.0, 2 * distance)


def _doubts(plan: Plan) -> Iterator[str]:
    """Why a run would change little, and what would be a better use of the time."""
    counts = plan.counts[TRAIN]
    n_new = sum(plan.requested.values())
    most = worth_of_balance(counts)
    if most > 2 * NEARLY_EQUAL and n_new:
        return
    few, many = min(counts.values()), max(counts.values())
    n_real = sum(counts.values())
    # More synthetic rows than balance asks for may help in their own right.
    if n_new > n_real / 2:
        return
    took = f", and takes about {duration(plan.time.whole)}"
    yield "Little to gain: the classes are nearly equal" + (
        f" ({few:,} to {many:,} training rows each)." if few < many else f" ({few:,} rows each)."
    )
    yield (
        f"  This run adds {counted(n_new, 'synthetic row')} to {n_real:,} real ones{took}. Equal "
        f"classes can raise the balanced accuracy by at most {100 * most:.0f} points, probably "
        "by much less."
    )
    yield "  Better uses of the time:"
    yield (
        "    balance: {strategy: ratio, ratio: 2.0}   fills every class to twice the largest, to "
        "test synthetic rows as additional data"
    )
    yield "    trial: {replicates: 7}                   makes the confidence interval narrower"
    yield "    more real rows                           of the classes that are confused most"
    yield ""


def _time(plan: Plan) -> Iterator[str]:
    yield (
        f"Time: about {duration(plan.time.whole)} on this machine "
        f"({counted(plan.time.processes, 'process', 'processes')}; a few steps were timed with "
        f"{plan.time.timed_with}): {duration(plan.time.generators)} for "
        f"{counted(plan.trainings, 'training')} of a generator, {duration(plan.time.classifiers)} "
        "for the trial's classifiers. Other work on the machine makes it longer."
    )
    if plan.time.whole > LONG_SECONDS and plan.shorter:
        yield "  Each of these settings in params.yaml makes it shorter:"
        width = max(len(each.setting) for each in plan.shorter)
        for each in sorted(plan.shorter, key=lambda each: each.seconds):
            yield f"    {each.setting:<{width}}  about {duration(each.seconds)}"


def _table(plan: Plan) -> list[str]:
    head = ["class", *plan.counts, "to add", "to draw"]
    body = [
        [
            name,
            *(str(plan.counts[split][name]) for split in plan.counts),
            str(plan.requested[name]),
            str(plan.drawn[name]),
        ]
        for name in plan.schema.classes
    ]
    totals = [
        sum(column.values()) for column in (*plan.counts.values(), plan.requested, plan.drawn)
    ]
    body.append(["all", *map(str, totals)])
    widths = [max(len(row[k]) for row in [head, *body]) for k in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *body]
    ]


def duration(seconds: float) -> str:
    """About how long, in a unit that suits: "40 s", "12 min", "2.5 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _size(n: int) -> str:
    return f"{n / 2**20:,.0f} MB" if n < 2**30 else f"{n / 2**30:,.1f} GB"
