"""The material of a table's report, made by hand from small tables."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from pipeline.fidelity.columns import judge_columns
from pipeline.modalities.column_codes import code_columns
from pipeline.reporting.material import Material
from pipeline.reporting.previews.bars import bars_of, separating
from pipeline.reporting.previews.cloud import cloud_of
from pipeline.reporting.previews.examples import ClassExamples, Example
from pipeline.reporting.previews.table import ShownTable
from pipeline.results import CopiesResult, RareValue, TrialResult
from pipeline.samples import Samples, Schema
from tests.reporting.example_material import example_material, named
from tests.small_tables import table

NAMES = ("no", "yes")


def table_material(
    real: Samples | None = None, synthetic: Samples | None = None, **changes: Any
) -> Material:
    """A material in which every section of a table has something to show."""
    real = table(400, seed=0) if real is None else real
    synthetic = table(300, seed=1) if synthetic is None else synthetic
    parts = (real, synthetic, real)
    labels = (real.labels, synthetic.labels, real.labels)
    rows, columns = judge_columns(code_columns(parts), labels, classes=real.schema.classes, seed=1)
    material = of_two_classes(example_material(), real.schema)
    record = material.result.model_copy(
        update={
            "fidelity": rows,
            "columns": columns,
            "copies": CopiesResult(
                tested=300,
                exact=12,
                suspected=14,
                threshold=0.4,
                false_alarm_rate=0.04,
                closest=(("g-1", "r-1", 0.0), ("g-2", "r-9", 0.31)),
                exact_expected=11.0,
                exact_is_chance=True,
                rare=(RareValue(column="job", value="dean", n_training=2, n_synthetic=3),),
            ),
        }
    )
    shown = ShownTable(
        bars=bars_of(real, synthetic),
        by_class=separating(real, synthetic, most=6),
        examples=examples(real.schema),
        cloud=cloud_of(real.take(slice(0, 80)), synthetic.take(slice(0, 80))),
    )
    return dataclasses.replace(material, result=record, shown=shown, **changes)


def of_two_classes(material: Material, schema: Schema) -> Material:
    """The example of ten classes with the first two alone, under the schema's names."""
    names = (*schema.classes, *(f"other {number}" for number in range(8)))
    renamed = named(material, names)
    kept = set(schema.classes)
    result = renamed.result
    record = TrialResult.model_validate(
        result.model_dump()
        | {
            "classes": [row for row in result.classes if row.name in kept],
            "curation": [row for row in result.curation if row.name in kept],
            "learning_curve": [],
            "worth": {},
            "arms": [
                arm.model_copy(
                    update={
                        "confusion": tuple(row[:2] for row in arm.confusion[:2]),
                        "recall": dict.fromkeys(kept, arm.recall["0"]),
                    }
                )
                for arm in result.arms
            ],
        }
    )
    rows = {name: counts for name, counts in renamed.rows.items() if name in kept}
    return dataclasses.replace(
        renamed,
        schema=schema,
        result=record,
        history=(),
        facts={"augmented": {"rows": rows}},
        split={},
    )


def examples(schema: Schema) -> tuple[ClassExamples, ...]:
    """Two rows a class beside a neighbour, and a rejected one."""
    cells = tuple(f"{column.name} of a row" for column in schema.columns)
    shown = (
        Example("g-1", cells, neighbour=cells, ratio=0.12),
        Example("g-2", cells, neighbour=cells, ratio=0.9),
    )
    rejected = (Example("g-3", cells, reason="label not confirmed"),)
    return tuple(ClassExamples(name, shown, rejected) for name in schema.classes)


def curation_of(pool: Samples, real: Samples) -> pd.DataFrame:
    """What curation tells of a pool, as the trial writes it: every third row is rejected."""
    accepted = np.arange(len(pool)) % 3 > 0
    return pd.DataFrame(
        {
            "id": pool.ids,
            "label": pool.labels,
            "accepted": accepted,
            "chosen": accepted,
            "reason": np.where(accepted, "", "label not confirmed"),
            "score": np.linspace(0.9, 0.1, len(pool)),
            "nearest_real_id": real.ids[0],
            "nearest_ratio": np.linspace(0.1, 0.9, len(pool)),
        }
    )
