"""The downstream classifiers: what people train on a dataset, each fitted by the same recipes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from pipeline.modalities.contract import Encoder, Fitted
from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.modalities.registry import modality_of
from pipeline.params import ClassifierName
from pipeline.samples import Samples
from pipeline.trial.criterion import SMALLEST_PROBABILITY, likeliest_temperature
from pipeline.trial.rows import add_static_rows
from pipeline.trial.splits import out_of_fold_parts

# The strengths of regularisation among which tuning chooses, each classifier's usual one first.
STRENGTHS: Mapping[ClassifierName, tuple[Mapping[str, Any], ...]] = {
    "svm": ({"C": 10.0}, {"C": 1.0}, {"C": 100.0}),
    "logistic": ({"C": 1.0}, {"C": 0.1}, {"C": 10.0}),
    "knn": ({"n_neighbors": 5}, {"n_neighbors": 1}, {"n_neighbors": 15}),
    "forest": ({"min_samples_leaf": 1}, {"min_samples_leaf": 2}, {"min_samples_leaf": 5}),
    "boosting": ({"max_iter": 100}, {"max_iter": 50}, {"max_iter": 200}),
    "tree": ({"min_samples_leaf": 5}, {"min_samples_leaf": 1}, {"min_samples_leaf": 20}),
    # A network's regularisation is its augmentation, which is a recipe of its own.
    "mlp": ({},),
    "cnn": ({},),
}
MARGIN_FOLDS = 3


def fit(
    name: ClassifierName, training: TrainingSet, recipe: Recipe, *, steps: int, seed: int
) -> Fitted:
    """Fit a classifier of the panel; the same arguments give the same classifier.

    Args:
        steps: Optimiser steps of the network; the others run to convergence.
    """
    modality = modality_of(training.real.schema)
    if recipe.undersampling > 0:
        training = training.undersampled(recipe.undersampling, seed=seed)
    if name == modality.network:
        return modality.fit_network(training, recipe, steps=steps, seed=seed)
    return _fit_static(name, training, recipe, seed=seed)


def plain_recipes(name: ClassifierName) -> tuple[Recipe, ...]:
    """Plain fits by each strength of regularisation, the usual one first."""
    return tuple(Recipe(regularisation=number) for number in range(len(STRENGTHS[name])))


@dataclass(frozen=True)
class StaticClassifier:
    """A scikit-learn classifier fitted on rows with weights.

    Attributes:
        encoder: What the model sees of rows.
        adjustment: Subtracted from the scores: τ times the log of the class prior (post-hoc logit
            adjustment, arXiv:2007.07314, equation 9), float64 [classes].
        temperature: Divides the scores before, so that they are log-odds as the adjustment is.
    """

    model: Any
    encoder: Encoder
    adjustment: np.ndarray
    temperature: float = 1.0

    def probabilities(self, samples: Samples) -> np.ndarray:
        """Probability of each class, float64 [n, classes]; for the SVM a softmax of its margins."""
        classes = len(samples.schema.classes)
        columns = self.encoder.columns(samples)
        scores = _scores(self.model, columns, classes=classes) / self.temperature
        return np.asarray(softmax(scores - self.adjustment, axis=1), np.float64)

    def features(self, samples: Samples) -> np.ndarray:
        """The columns themselves: a static classifier learns no features."""
        return self.encoder.columns(samples)


def _fit_static(
    name: ClassifierName, training: TrainingSet, recipe: Recipe, *, seed: int
) -> StaticClassifier:
    filled = add_static_rows(training, recipe, seed=seed)
    # A class weight is a weight of its rows, and sampling is one in expectation.
    level = 1.0 - (1.0 - recipe.sampling) * (1.0 - recipe.class_weight)
    weights = filled.draw_probabilities(level)
    encoder = modality_of(training.real.schema).encoder(name, training.real)
    parts = (filled.real, *(extra.samples for extra in filled.extras))
    rows = np.concatenate([encoder.columns(part) for part in parts])
    strength = STRENGTHS[name][recipe.regularisation]
    model = _new_model(name, seed, filled.labels, strength, categorical=encoder.categorical)
    if name == "knn":
        # It takes no weights, and no recipe that applies to it asks for any.
        model.fit(rows, filled.labels)
    else:
        model.fit(rows, filled.labels, sample_weight=weights * len(weights))
    prior = np.maximum(training.real_counts, 1) / training.real_counts.sum()
    adjustment = recipe.logit_tau * np.log(prior)
    if name != "svm" or recipe.logit_tau == 0:
        return StaticClassifier(model, encoder, adjustment)
    return StaticClassifier(model, encoder, adjustment, _margin_temperature(training.real, seed))


def _scores(model: Any, columns: np.ndarray, *, classes: int) -> np.ndarray:
    """A score of each class, float64 [n, classes]: margins of an SVM, else log-probabilities.

    A class that the model was never shown is the unlikeliest there is: −∞, or the log of 1e-6.
    """
    if not isinstance(model, SVC):
        scores = np.full((len(columns), classes), np.log(SMALLEST_PROBABILITY))
        probabilities = model.predict_proba(columns)
        scores[:, model.classes_] = np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0))
        return scores
    scores = np.full((len(columns), classes), -np.inf)
    margins = np.asarray(model.decision_function(columns))
    scores[:, model.classes_] = (
        np.stack([-margins, margins], axis=1) if margins.ndim == 1 else margins
    )
    return scores


def _margin_temperature(real: Samples, seed: int) -> float:
    """What turns an SVM's margins into log-odds: the likeliest temperature on rows left out.

    Without it a prior of one in nine shifts a margin by more than margins ever differ, and logit
    adjustment would make any SVM worse than chance deserves. Rows of a class that the other rows
    lack tell nothing of margins.
    """
    scores, labels = [], []
    classes = len(real.schema.classes)
    columns = modality_of(real.schema).encoder("svm", real).columns(real)
    for seen, unseen in out_of_fold_parts(real, folds=MARGIN_FOLDS, seed=seed):
        known = unseen[np.isin(real.labels[unseen], real.labels[seen])]
        model = _new_model("svm", seed, real.labels[seen], STRENGTHS["svm"][0])
        if len(known) and isinstance(model, SVC):
            model.fit(columns[seen], real.labels[seen])
            scores.append(_scores(model, columns[known], classes=classes))
            labels.append(real.labels[known])
    if not scores:
        return 1.0
    return likeliest_temperature(np.concatenate(scores), np.concatenate(labels))


def _new_model(
    name: ClassifierName,
    seed: int,
    labels: np.ndarray,
    strength: Mapping[str, Any],
    *,
    categorical: np.ndarray | None = None,
) -> Any:
    """An unfitted model; where the labels are all one class, one that knows nothing else."""
    if len(np.unique(labels)) == 1:
        return DummyClassifier(strategy="prior")
    number = seed % 2**32
    models: dict[str, Callable[[], Any]] = {
        "svm": lambda: SVC(gamma="scale", decision_function_shape="ovr", **strength),
        "logistic": lambda: LogisticRegression(max_iter=500, **strength),
        "knn": lambda: KNeighborsClassifier(min(strength["n_neighbors"], len(labels))),
        "forest": lambda: RandomForestClassifier(100, n_jobs=1, random_state=number, **strength),
        "tree": lambda: DecisionTreeClassifier(random_state=number, **strength),
        # Rows set apart for early stopping would be missing from small classes.
        "boosting": lambda: HistGradientBoostingClassifier(
            early_stopping=False,
            categorical_features=categorical,
            random_state=number,
            **strength,
        ),
    }
    return models[name]()
