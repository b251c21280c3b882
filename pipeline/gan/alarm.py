"""When a training has gone wrong: a loss that is no number, or classes that became one sample."""

from collections.abc import Sequence

from pipeline.gan.history import HistoryRow, is_not_finite

# Below this share of the reals' spread a class has collapsed. Healthy trainings of the spike and
# the benchmark stay above .6; the collapsed tutorial recipes fall below .2.
LEAST_DIVERSITY = 0.25
# Mean over some steps of a loss that is .7 where both sides are even.
LARGEST_LOSS = 1000.0
# The first looks at a generator find it as it was initialised: alike everywhere. They are forgiven
# for a share of the steps, within bounds.
GRACE_SHARE = 0.3
LEAST_GRACE_STEPS, MOST_GRACE_STEPS = 200, 750
WATCHES_IN_A_ROW = 2
# A generator that draws one sample for everything has died, and gets no gradient to come back by.
# It need not be waited for: of eight kinds of training, the slowest stood at .10 after this many
# steps.
DEAD_DIVERSITY = 0.02
DEAD_FROM_STEP = 100


def divergence(row: HistoryRow) -> str | None:
    """A sentence when a number of the row is not finite, or the game has blown up, else None."""
    for name, value in row.items():
        if is_not_finite(value):
            return f"At step {row['step']} `{name}` is no longer a finite number."
    loss = row.get("discriminator_loss", 0.0)
    if loss > LARGEST_LOSS:
        return (
            f"At step {row['step']} the discriminator's loss is {loss:.3g}; in balance it is "
            f"about 1, and a training does not recover from more than {LARGEST_LOSS:g}."
        )
    return None


def collapse(watched: Sequence[HistoryRow], classes: Sequence[str], *, steps: int) -> str | None:
    """A sentence when a class has lost its diversity at two looks in a row, else None.

    The first looks forgive a class that is still alike, but not a generator that is dead.

    Args:
        watched: The rows of the history that hold scores, oldest first.
        classes: Names in label order.
        steps: How many the whole training is to take.
    """
    recent = watched[-WATCHES_IN_A_ROW:]
    if len(recent) < WATCHES_IN_A_ROW:
        return None
    if all(is_dead(row) and row["step"] >= DEAD_FROM_STEP for row in recent):
        return (
            f"At step {recent[-1]['step']} all samples of all classes are the same: the generator "
            "is dead."
        )
    grace = max(LEAST_GRACE_STEPS, min(MOST_GRACE_STEPS, GRACE_SHARE * steps))
    if recent[0]["step"] < grace:
        return None
    lost = set.intersection(*(lost_classes(row) for row in recent))
    if not lost:
        return None
    names = [classes[label] for label in sorted(lost)]
    shown = ", ".join(repr(name) for name in names[:20])
    return (
        f"At step {recent[-1]['step']} the samples of {len(names)} of {len(classes)} classes are "
        f"nearly alike ({shown}): less than {LEAST_DIVERSITY:.0%} of the reals' spread is left."
    )


def lost_classes(row: HistoryRow) -> set[int]:
    """Labels of the classes whose samples are nearly alike where the reals are not."""
    return {
        label
        for label, diversity in enumerate(row["diversity"])
        if diversity is not None and diversity < LEAST_DIVERSITY
    }


def is_dead(row: HistoryRow) -> bool:
    """Whether every sample of every class is the same."""
    known = [diversity for diversity in row["diversity"] if diversity is not None]
    return bool(known) and max(known) < DEAD_DIVERSITY
