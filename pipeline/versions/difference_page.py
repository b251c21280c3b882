"""A difference between two releases as text, or as one page without script."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Protocol

from pipeline.versions.details import Score
from pipeline.versions.difference import Difference


class RowCounts(Protocol):
    """Rows of one class and origin; see `pipeline.dataset.difference.RowChange`."""

    @property
    def class_name(self) -> str: ...
    @property
    def synthetic(self) -> bool: ...
    @property
    def added(self) -> int: ...
    @property
    def removed(self) -> int: ...
    @property
    def kept(self) -> int: ...


@dataclass(frozen=True)
class ComparedRows:
    """Rows of two versions compared, or why they could not be.

    Attributes:
        config: Which rows; "all" for every row.
        rows: A count for each class and origin; None where nothing was compared.
        tested: The same of the rows of `train`, where `config` has them among others.
        reason: Why nothing was compared.
    """

    config: str = "all"
    rows: Sequence[RowCounts] | None = None
    tested: Sequence[RowCounts] | None = None
    reason: str = ""


def summary(difference: Difference, compared: ComparedRows) -> str:
    """What changed, in a few sentences."""
    parts = []
    for heading, names in (
        ("added", difference.classes_added),
        ("removed", difference.classes_removed),
    ):
        if names:
            parts.append(f"Classes {heading}: {', '.join(names)}.")
    generator = "another generator" if difference.generator_changed else "the same generator"
    parts.append(f"The synthetic rows come from {generator}.")
    of = "" if compared.config == "all" else f" of `{compared.config}`"
    for word, synthetic in (("real", False), ("synthetic", True)):
        if compared.rows is not None:
            of_kind = [row for row in compared.rows if row.synthetic == synthetic]
            parts.append(_counted(f"{word} rows{of}", of_kind))
    if compared.tested is not None:
        parts.append(_counted("rows of `train`", compared.tested))
    return " ".join(parts)


def _counted(what: str, rows: Sequence[RowCounts]) -> str:
    added, removed, kept = (
        sum(getattr(row, name) for row in rows) for name in ("added", "removed", "kept")
    )
    return f"Of the {what} {added} were added, {removed} removed, {kept} kept."


def score_text(score: Score | None) -> str:
    """`0.912 [0.874, 0.950]`, a dash where there is none."""
    if score is None:
        return "–"
    if score.low is None or score.high is None:
        return f"{score.mean:.3f}"
    return f"{score.mean:.3f} [{score.low:.3f}, {score.high:.3f}]"


def page(difference: Difference, compared: ComparedRows, *, name: str) -> str:
    """The whole page; every text from outside is escaped."""
    # Slow to import, and every command of the line would wait for it.
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["score"] = score_text
    template = resources.files("pipeline.versions").joinpath("templates", "diff.html.j2")
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        difference=difference,
        compared=compared,
        name=name,
        summary=summary(difference, compared),
    )
