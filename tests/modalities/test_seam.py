"""A third kind of data goes through training, drawing and the trial, and no file knows of it."""

import numpy as np
import pytest

from pipeline.modalities.registry import MODALITIES, modality_of, settled
from pipeline.params import GanParams, TrialParams
from pipeline.samples import Samples
from pipeline.scale.executor import SameProcessExecutor
from pipeline.synthesis import draw, train_generator
from pipeline.trial.findings import Findings
from pipeline.trial.record import make_record
from pipeline.trial.tasks import TaskStore
from pipeline.trial.trial import TrialData, run_trial
from tests.modalities.vectors import VectorModality, vectors

GAN = GanParams(steps=20, enrich_strength=0.0, enrich_towards=0.0, watch_every_steps=10)


class Results(TaskStore):
    """A store that keeps what JSON holds: rows of this kind have no files."""

    def save(self, address, result):
        if not isinstance(result, Samples):
            super().save(address, result)


def drawn(samples, seed):
    """A pool that fills each class to the largest, from a generator trained on these samples."""
    fitted = train_generator(samples, GAN, seed=seed)
    counts = samples.counts()
    return draw(fitted, {name: max(counts.values()) - n for name, n in counts.items()})


@pytest.fixture
def kind(monkeypatch):
    monkeypatch.setitem(MODALITIES, "vector", VectorModality())


def test_a_third_kind_of_data_is_trained_on_drawn_and_tried(kind, tmp_path):
    development, test = vectors([40, 12]), vectors([20, 20], seed=1)
    pool = drawn(development, 1)
    assert np.bincount(pool.labels).tolist() == [0, 28]
    data = TrialData(
        development=development,
        test=test,
        withheld=None,
        shipped_pool=pool,
        shipped_real=development,
        requested={"b": 28},
    )
    params = settled(TrialParams(preset="light", replicates=2, folds=3), development.schema)
    outcome = run_trial(
        data,
        params,
        seed=2,
        make=drawn,
        executor=SameProcessExecutor(),
        store=Results(tmp_path, code="test"),
    )
    findings = Findings(data, params, outcome)
    plenty = {origin: np.full(2, 100) for origin in modality_of(development.schema).makers}
    record = make_record(
        data, params, outcome, findings, in_set=findings.in_set(plenty), fidelity=(), copies=None
    )
    assert record.consumers == ("logistic", "mlp")
    assert record.verdict in ("helps", "no evidence", "harms")
