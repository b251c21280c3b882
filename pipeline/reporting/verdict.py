"""The verdict in one sentence, with its number and interval: the first thing anyone reads."""

from pipeline.reporting import numbers
from pipeline.reporting.material import Material
from pipeline.results import Comparison, Verdict

OUTCOMES: dict[Verdict, str] = {
    "helps": "it helps",
    "no evidence": "no evidence that it helps",
    "harms": "it harms",
}
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
    outcome = OUTCOMES[comparison.verdict]
    if not any(comparison.gains_points):
        return (
            f"On held-out data, the recommended mix scores as current practice does, {practice}, "
            f"in every replicate: {outcome}."
        )
    return (
        f"On held-out data, the recommended mix changes {_change(comparison)} "
        f"over current practice, {practice}: {outcome}."
    )


def gan_sentence(material: Material) -> str:
    """What the GAN's samples are worth against the best cheap alternative."""
    comparison = material.gan
    if comparison is None:
        return "The GAN was not compared with the cheap alternatives."
    added = numbers.counted(added_rows(material, "gan"), "synthetic sample")
    return (
        f"On held-out data, adding {added} of the GAN changes {_change(comparison)} over "
        f"{rival(material, comparison)}: {OUTCOMES[comparison.verdict]}."
    )


def rival(material: Material, comparison: Comparison) -> str:
    """The cheap arm on which the GAN's verdict rests, inside a sentence."""
    title = numbers.inline(material.title_of(comparison.reference))
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


def advice(material: Material) -> str:
    """How to use the data, in a sentence or two; what is not proven is not advised."""
    result = material.result
    weights = result.recommended_weight
    used = [name(origin) for origin, weight in weights.items() if weight > 0 and origin != "real"]
    unused = [
        name(origin)
        for origin, weight in weights.items()
        if weight == 0 and added_rows(material, origin)
    ]
    if result.verdict != "helps":
        stay = f"Stay with current practice, {practice_name(material)}; nothing is proven better."
        trying = (
            f" The weights below are the trial's best guess, with {numbers.listed(used)} rows, "
            "for those who want to try."
        )
        return stay + (trying if used else "")
    rows = f"the real rows and the {numbers.listed(used)} rows" if used else "the real rows alone"
    kept = f" The {numbers.listed(unused)} rows ship with weight 0, to be looked at only."
    # Rows are half of the advice: much of a mix's gain may come from how one trains on them.
    how = mix_words(material)
    way = f", in the way that won. {how[0].upper()}{how[1:]}." if how else "."
    return f"Train on {rows}{way}{kept if unused else ''}"


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


def _change(comparison: Comparison) -> str:
    interval = comparison.interval_points
    bound = ""
    if comparison.verdict == "helps" and interval.low <= 0:
        # Two-sided, the interval still holds no change at all: the reader is told what decided.
        bound = f", one-sided lower bound {numbers.points(comparison.lower_bound_points)}"
    return (
        f"{numbers.metric_name(comparison.metric)} by {numbers.points(comparison.mean_points)} "
        f"points ({numbers.level(interval)} interval {numbers.points_interval(interval)}{bound})"
    )
