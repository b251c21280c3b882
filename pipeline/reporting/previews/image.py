"""Images in a report: pictures of every class, and the map."""

from dataclasses import dataclass

import pandas as pd

from pipeline.reporting.blocks import Section
from pipeline.reporting.previews import words
from pipeline.reporting.previews.cloud import Cloud, gather_cloud
from pipeline.reporting.previews.gallery import Gallery, gather, shipped
from pipeline.reporting.previews.map_section import map_section
from pipeline.reporting.previews.picture_section import picture_section
from pipeline.results import TrialResult
from pipeline.samples import Schema
from pipeline.workspace import Workspace


@dataclass(frozen=True)
class ShownImages:
    """What the sections of images show."""

    gallery: Gallery
    cloud: Cloud | None = None


class ImagePreview:
    """See `pipeline.reporting.previews.contract.Preview`."""

    words = words.IMAGES

    def gather(
        self, workspace: Workspace, schema: Schema, curation: pd.DataFrame, *, seed: int
    ) -> ShownImages:
        """Pictures chosen by rule, and points for the map."""
        return ShownImages(
            gallery=gather(workspace, schema, curation, seed=seed),
            cloud=gather_cloud(
                workspace.prepared, workspace.synthetic, shipped(curation), seed=seed
            ),
        )

    def sections(
        self,
        schema: Schema,
        result: TrialResult,  # noqa: ARG002  what is told of columns; images have none
        shown: ShownImages | None,
    ) -> tuple[Section, ...]:
        """Pictures and the map."""
        if shown is None:
            return ()
        return (
            *picture_section(shown.gallery, schema),
            *map_section(shown.cloud, schema.classes),
        )
