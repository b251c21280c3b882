"""The verdict in one sentence, with its number and interval: the first thing anyone reads."""

from pipeline import numbers
from pipeline.reporting.material import Material
from pipeline.results import Comparison, Verdict

OUTCOMES: dict[Verdict, str] = {
    "helps": "it helps",
    "no evidence": "no evidence that it helps",
    "harms": "it harms",
}
# The arm that GAN samples are added to, and the arm with them.
WITHOUT_GAN, WITH_GAN = "chosen_cheap", "best_cheap_gan"
# Words for the data side of a comparison; the arms' titles name the rest.
ORIGIN_NAMES = {
    "real": "real",
    "gan": "GAN",
    "classical": "classical",
    "smote": "SMOTE",
    "deformed": "deformed",
    "cvae": "CVAE",
}


def deciding(material: Material) -> Comparison | None:
    """The comparison on which promotion rests."""
    return material.mix if material.result.promote_rule == "mix" else material.gan


def is_short(comparison: Comparison) -> bool:
    """Whether a gain is proven, but not that it is as large as the trial asked for."""
    return comparison.verdict == "no evidence" and comparison.lower_bound_points > 0


def outcome(material: Material, comparison: Comparison) -> str:
    """What a comparison says, at the end of a sentence."""
    if is_short(comparison):
        asked = numbers.amount(material.result.min_gain_points)
        return f"it helps, but is not surely worth the {asked} points asked for"
    return OUTCOMES[comparison.verdict]


def bound(comparison: Comparison) -> tuple[str, float]:
    """The one-sided bound on which the verdict rests: "lower" or "upper", and its points."""
    if comparison.verdict == "harms":
        return "upper", comparison.upper_bound_points
    return "lower", comparison.lower_bound_points


def headline(material: Material) -> str:
    """The answer to what was asked, in one sentence."""
    is_mix = material.result.promote_rule == "mix"
    sentence = mix_sentence(material) if is_mix else gan_sentence(material)
    promoted = "and is promoted" if material.result.promoted else "so it is not promoted"
    return f"{sentence.removesuffix('.')}, {promoted}."


def mix_sentence(material: Material) -> str:
    """What the recommended mix is worth against current practice."""
    comparison = material.mix
    if comparison is None:
        return "The recommended mix was not compared with current practice."
    practice = practice_name(material)
    found = outcome(material, comparison)
    if not any(comparison.gains_points):
        return (
            f"On held-out data, the recommended mix scores as current practice does, {practice}, "
            f"in every replicate: {found}."
        )
    return (
        f"On held-out data, the recommended mix changes {_change(material, comparison)} "
        f"over current practice, {practice}: {found}."
    )


def gan_sentence(material: Material) -> str:
    """What the GAN's samples are worth against the best cheap alternative."""
    comparison = material.gan
    if comparison is None:
        return "The GAN was not compared with the cheap alternatives."
    found = outcome(material, comparison)
    if not material.asks_for_rows:
        return f"Every class has the rows asked for, so no GAN rows are wanted: {found}."
    if gan_changes_nothing(material):
        return (
            "On held-out data, the arm with the GAN's samples scores in every replicate as the "
            "same arm without them does (inner validation chose none of them, or they made no "
            f"difference): {found}."
        )
    n_added = added_rows(material, "gan")
    added = numbers.counted(n_added, "synthetic sample") if n_added else "synthetic samples"
    return (
        f"On held-out data, adding {added} of the GAN changes {_change(material, comparison)} "
        f"over {rival(material, comparison)}: {found}."
    )


def gan_changes_nothing(material: Material) -> bool:
    """Whether GAN samples leave every score of the arm that they are added to as it was.

    The record does not tell how many of them each replicate's arm took; that none were taken shows
    in gains of exactly zero, as does that they changed no score.
    """
    own = [
        one
        for one in material.result.comparisons
        if one.classifier == material.result.primary_classifier
        and (one.arm, one.reference) == (WITH_GAN, WITHOUT_GAN)
    ]
    return bool(own) and not any(gain for one in own for gain in one.gains_points)


def rival(material: Material, comparison: Comparison) -> str:
    """The cheap arm on which the GAN's verdict rests, inside a sentence."""
    title = numbers.inline(material.title_of(comparison.reference))
    if comparison.verdict == "harms":
        return f"{title}, the arm that its samples are added to"
    if comparison.reference == material.result.best_cheap:
        return f"the best cheap alternative, {title}"
    return f"{title}, the cheap alternative that it is least sure to beat"


def practice_name(material: Material) -> str:
    """Current practice, inside a sentence."""
    return numbers.inline(material.title_of(material.result.current_practice))


def glance(material: Material) -> tuple[tuple[str, str], ...]:
    """What the trial was made of, in a few numbers."""
    result = material.result
    origins = {origin: added_rows(material, origin) for origin in ("real", *ORIGIN_NAMES)}
    classifiers = list(dict.fromkeys(arm.classifier for arm in result.arms))
    return (
        ("classes", numbers.count(len(material.schema.classes))),
        *((f"{name(origin)} rows", numbers.count(n)) for origin, n in origins.items() if n),
        ("arms compared", numbers.count(len(material.arms()))),
        ("replicates", numbers.count(result.replicates)),
        ("classifiers", numbers.listed(classifiers)),
    )


def added_rows(material: Material, origin: str) -> int:
    """How many rows of one origin the augmented dataset carries."""
    return sum(of_class.get(origin, 0) for of_class in material.rows.values())


def mix_words(material: Material) -> str:
    """The primary classifier's recommended mix, without a full stop; "" where none is told."""
    result = material.result
    words = [
        one.mix_words for one in result.verdicts if one.classifier == result.primary_classifier
    ]
    return numbers.inline(words[0]).rstrip(".") if words and words[0] else ""


def name(origin: str) -> str:
    """What people call a source of rows."""
    return ORIGIN_NAMES.get(origin, numbers.visible(origin))


def title(origin: str) -> str:
    """The same at the head of a column."""
    words = name(origin)
    return f"{words[0].upper()}{words[1:]}" if words else words


def _change(material: Material, comparison: Comparison) -> str:
    interval = comparison.interval_points
    told = ""
    if not _shows_verdict(material, comparison):
        # The two-sided interval does not show it: the reader is told what decided.
        side, value = bound(comparison)
        told = f", one-sided {side} bound {numbers.points(value)}"
    return (
        f"{numbers.metric_name(comparison.metric)} by {numbers.points(comparison.mean_points)} "
        f"points ({numbers.level(interval)} interval {numbers.points_interval(interval)}{told})"
    )


def _shows_verdict(material: Material, comparison: Comparison) -> bool:
    """Whether the verdict follows from the two-sided interval that stands beside it."""
    interval = comparison.interval_points
    if comparison.verdict == "harms":
        return interval.high < 0
    if is_short(comparison):
        return interval.low > 0
    return comparison.verdict != "helps" or interval.low > material.result.min_gain_points
