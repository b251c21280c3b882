"""The kinds of data, by the modality that a schema names."""

from collections.abc import Mapping

from pipeline.errors import ParamsError
from pipeline.modalities.contract import Modality
from pipeline.modalities.image.modality import ImageModality
from pipeline.modalities.table.modality import TableModality
from pipeline.params import TrialParams
from pipeline.samples import Schema

MODALITIES: Mapping[str, Modality] = {"image": ImageModality(), "table": TableModality()}


def modality_of(schema: Schema) -> Modality:
    """What is to be known of data of that schema."""
    return MODALITIES[schema.modality]


def settled(trial: TrialParams, schema: Schema) -> TrialParams:
    """The trial's params with the classifiers that they leave to the kind of data.

    Raises:
        ParamsError: params.yaml names a classifier that this kind of data has not.
    """
    modality = modality_of(schema)
    problems = [
        f"`trial.{key}` names {name}."
        for key in ("consumers", "advise")
        for name in getattr(trial, key) or ()
        if name not in modality.classifiers
    ]
    if problems:
        raise ParamsError(
            f"Not every classifier can be trained on {modality.nouns} (valid: "
            f"{', '.join(modality.classifiers)}):",
            problems,
        )
    consumers = trial.consumers or modality.consumers
    advise = modality.advise if trial.advise is None else trial.advise
    return trial.model_copy(update={"consumers": consumers, "advise": advise})
