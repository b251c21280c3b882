"""The downstream classifiers: what people train on a dataset, each fitted by the same recipes."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.params import ClassifierName
from pipeline.samples import Samples
from pipeline.trial.rows import add_static_rows, flat

DOMAIN_RECIPE = Recipe(sampling=1.0, augmentation=1.0)


class Fitted(Protocol):
    """A trained classifier."""

    def probabilities(self, samples: Samples) -> np.ndarray:
        """Probability of each class, float64 [n, classes], rows sum to 1."""
        ...

    def features(self, samples: Samples) -> np.ndarray:
        """What distances between samples are told by, float64 [n, d]."""
        ...


def fit(
    name: ClassifierName, training: TrainingSet, recipe: Recipe, *, steps: int, seed: int
) -> Fitted:
    """Fit a classifier of the panel; the same arguments give the same classifier.

    Args:
        steps: Optimiser steps of the network; the others run to convergence.
    """
    if name != "cnn":
        return _fit_static(name, training, recipe, seed=seed)
    # Torch is slow to import, and half of the panel does without it.
    from pipeline.modalities.image_classifier import train_image_classifier

    return train_image_classifier(training, recipe, steps=steps, seed=seed)


def applies(name: ClassifierName, recipe: Recipe) -> bool:
    """Whether the recipe means anything to the classifier: mixup is a way to train networks."""
    return name == "cnn" or recipe.mixup == 0


@dataclass(frozen=True)
class StaticClassifier:
    """A scikit-learn classifier fitted on rows with weights.

    Attributes:
        adjustment: Subtracted from the scores: τ times the log of the class prior (post-hoc logit
            adjustment, arXiv:2007.07314, equation 9), float64 [classes].
    """

    model: Any
    adjustment: np.ndarray

    def probabilities(self, samples: Samples) -> np.ndarray:
        """Probability of each class, float64 [n, classes]; for the SVM a softmax of its margins."""
        columns = flat(samples)
        if isinstance(self.model, SVC):
            scores = self.model.decision_function(columns)
            if scores.ndim == 1:
                scores = np.stack([-scores, scores], axis=1)
        else:
            scores = np.log(np.clip(self.model.predict_proba(columns), 1e-6, 1.0))
        return np.asarray(softmax(scores - self.adjustment, axis=1), np.float64)

    def features(self, samples: Samples) -> np.ndarray:
        """The columns themselves: a static classifier learns no features."""
        return flat(samples)


def _fit_static(
    name: ClassifierName, training: TrainingSet, recipe: Recipe, *, seed: int
) -> StaticClassifier:
    filled = add_static_rows(training, recipe, seed=seed)
    # A class weight is a weight of its rows, and sampling is one in expectation.
    level = 1.0 - (1.0 - recipe.sampling) * (1.0 - recipe.class_weight)
    weights = filled.draw_probabilities(level)
    rows = np.concatenate([flat(filled.real), *(flat(extra.samples) for extra in filled.extras)])
    model = _new_model(name, seed)
    model.fit(rows, filled.labels, sample_weight=weights * len(weights))
    prior = np.maximum(training.real_counts, 1) / training.real_counts.sum()
    return StaticClassifier(model, recipe.logit_tau * np.log(prior))


def _new_model(name: ClassifierName, seed: int) -> Any:
    models: dict[str, Any] = {
        "svm": lambda: SVC(C=10.0, gamma="scale", decision_function_shape="ovr"),
        "logistic": lambda: LogisticRegression(C=1.0, max_iter=500),
        "forest": lambda: RandomForestClassifier(200, n_jobs=1, random_state=seed % 2**32),
    }
    return models[name]()
