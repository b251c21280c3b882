"""The dataset card: README.md with the Hugging Face YAML header, in plain words."""

import html
import io
from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
from ruamel.yaml import YAML

from pipeline.results import Comparison, Question, TrialResult, Verdict, deciding_comparison
from pipeline.samples import Schema

MIX, GAN = "mix", "gan"
QUESTIONS: dict[str, Question] = {
    MIX: "mix against current practice",
    GAN: "gan against cheap",
}
# By the rule for promotion, whose question decides.
VERDICTS: dict[tuple[str, Verdict], str] = {
    (MIX, "helps"): "The recommended mix is better than current practice: the trial shows it.",
    (MIX, "no evidence"): (
        "The trial found no evidence that synthetic rows help. They are part of this set all the "
        "same, so that anyone can look; mind the weights."
    ),
    (MIX, "harms"): (
        "The trial found that the mix is worse than current practice. Stay with that, on the real "
        "rows; every other row of this set has weight 0, and is there to be looked at only."
    ),
    (GAN, "helps"): (
        "The GAN's rows, on top of the best cheap arm, are better than every cheap alternative: "
        "the trial shows it."
    ),
    (GAN, "no evidence"): (
        "The trial found no evidence that the GAN's rows beat the cheap alternatives. They are "
        "part of this set all the same, with weight 0, so that anyone can look."
    ),
    (GAN, "harms"): (
        "The trial found that the GAN's rows make the arm worse that they are added to. They are "
        "in this set with weight 0, to be looked at only."
    ),
}
COMPARED = {
    MIX: "The recommended mix is better than current practice",
    GAN: "The GAN's rows, on top of the best cheap arm, are better than every cheap alternative",
}
# A proven gain that is not surely as large as the trial asked for.
SHORT = "helps, not surely enough"
# Row counts and the category that Hugging Face expects for them.
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST = "n>1M"


def card(
    schema: Schema,
    rows: Mapping[str, Mapping[str, int]],
    result: TrialResult,
    *,
    name: str,
    licence: str | None = None,
) -> str:
    """The card's whole text.

    Args:
        schema: What one sample is.
        rows: Class name → source of rows → number of rows.
        result: What the trial found.
        name: The name under which the set is released.
        licence: The licence that the source's owner declared; None where none was.
    """
    sources = sorted({source for counts in rows.values() for source in counts})
    environment = jinja2.Environment(
        autoescape=False,  # noqa: S701 - Markdown; `cell` below neutralises text from outside
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = cell
    environment.filters["points"] = points
    environment.filters["bound"] = bound
    template = resources.files("pipeline.dataset").joinpath("templates", "card.md.j2")
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        header=_header(schema, rows, name=name, licence=licence),
        name=name,
        schema=schema,
        rows=rows,
        sources=sources,
        totals={
            source: sum(counts.get(source, 0) for counts in rows.values()) for source in sources
        },
        result=result,
        verdict=_verdict(result, result.promote_rule),
        verdict_words=_verdict_words(result),
        verdicts={rule: _verdict(result, rule) for rule in QUESTIONS},
        mix=deciding_comparison(result, QUESTIONS[MIX]),
        gan=deciding_comparison(result, QUESTIONS[GAN]),
        fillers=_fillers(result),
        weights=result.recommended_weight,
        licence=licence,
        prefix="" if schema.modality == "image" else "equipoise.",
    )


def cell(text: object) -> str:
    """Text from outside, harmless in a Markdown table: no markup, no new cell, no new line."""
    escaped = html.escape(" ".join(str(text).split()), quote=False)
    for character in "\\`*_[]|":
        escaped = escaped.replace(character, "\\" + character)
    return escaped


def points(number: float) -> str:
    """Points with their sign and one decimal, or two where one would hide them."""
    decimals = 2 if round(number, 1) == 0 and round(number, 2) != 0 else 1
    # Adding zero takes the sign from a negative zero.
    return f"{round(number, decimals) + 0.0:+.{decimals}f}"


def bound(comparison: Comparison) -> str:
    """The one-sided bound on which the verdict rests."""
    if comparison.verdict == "harms":
        return f"upper bound {points(comparison.upper_bound_points)}"
    return f"lower bound {points(comparison.lower_bound_points)}"


def _is_short(result: TrialResult, rule: str) -> bool:
    comparison = deciding_comparison(result, QUESTIONS[rule])
    return (
        comparison is not None
        and comparison.verdict == "no evidence"
        and comparison.lower_bound_points > 0
    )


def _answer(result: TrialResult, rule: str) -> Verdict:
    return result.verdict if rule == MIX else result.gan_verdict


def _verdict(result: TrialResult, rule: str) -> str:
    return SHORT if _is_short(result, rule) else _answer(result, rule)


def _verdict_words(result: TrialResult) -> str:
    """What the deciding question's answer means for whoever takes the set."""
    rule = result.promote_rule
    if _is_short(result, rule):
        return (
            f"{COMPARED[rule]}, but not surely by the {result.min_gain_points:g} points that the "
            "trial asked for. Mind the weights."
        )
    return VERDICTS[rule, _answer(result, rule)]


def _fillers(result: TrialResult) -> dict[str, int]:
    """Class name → rows that were turned away and that make up its exact number all the same."""
    missing = {row.name: row.n_requested - row.n_accepted for row in result.classes}
    return {name: n for name, n in missing.items() if n > 0}


def _header(
    schema: Schema, rows: Mapping[str, Mapping[str, int]], *, name: str, licence: str | None
) -> str:
    total = sum(sum(counts.values()) for counts in rows.values())
    content: dict[str, Any] = {
        "pretty_name": name,
        "license": "other" if licence else "unknown",
        **({"license_name": licence} if licence else {}),
        "task_categories": [
            f"{'image' if schema.modality == 'image' else 'tabular'}-classification"
        ],
        "size_categories": [next((text for limit, text in SIZES if total < limit), LARGEST)],
        "tags": ["synthetic", "augmentation", "class-balanced"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "train/*.parquet"}],
            }
        ],
    }
    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(content, stream)
    return stream.getvalue()
