"""Everything a report is made from, read once from the files of the earlier stages."""

import logging
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.params import Params
from pipeline.reporting.gallery import Gallery, gather
from pipeline.results import ArmScore, Comparison, TrialResult, read_result
from pipeline.samples import Schema
from pipeline.workspace import MANIFEST, Workspace, read_json

logger = logging.getLogger(__name__)
STAGES = ("prepared", "generator", "synthetic", "trial", "augmented")


@dataclass(frozen=True)
class Material:
    """What the sections read; nothing in it depends on the time or the machine of rendering.

    Attributes:
        history: One dict a recorded training step, as `history.json` holds it.
        notices: What prepare warned of or converted: dicts with `kind` and `message`.
        facts: stage folder → what its manifest records (seed, parameters, versions, …).
        origins: class name → {origin → (rows, rows with weight > 0)} of the augmented dataset.
        gallery: The pictures to show; empty for tables.
    """

    params: Params
    schema: Schema
    result: TrialResult
    generator: dict[str, Any] = field(default_factory=dict)
    history: tuple[dict[str, Any], ...] = ()
    notices: tuple[dict[str, str], ...] = ()
    split: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    origins: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    curation: pd.DataFrame = field(default_factory=pd.DataFrame)
    gallery: Gallery = field(default_factory=Gallery)

    @property
    def name(self) -> str:
        return self.params.release.name

    def arms(self, classifier: str | None = None) -> tuple[ArmScore, ...]:
        """The arms under one classifier, the primary one by default."""
        wanted = classifier or self.result.primary_classifier
        return tuple(arm for arm in self.result.arms if arm.classifier == wanted)

    def arm(self, name: str) -> ArmScore | None:
        """The named arm under the primary classifier."""
        return next((arm for arm in self.arms() if arm.arm == name), None)

    def title_of(self, name: str) -> str:
        """What people call an arm."""
        arm = self.arm(name)
        return arm.title if arm else name.replace("_", " ")

    @property
    def mix(self) -> Comparison | None:
        """The recommended mix against current practice."""
        return self._comparison("mix against current practice", self.result.current_practice)

    @property
    def gan(self) -> Comparison | None:
        """The GAN against the best cheap arm."""
        return self._comparison("gan against cheap", self.result.best_cheap)

    def _comparison(self, question: str, reference: str) -> Comparison | None:
        asked = [
            one
            for one in self.result.comparisons
            if one.question == question
            and one.classifier == self.result.primary_classifier
            and one.metric == self.result.primary_metric
        ]
        return next((one for one in asked if one.reference == reference), next(iter(asked), None))


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
        origins=_origins(workspace, schema),
        curation=curation,
        gallery=gather(workspace, schema, curation, seed=params.seed),
    )


def _json(workspace: Workspace, folder: str, name: str, otherwise: Any) -> Any:
    path = workspace.root / "data" / folder / name
    if not path.is_file():
        logger.info("report: data/%s/%s is missing; the page goes without it", folder, name)
        return otherwise
    return read_json(path)


def _origins(workspace: Workspace, schema: Schema) -> dict[str, dict[str, tuple[int, int]]]:
    """Rows and weighted rows of the augmented training data by class and origin."""
    label = "label" if schema.modality == "image" else schema.label_column
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for path in sorted(workspace.augmented.rglob("*train*.parquet")):
        names = set(pq.read_schema(path).names)
        prefix = "" if "source" in names else storage.TABLE_PROVENANCE_PREFIX
        wanted = [label, f"{prefix}source", f"{prefix}weight"]
        if not names.issuperset(wanted):
            continue
        frame = pq.read_table(path, columns=wanted).to_pandas()
        frame.columns = pd.Index(["label", "source", "weight"])
        for (index, origin), rows in frame.groupby(["label", "source"], sort=True):
            of_class = found.setdefault(schema.classes[int(index)], {})
            n, weighted = of_class.get(str(origin), (0, 0))
            of_class[str(origin)] = (n + len(rows), weighted + int((rows["weight"] > 0).sum()))
    return found
