"""The dataset card: README.md with the Hugging Face YAML header, in plain words."""

import html
from collections.abc import Mapping, Sequence
from importlib import resources

import jinja2

from pipeline import answers, numbers
from pipeline.codecs.registry import codec_of
from pipeline.dataset.assemble import COLUMNS, GROUP
from pipeline.dataset.card_header import header
from pipeline.dataset.forms.registry import form_of
from pipeline.dataset.layout import globs_of, in_order
from pipeline.dataset.wanted import RowCounts, Rows
from pipeline.results import TrialResult
from pipeline.samples import Samples

CONFIGS: Mapping[Rows, str] = {
    "train": "the set that the trial put together and tested; loaded if you name no config.",
    "balanced": "real rows, and GAN rows that bring each class to the number asked for.",
    "synthetic": "every GAN row.",
    "all": "every row.",
}
KNOWN = (*COLUMNS, GROUP)
# Of rows that a teacher labelled, as the trial writes them.
FURTHER = {
    "proposed_by": "where a row that a teacher labelled came from",
    "teacher": "hash of the teacher that labelled the row",
    "teacher_probabilities": "the teacher's probability of each class, for those who train on them",
}


def card(
    samples: Samples,
    configs: Mapping[Rows, RowCounts],
    result: TrialResult,
    *,
    files: Sequence[str],
    name: str,
    licence: str | None = None,
    changes: Sequence[str] = (),
) -> str:
    """The card's whole text.

    Args:
        samples: The set.
        configs: Config → class name → source of rows → number of rows.
        result: What the trial found.
        files: Path of each file of rows inside the set.
        name: The name under which the set is released.
        licence: The licence that the source's owner declared; None where none was.
        changes: What was changed or left out when the source was read, in sentences.
    """
    environment = jinja2.Environment(
        autoescape=False,  # noqa: S701 - Markdown; `cell` below neutralises text from outside
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = cell
    environment.filters["origin"] = answers.origin_name
    environment.filters["count"] = numbers.count
    schema, columns = samples.schema, samples.provenance.columns
    form, codec = form_of(schema), codec_of(schema)
    globs = {rows: globs_of(files, rows) for rows in configs}
    template = resources.files("pipeline.dataset").joinpath("templates", "card.md.j2")
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        header=header(schema, len(samples), globs, name=name, licence=licence),
        name=name,
        schema=schema,
        configs=configs,
        words=CONFIGS,
        totals={rows: _totals(counts) for rows, counts in configs.items()},
        sources=in_order(configs["all"][schema.classes[0]]),
        left_out=_left_out(configs),
        further={name: FURTHER.get(name, "") for name in columns if name not in KNOWN},
        has_groups=GROUP in columns,
        result=result,
        answers=answers,
        applied=form.applied
        if any(one.classifier == form.network for one in result.advice)
        else "",
        fillers=_fillers(result),
        licence=licence,
        prefix=codec.prefix,
        noun=form.noun,
        told=form.told(schema),
        label=codec.label_column(schema),
        rules=list(dict.fromkeys(rule.text for rule in schema.rules)),
        changes=changes,
    )


def cell(text: object) -> str:
    """Text from outside, harmless in a Markdown table: no markup, no new cell, no new line."""
    escaped = html.escape(" ".join(str(text).split()), quote=False)
    for character in "\\`*_[]|":
        escaped = escaped.replace(character, "\\" + character)
    return escaped


def _totals(counts: RowCounts) -> dict[str, int]:
    """Source → rows of all classes."""
    sources = in_order(source for of_class in counts.values() for source in of_class)
    return {
        source: sum(of_class.get(source, 0) for of_class in counts.values()) for source in sources
    }


def _left_out(configs: Mapping[Rows, RowCounts]) -> int:
    """GAN rows that are not in `train`."""
    return _totals(configs["all"]).get("gan", 0) - _totals(configs["train"]).get("gan", 0)


def _fillers(result: TrialResult) -> dict[str, int]:
    """Class name → rows that were turned away and that make up its exact number all the same."""
    missing = {row.name: row.n_requested - row.n_accepted for row in result.classes}
    return {name: n for name, n in missing.items() if n > 0}
