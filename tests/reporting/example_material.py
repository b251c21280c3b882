"""Everything a report is made from, made by hand: ten classes of digits, a trial, a training."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from pipeline.params import Params
from pipeline.reporting.material import Material
from pipeline.reporting.previews.cloud import Cloud
from pipeline.reporting.previews.gallery import ClassGallery, Gallery, Single
from pipeline.reporting.previews.image import ShownImages
from pipeline.results import TrialResult
from pipeline.samples import Schema
from tests.example_result import CLASSES, IS_SCARCE, example_result

GENERATOR_CONFIG = {
    "versions": {"torch": "2.13.0"},
    "ending": {
        "reason": "plateau",
        "stopped_at_step": 2500,
        "kept_step": 2250,
        "message": "At step 2490 the samples no longer improve.",
    },
}


def example_material(**changes: Any) -> Material:
    """A material in which every section has something to show."""
    rows = {row.name: row.in_set for row in example_result().classes}
    balanced = {name: {"real": of["real"], "gan": 80 - of["real"]} for name, of in rows.items()}
    configs = {"balanced": balanced, "train": rows}
    material = Material(
        params=Params(),
        schema=Schema(modality="image", classes=CLASSES, image_shape=(8, 8, 1)),
        result=example_result(),
        generator={"hash": "0f3a9c" * 10 + "abcd", "config": GENERATOR_CONFIG},
        history=history(len(CLASSES)),
        notices=({"kind": "warning", "message": "Two rows of class 3 are equal; one was kept."},),
        split={"counts": {"train": dict.fromkeys(CLASSES, 80), "test": dict.fromkeys(CLASSES, 40)}},
        facts={"augmented": {"rows": rows, "configs": configs}},
        fingerprints={"prepared": "5e" * 32, "augmented": "a7" * 32},
        shown=ShownImages(Gallery(tuple(map(class_gallery, range(10)))), cloud()),
    )
    return dataclasses.replace(material, **changes)


def named(material: Material, names: Sequence[str]) -> Material:
    """The same material with other class names, in every place that has one."""
    renamed = dict(zip(material.schema.classes, names, strict=True))
    result = material.result
    changes = {
        "classes": [row.model_copy(update={"name": renamed[row.name]}) for row in result.classes],
        "curation": [row.model_copy(update={"name": renamed[row.name]}) for row in result.curation],
        "fidelity": [
            row.model_copy(update={"class_name": row.class_name and renamed[row.class_name]})
            for row in result.fidelity
        ],
        "learning_curve": [
            row.model_copy(update={"class_name": row.class_name and renamed[row.class_name]})
            for row in result.learning_curve
        ],
        "worth": {renamed[name]: n for name, n in result.worth.items()},
    }
    galleries = tuple(
        dataclasses.replace(one, name=renamed[one.name]) for one in material.shown.gallery.classes
    )
    rows = {renamed[name]: counts for name, counts in material.rows.items()}
    return dataclasses.replace(
        material,
        schema=material.schema.model_copy(update={"classes": tuple(names)}),
        result=TrialResult.model_validate(result.model_dump() | changes),
        facts={"augmented": {"rows": rows}},
        split={
            "counts": {
                split: {renamed[name]: n for name, n in counts.items()}
                for split, counts in material.split["counts"].items()
            }
        },
        shown=ShownImages(Gallery(galleries)),
    )


def history(n_classes: int) -> tuple[dict[str, Any], ...]:
    """2,500 steps of a calm training, with coverage ten times."""
    rng = np.random.default_rng(0)
    rows = []
    for step in range(0, 2500, 10):
        row: dict[str, Any] = {
            "step": step,
            "generator_loss": float(1 + 0.3 * rng.normal() + np.exp(-step / 300)),
            "discriminator_loss": float(0.69 + 0.1 * rng.normal()),
            "accuracy_real": float(np.clip(0.5 + 0.4 * np.exp(-step / 500), 0, 1)),
            "accuracy_fake": float(np.clip(0.5 + 0.4 * np.exp(-step / 400), 0, 1)),
        }
        if step % 250 == 0:
            row["coverage"] = [
                float(np.clip(1 - np.exp(-step / 700) - 0.03 * place, 0, 1))
                for place in range(n_classes)
            ]
        rows.append(row)
    return tuple(rows)


def cloud() -> Cloud:
    """Real points of ten classes, and synthetic ones of the scarce five."""
    rng = np.random.default_rng(3)
    labels, scarce = np.repeat(np.arange(10), 12), np.repeat(np.arange(5, 10), 8)
    return Cloud(
        real=rng.normal(size=(120, 2)) + labels[:, None],
        synthetic=rng.normal(size=(40, 2)) + scarce[:, None],
        real_labels=labels,
        synthetic_labels=scarce,
        explained=0.41,
    )


def class_gallery(label: int) -> ClassGallery:
    """24 real digits, and others of the same class in the place of synthetic ones."""
    pictures = digits(label)
    singles = tuple(
        Single(
            id=f"0f3a9c-{label}-{draw}",
            picture=pictures[48 + draw],
            score=0.2 + 0.1 * draw,
            reason="label not confirmed",
            ratio=0.3 + 0.1 * draw,
            neighbour=pictures[60 + draw],
            neighbour_id=f"digits-{draw}",
        )
        for draw in range(4)
    )
    scarce = IS_SCARCE[str(label)]
    return ClassGallery(
        name=str(label),
        real=pictures[:24],
        synthetic=pictures[24:48] if scarce else (),
        closest=singles if scarce else (),
        worst=tuple(dataclasses.replace(one, reason="") for one in singles) if scarce else (),
        rejected=singles if scarce else (),
    )


@cache
def digits(label: int) -> tuple[np.ndarray, ...]:
    """Handwritten digits of one class, uint8 [8, 8, 1] in [0, 255]."""
    bunch = load_digits()
    images = (bunch.images[bunch.target == label] * (255 / 16)).round().astype(np.uint8)
    return tuple(images[..., None])
