"""The dataset card: README.md with the Hugging Face YAML header, in plain words."""

import html
import io
from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
from ruamel.yaml import YAML

from pipeline.results import TrialResult, deciding_comparison
from pipeline.samples import Schema

VERDICTS = {
    "helps": "The recommended mix is better than current practice: the trial shows it.",
    "no evidence": (
        "The trial found no evidence that synthetic rows help. They are part of this set all the "
        "same, so that anyone can look; mind the weights."
    ),
    "harms": (
        "The trial found that the mix is worse than current practice. Train on the real rows, or "
        "use the recommended weights, which leave the harmful rows out."
    ),
}
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
        verdict=VERDICTS[result.verdict],
        gan_verdict=result.gan_verdict,
        mix=deciding_comparison(result, "mix against current practice"),
        gan=deciding_comparison(result, "gan against cheap"),
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
