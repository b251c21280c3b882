"""What a report asks of one kind of data."""

from typing import Any, Protocol

import pandas as pd

from pipeline.reporting.blocks import Section
from pipeline.reporting.previews.words import Words
from pipeline.results import TrialResult
from pipeline.samples import Schema
from pipeline.workspace import Workspace


class Preview(Protocol):
    """How samples of one kind are shown."""

    words: Words

    def gather(
        self, workspace: Workspace, schema: Schema, curation: pd.DataFrame, *, seed: int
    ) -> Any:
        """What its sections show, read from the stages' folders.

        Args:
            curation: One row a synthetic sample, as the trial wrote it; may be empty.
            seed: Of what is chosen by chance.
        """

    def sections(self, schema: Schema, result: TrialResult, shown: Any) -> tuple[Section, ...]:
        """Its sections, in order; none where `shown` is None."""
