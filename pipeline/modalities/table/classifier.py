"""A small fully connected classifier of a table's rows."""

from pipeline.modalities.contract import Fitted
from pipeline.modalities.recipe import Recipe, TrainingSet


def train_table_classifier(
    training: TrainingSet, recipe: Recipe, *, steps: int, seed: int
) -> Fitted:
    """Train the network by a recipe."""
    raise NotImplementedError
