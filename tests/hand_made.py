"""The folders of a finished run, made by hand in a moment, for tests that begin after it."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.results import (
    PANEL,
    WITH_GAN,
    WITHOUT_GAN,
    ArmScore,
    ClassRow,
    Comparison,
    Interval,
    TrialResult,
    write_result,
)
from pipeline.samples import Samples, Schema
from pipeline.storage import write_schema, write_split
from pipeline.workspace import Workspace, write_json, writing

CLASSES = ("cat", "dog")
GENERATOR = "0123456789ab"
# Class → source → rows of the recommended set: the pool's first four dogs fill up the class.
IN_SET = {"cat": {"real": 6}, "dog": {"real": 2, "gan": 4}}


def trial_result(*, promoted=True, verdict="helps", in_set=None, advice=()):
    in_set = IN_SET if in_set is None else in_set
    interval = Interval(low=0.5 if verdict == "helps" else -0.5, high=5.5, level=0.9)
    recall = Interval(low=0.3, high=0.8)
    comparison = Comparison(
        question="set against real rows",
        classifier=PANEL,
        metric="balanced_accuracy",
        arm=WITH_GAN,
        reference="oversampled",
        gains_points=(2.0, 3.0, 4.0),
        mean_points=3.0,
        interval_points=interval,
        verdict=verdict,
    )
    return TrialResult(
        primary_metric="balanced_accuracy",
        consumers=("svm", "cnn"),
        recommended_arm=WITH_GAN,
        reference_arm="oversampled",
        set_words="each class filled to the largest, with gan rows",
        min_gain_points=0.0,
        replicates=3,
        verdict=verdict,
        gan_verdict="helps",
        promoted=promoted,
        arms=(
            ArmScore(
                arm=WITH_GAN,
                title="The recommended set",
                family="set",
                classifier=PANEL,
                values={"balanced_accuracy": (0.82, 0.83, 0.84)},
                intervals={"balanced_accuracy": Interval(low=0.79, high=0.87)},
                test={"balanced_accuracy": 0.82},
            ),
        ),
        comparisons=(
            comparison,
            comparison.model_copy(update={"reference": "real", "mean_points": 3.5}),
            comparison.model_copy(
                update={
                    "question": "GAN rows in the set",
                    "reference": WITHOUT_GAN,
                    "verdict": "helps",
                    "interval_points": Interval(low=0.2, high=1.8, level=0.9),
                    "mean_points": 1.0,
                }
            ),
        ),
        advice=advice,
        classes=tuple(
            ClassRow(
                name=name,
                n_real=rows.get("real", 0),
                n_requested=1,
                n_accepted=1,
                recall_before=0.5,
                recall_before_interval=recall,
                recall_after=0.6,
                recall_after_interval=recall,
                in_set=rows,
            )
            for name, rows in in_set.items()
        ),
    )


def images(labels, *, ids, seed=0, **provenance):
    stream = np.random.default_rng(seed)
    return Samples(
        schema=Schema(modality="image", classes=CLASSES, image_shape=(8, 8, 1)),
        values=stream.integers(0, 256, (len(labels), 8, 8, 1), dtype=np.uint8),
        labels=np.asarray(labels, np.int64),
        provenance=pd.DataFrame({"id": ids, **provenance}),
    )


def real_images(seed=0):
    """Six cats and two dogs."""
    ids = [f"real-{row}" for row in range(8)]
    return images([0] * 6 + [1] * 2, ids=ids, seed=seed, source_path=[f"{i}.png" for i in ids])


def pool_images(seed=1):
    """Two cats and eight dogs from one generator."""
    labels = [0] * 2 + [1] * 8
    draws = [0, 1, *range(8)]
    ids = [f"{GENERATOR}-{label}-{draw}" for label, draw in zip(labels, draws, strict=True)]
    return images(labels, ids=ids, seed=seed, generator=GENERATOR, draw=draws)


def curation_of(pool, *, chosen):
    return pd.DataFrame(
        {
            "id": pool.ids,
            "label": pool.labels,
            "accepted": True,
            "chosen": chosen,
            "reason": "",
            "score": np.linspace(0.5, 0.95, len(pool)),
        }
    )


def write_finished_stages(
    root: Path, *, seed: int = 0, promoted: bool = True, cheap: Samples | None = None, **result
) -> Workspace:
    """Everything that stands in a workspace before `assemble`."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "params.yaml").write_text(f"seed: {seed}\n")
    workspace = Workspace(root)
    real, pool = real_images(seed), pool_images(seed + 1)
    with writing(workspace.prepared) as directory:
        write_schema(directory, real.schema)
        write_split(directory, "train", real)
    with writing(workspace.synthetic) as directory:
        write_schema(directory, pool.schema)
        write_split(directory, "train", pool)
        write_json(
            directory / "request.json",
            {"requested": {"cat": 0, "dog": 4}, "drawn": {"cat": 2, "dog": 8}},
        )
    with writing(workspace.trial) as directory:
        verdict = "helps" if promoted else "no evidence"
        write_result(directory, trial_result(promoted=promoted, verdict=verdict, **result))
        if cheap is not None:
            write_schema(directory / "cheap", cheap.schema)
            write_split(directory / "cheap", "train", cheap)
        chosen = [False] * 2 + [True, False] * 4
        curation_of(pool, chosen=chosen).to_parquet(directory / "curation.parquet", index=False)
    return workspace
