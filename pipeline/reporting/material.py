"""Everything a report is made from, read once from the files of the earlier stages."""

import logging
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.params import Params
from pipeline.reporting.blocks import Section
from pipeline.reporting.previews.registry import preview_of
from pipeline.reporting.previews.words import Words
from pipeline.results import PANEL, ArmScore, TrialResult, read_result
from pipeline.samples import Schema
from pipeline.workspace import MANIFEST, Workspace, read_json, sha256_of

logger = logging.getLogger(__name__)
STAGES = ("prepared", "generator", "synthetic", "trial", "augmented")


@dataclass(frozen=True)
class Material:
    """What the sections read; nothing in it depends on the time or the machine of rendering.

    Attributes:
        history: One dict a recorded training step, as `history.json` holds it.
        notices: What prepare warned of or converted: dicts with `kind` and `message`.
        facts: stage folder → what its manifest records (seed, parameters, versions, …).
        fingerprints: stage folder → SHA-256 of its manifest, which lists every file's own.
        shown: What the sections of this kind of data show; None shows nothing of the data.
    """

    params: Params
    schema: Schema
    result: TrialResult
    generator: dict[str, Any] = field(default_factory=dict)
    history: tuple[dict[str, Any], ...] = ()
    notices: tuple[dict[str, str], ...] = ()
    split: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    curation: pd.DataFrame = field(default_factory=pd.DataFrame)
    shown: Any = None

    @property
    def name(self) -> str:
        return self.params.release.name

    @property
    def words(self) -> Words:
        """What texts say of this kind of data."""
        return preview_of(self.schema).words

    def sections_of_data(self) -> tuple[Section, ...]:
        """The sections that only this kind of data has."""
        return preview_of(self.schema).sections(self.schema, self.result, self.shown)

    @property
    def rows(self) -> dict[str, dict[str, int]]:
        """class name → {source → rows in the dataset}, as its manifest counts them."""
        rows: dict[str, dict[str, int]] = self.facts.get("augmented", {}).get("rows", {})
        return rows

    @property
    def configs(self) -> dict[str, dict[str, dict[str, int]]]:
        """The same for everything that ships: config → class name → {source → rows}."""
        configs: dict[str, Any] = self.facts.get("augmented", {}).get("configs", {})
        return configs

    @property
    def asks_for_rows(self) -> bool:
        """Whether any class was to get synthetic samples; balanced data ask for none."""
        return any(row.n_requested for row in self.result.classes)

    def arms(self, classifier: str = PANEL) -> tuple[ArmScore, ...]:
        """The arms under one classifier, or by the mean over all of them."""
        return tuple(arm for arm in self.result.arms if arm.classifier == classifier)

    def arm(self, name: str) -> ArmScore | None:
        """The named arm, by the mean over all classifiers."""
        return next((arm for arm in self.arms() if arm.arm == name), None)

    def title_of(self, name: str) -> str:
        """What people call an arm."""
        titles = (arm.title for arm in self.result.arms if arm.arm == name)
        return next(titles, name.replace("_", " "))


def read_material(workspace: Workspace, params: Params) -> Material:
    """Read what the earlier stages wrote.

    Raises:
        ArtifactError: a file that every run writes is missing or damaged.
    """
    schema = storage.read_schema(workspace.prepared)
    curation_file = workspace.trial / "curation.parquet"
    curation = (
        pq.read_table(curation_file).to_pandas() if curation_file.is_file() else pd.DataFrame()
    )
    return Material(
        params=params,
        schema=schema,
        result=read_result(workspace.trial),
        generator=_json(workspace, "generator", "generator.json", {}),
        history=tuple(_json(workspace, "generator", "history.json", [])),
        notices=tuple(_json(workspace, "prepared", "notices.json", [])),
        split=_json(workspace, "prepared", "split.json", {}),
        facts={stage: _json(workspace, stage, MANIFEST, {}).get("facts", {}) for stage in STAGES},
        fingerprints={
            stage: sha256_of(manifest)
            for stage in STAGES
            if (manifest := workspace.root / "data" / stage / MANIFEST).is_file()
        },
        curation=curation,
        shown=preview_of(schema).gather(workspace, schema, curation, seed=params.seed),
    )


def _json(workspace: Workspace, folder: str, name: str, otherwise: Any) -> Any:
    path = workspace.root / "data" / folder / name
    if not path.is_file():
        logger.info("report: data/%s/%s is missing; the page goes without it", folder, name)
        return otherwise
    return read_json(path)
