"""A third kind of data, to prove the seam: vectors of three numbers, in one file of its own."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from pipeline.modalities.recipe import Recipe
from pipeline.modalities.smote import smote_columns
from pipeline.samples import Samples, Schema

SIZE, LATENT = 3, 4


def vectors(counts, *, seed=0):
    """Clouds, one a class, around different places."""
    stream = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    values = stream.normal(0, 0.3, (len(labels), SIZE)) + labels[:, None] * [0.8, -0.8, 0.0]
    return Samples(
        # The field allows the kinds that are stored; this one is not.
        Schema.model_construct(modality="vector", classes=("a", "b"), columns=()),
        values.astype(np.float32),
        labels,
        pd.DataFrame({"id": [f"vector-{seed}-{n}" for n in range(len(labels))]}),
    )


class Numbers:
    """Both what classifiers see and where distances are told."""

    categorical = None

    def columns(self, samples):
        return np.asarray(samples.values, np.float64)


class Network:
    def __init__(self, training):
        parts = [training.real, *(extra.samples for extra in training.extras)]
        rows = np.concatenate([part.values for part in parts])
        self.model = LogisticRegression().fit(rows, training.labels)

    def probabilities(self, samples):
        return self.model.predict_proba(samples.values)

    def features(self, samples):
        return Numbers().columns(samples)


class Generator(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.places = nn.Embedding(classes, SIZE)
        self.spread = nn.Linear(LATENT, SIZE)

    def forward(self, latent, labels):
        return self.places(labels) + self.spread(latent)


class Discriminator(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.hidden = nn.Linear(SIZE, 16)
        self.score = nn.Linear(16, classes)

    def forward(self, batch, labels, _parts=1):
        return self.score(torch.relu(self.hidden(batch))).gather(1, labels[:, None])[:, 0]


class VectorDomain:
    latent_dim, augment_dim = LATENT, SIZE

    def __init__(self, design):
        self.n_classes = design["classes"]

    def store(self, values):
        return torch.from_numpy(values)

    def load(self, stored):
        return stored

    def restore(self, batch):
        return batch.numpy().astype(np.float32)

    def build(self):
        return Generator(self.n_classes), Discriminator(self.n_classes)

    def start(self, generator, stored, labels):
        pass

    def augment(self, batch, uniform, *, strength):
        strength = strength[:, None] if isinstance(strength, torch.Tensor) else strength
        return batch + 0.1 * strength * (uniform - 0.5)

    def neighbourhood(self, *_, **__):
        return None

    def features(self, batch):
        return batch.double().numpy()

    def finish(self, generator, stored, labels, *, seed):
        pass


def smote_rows(real, wanted, *, seed):
    made, labels = smote_columns(real.values, real.labels, wanted, seed=seed)
    names = [f"smote-{seed}-{n}" for n in range(len(labels))]
    return Samples(
        real.schema,
        made.astype(np.float32),
        labels,
        pd.DataFrame({"id": pd.Series(names, dtype=object), "origin": "smote"}),
    )


class VectorModality:
    """As much of `pipeline.modalities.contract.Modality` as training and a light trial ask for."""

    noun, nouns, unit = "vector", "vectors", "numbers"
    parting_duplicates = ""
    rivals = ()
    consumers = classifiers = ("logistic", "mlp")
    advise = ("logistic",)
    network, quick = "mlp", ("logistic",)
    judge = Recipe(sampling=1.0)
    tunes_threshold = False
    cheap: Mapping = {"light": ("smote",), "full": ("smote",)}
    makers: Mapping = {"smote": smote_rows}
    mixes: Mapping = {"light": (("smote",),), "full": (("smote",),)}
    mixes_with_gan: Mapping = {"light": (("gan",),), "full": (("gan",),)}
    repeats, doubted = False, None

    def networks(self, schema):
        return "mlp"

    def design(self, samples, *, networks, width, deviation):
        return {"classes": len(samples.schema.classes)}

    def domain(self, design):
        return VectorDomain(design)

    def empty(self, schema):
        return np.zeros((0, SIZE), np.float32)

    def encoder(self, classifier, training):
        return Numbers()

    def fit_network(self, training, recipe, *, steps, seed):
        return Network(training)

    def applies(self, classifier, recipe):
        return recipe.augmentation == recipe.mixup == 0

    def space(self, real):
        return Numbers()

    def views(self, schema):
        return ()
