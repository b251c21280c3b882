"""The verdict in one sentence, with its number and interval: the first thing anyone reads."""

from pipeline.reporting import numbers
from pipeline.reporting.material import Material
from pipeline.results import Comparison, Verdict

OUTCOMES: dict[Verdict, str] = {
    "helps": "it helps",
    "no evidence": "it shows no evidence of help",
    "harms": "it harms",
}
# Words for the data side of a comparison; the arms' titles name the rest.
ORIGIN_NAMES = {
    "real": "real",
    "gan": "GAN",
    "classical": "classical",
    "smote": "SMOTE",
    "cvae": "CVAE",
}


def deciding(material: Material) -> Comparison | None:
    """The comparison on which promotion rests."""
    return material.mix if material.result.promote_rule == "mix" else material.gan


def headline(material: Material) -> str:
    """The answer to what was asked, in one sentence."""
    is_mix = material.result.promote_rule == "mix"
    sentence = mix_sentence(material) if is_mix else gan_sentence(material)
    promoted = "and is promoted" if material.result.promoted else "and is not promoted"
    return f"{sentence.removesuffix('.')}, {promoted}."


def mix_sentence(material: Material) -> str:
    """What the recommended mix is worth against current practice."""
    comparison = material.mix
    if comparison is None:
        return "The recommended mix was not compared with current practice."
    practice = practice_name(material)
    if comparison.arm == comparison.reference:
        return f"No mix beat current practice, {practice}; the recommendation is to stay with it."
    return (
        f"On held-out data, the recommended mix changes {_change(comparison)} "
        f"over current practice, {practice}: {OUTCOMES[comparison.verdict]}."
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
    kind = "best" if comparison.reference == material.result.best_cheap else "toughest"
    title = numbers.inline(material.title_of(comparison.reference))
    return f"the {kind} cheap alternative, {title}"


def practice_name(material: Material) -> str:
    """Current practice, inside a sentence."""
    return numbers.inline(material.title_of(material.result.current_practice))


def added_rows(material: Material, origin: str) -> int:
    """How many rows of one origin the augmented dataset carries."""
    return sum(of_class.get(origin, 0) for of_class in material.rows.values())


def advice(material: Material) -> str:
    """How to use the data, in one sentence."""
    weights = material.result.recommended_weight
    used = [name(origin) for origin, weight in weights.items() if weight > 0 and origin != "real"]
    unused = [name(origin) for origin, weight in weights.items() if weight == 0]
    first = (
        f"Train on the real rows and the {numbers.listed(used)} rows"
        if used
        else ("Train on the real rows alone")
    )
    if not unused:
        return f"{first}."
    kept = numbers.listed(unused)
    return f"{first}; the {kept} rows ship with weight 0 and are there to be looked at."


def name(origin: str) -> str:
    """What people call a source of rows."""
    return ORIGIN_NAMES.get(origin, numbers.visible(origin))


def title(origin: str) -> str:
    """The same at the head of a column."""
    words = name(origin)
    return f"{words[0].upper()}{words[1:]}" if words else words


def _change(comparison: Comparison) -> str:
    interval = comparison.interval_points
    return (
        f"{numbers.metric_name(comparison.metric)} by {numbers.points(comparison.mean_points)} "
        f"points ({numbers.level(interval)} interval {numbers.points_interval(interval)})"
    )
