"""A difference between two releases as text, or as one page without script."""

from collections.abc import Sequence
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


def summary(difference: Difference, rows: Sequence[RowCounts] | None) -> str:
    """What changed, in one or two sentences."""
    parts = []
    for heading, names in (
        ("added", difference.classes_added),
        ("removed", difference.classes_removed),
    ):
        if names:
            parts.append(f"Classes {heading}: {', '.join(names)}.")
    generator = "another generator" if difference.generator_changed else "the same generator"
    parts.append(f"The synthetic rows come from {generator}.")
    if rows is not None:
        for word, synthetic in (("real", False), ("synthetic", True)):
            of_kind = [row for row in rows if row.synthetic == synthetic]
            added, removed, kept = (
                sum(getattr(row, what) for row in of_kind) for what in ("added", "removed", "kept")
            )
            parts.append(f"Of the {word} rows {added} were added, {removed} removed, {kept} kept.")
    return " ".join(parts)


def score_text(score: Score | None) -> str:
    """`0.912 [0.874, 0.950]`, a dash where there is none."""
    if score is None:
        return "–"
    if score.low is None or score.high is None:
        return f"{score.mean:.3f}"
    return f"{score.mean:.3f} [{score.low:.3f}, {score.high:.3f}]"


def page(
    difference: Difference, rows: Sequence[RowCounts] | None, *, name: str, rows_missing: str = ""
) -> str:
    """The whole page; every text from outside is escaped."""
    # Slow to import, and every command of the line would wait for it.
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["score"] = score_text
    template = resources.files("pipeline.versions").joinpath("templates", "diff.html.j2")
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        difference=difference,
        rows=rows,
        rows_missing=rows_missing,
        name=name,
        summary=summary(difference, rows),
    )
