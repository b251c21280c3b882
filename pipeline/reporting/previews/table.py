"""Tables in a report: columns, rows, and the map."""

from dataclasses import dataclass

import pandas as pd

from pipeline.reporting.blocks import Section
from pipeline.reporting.previews import words
from pipeline.reporting.previews.bars import Bars, ClassBars, bars_of, separating
from pipeline.reporting.previews.cloud import Cloud, gather_cloud
from pipeline.reporting.previews.column_section import column_section
from pipeline.reporting.previews.examples import ClassExamples, gather_examples
from pipeline.reporting.previews.gallery import shipped
from pipeline.reporting.previews.map_section import map_section
from pipeline.reporting.previews.row_section import row_section
from pipeline.reporting.previews.sample import sample_of
from pipeline.results import TrialResult
from pipeline.samples import Schema
from pipeline.workspace import Workspace

# Rows that bars are drawn of; more would draw the same.
MOST_ROWS = 20_000
MOST_SEPARATING = 6


@dataclass(frozen=True)
class ShownTable:
    """What the sections of a table show."""

    bars: tuple[Bars, ...] = ()
    by_class: tuple[ClassBars, ...] = ()
    examples: tuple[ClassExamples, ...] = ()
    cloud: Cloud | None = None


class TablePreview:
    """See `pipeline.reporting.previews.contract.Preview`."""

    words = words.TABLES

    def gather(
        self, workspace: Workspace, schema: Schema, curation: pd.DataFrame, *, seed: int
    ) -> ShownTable:
        """Bars of a random choice of rows, rows to be read, and points for the map."""
        chosen = shipped(curation)
        real = sample_of(workspace.prepared, most=MOST_ROWS, seed=seed)
        only = None if chosen is None else chosen.__contains__
        synthetic = sample_of(workspace.synthetic, most=MOST_ROWS, seed=seed, only=only)
        if not len(synthetic):
            return ShownTable()
        return ShownTable(
            bars=bars_of(real, synthetic),
            by_class=separating(real, synthetic, most=MOST_SEPARATING),
            examples=gather_examples(workspace, schema, curation, seed=seed)
            if len(curation)
            else (),
            cloud=gather_cloud(workspace.prepared, workspace.synthetic, chosen, seed=seed),
        )

    def sections(
        self, schema: Schema, result: TrialResult, shown: ShownTable | None
    ) -> tuple[Section, ...]:
        """Columns by the numbers of the trial, rows, and the map."""
        shown = shown or ShownTable()
        return (
            *column_section(result.columns, shown.bars, shown.by_class),
            *row_section(shown.examples, [column.name for column in schema.columns]),
            *map_section(shown.cloud, schema.classes),
        )
