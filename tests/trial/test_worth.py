import numpy as np
import pytest

from pipeline.params import TrialParams
from pipeline.scale.executor import SameProcessExecutor
from pipeline.trial.findings import Findings
from pipeline.trial.tasks import TaskStore
from pipeline.trial.trial import run_trial
from pipeline.trial.worth import LearningCurve
from tests.trial.stand_ins import noisy
from tests.trial.test_trial import trial_data

PARAMS = TrialParams(
    preset="full", replicates=2, folds=3, consumers=("svm",), advise=(), classifier_steps=10
)


@pytest.fixture(scope="module")
def curve(tmp_path_factory):
    data = trial_data()
    outcome = run_trial(
        data,
        PARAMS,
        seed=3,
        make=noisy,
        executor=SameProcessExecutor(),
        store=TaskStore(tmp_path_factory.mktemp("worth"), code="test"),
    )
    return LearningCurve(data, PARAMS, outcome, Findings(data, PARAMS, outcome))


def test_the_curve_runs_from_what_there_is_to_the_largest_class(curve):
    assert list(curve.scarce) == [2, 3]
    counts = curve.counts[:, curve.scarce]
    assert (np.diff(counts, axis=0) > 0).all()
    assert counts[-1] == pytest.approx(curve.counts[-1, 0], abs=1)


def test_every_point_is_a_share_with_its_interval(curve):
    for point in curve.points():
        assert 0 <= point.interval.low <= point.value <= point.interval.high <= 1


def test_the_worth_never_exceeds_what_the_curve_has_seen(curve):
    for name, more in curve.worth().items():
        label = int(name)
        assert 0 <= more <= round(curve.counts[-1, label] - curve.counts[0, label])


def test_synthetic_samples_that_add_no_recall_are_worth_no_real_sample(curve, monkeypatch):
    # A recall that falls at first, as few held-out rows make it, and no gain by the set.
    recalls = iter([[1, 1, 0.9, 1.0], *([1, 1, recall, 1.0] for recall in (0.9, 0.8, 0.95, 0.9))])
    monkeypatch.setattr(curve, "_recalls", lambda _: np.array(next(recalls)))
    monkeypatch.setattr(type(curve), "scarce", property(lambda _: np.array([2])))
    assert curve.worth() == {"2": 0}
