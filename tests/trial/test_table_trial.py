"""The trial of a table, from the first split to the record."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from pipeline.modalities.registry import modality_of, settled
from pipeline.params import TrialParams
from pipeline.results import PANEL
from pipeline.scale.executor import SameProcessExecutor
from pipeline.trial.findings import Findings
from pipeline.trial.record import make_record
from pipeline.trial.tasks import TaskStore
from pipeline.trial.trial import TrialData, run_trial
from tests.trial.table_stand_ins import mixed, refilled, table_of

QUICK = ("logistic", "tree")


def hold(folder, development, test, *, make=refilled, **given):
    """The record and the findings of a small trial."""
    settings = {"preset": "light", "replicates": 2, "folds": 3, "classifier_steps": 10, **given}
    params = settled(TrialParams(**settings), development.schema)
    counts = development.counts()
    requested = {name: max(counts.values()) - n for name, n in counts.items()}
    data = TrialData(
        development=development,
        test=test,
        withheld=None,
        shipped_pool=make(development, 1),
        shipped_real=development,
        requested=requested,
    )
    outcome = run_trial(
        data,
        params,
        seed=3,
        make=make,
        executor=SameProcessExecutor(),
        store=TaskStore(folder, code="test"),
    )
    findings = Findings(data, params, outcome)
    cheap = modality_of(development.schema).cheap[params.preset]
    plenty = {origin: np.full(len(counts), 1000) for origin in cheap}
    in_set = findings.in_set(plenty)
    return make_record(data, params, outcome, findings, in_set=in_set, fidelity=(), copies=None)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Of a light trial of a few classifiers."""
    return hold(
        tmp_path_factory.mktemp("light"),
        mixed([60, 12]),
        mixed([30, 30], seed=1),
        consumers=("knn", "tree"),
        advise=("tree",),
    )


def test_classifiers_that_people_use_on_tables_are_asked_by_default():
    schema = mixed([1]).schema
    params = settled(TrialParams(), schema)
    assert params.consumers == modality_of(schema).consumers
    assert params.advise == ("boosting",)


def test_every_consumer_and_their_mean_is_answered(record):
    assert {one.classifier for one in record.comparisons} == {PANEL, *record.consumers}
    assert [one.classifier for one in record.advice] == ["tree"]


def test_sets_are_made_of_the_sources_of_tables(record):
    origins = {origin for row in record.classes for origin in row.in_set}
    assert origins <= {"real", "gan", "copula", "munge"}


def test_what_the_light_preset_left_out_are_parts_that_a_full_trial_of_a_table_has(record):
    (note,) = [note for note in record.notes if "light preset left out" in note]
    assert "SMOTE and teacher-labelled rows as sources" in note
    assert "VAE" not in note


def test_a_full_trial_has_every_source_of_tables_and_tunes(tmp_path):
    record = hold(
        tmp_path,
        mixed([40, 14]),
        mixed([20, 20], seed=1),
        preset="full",
        consumers=("logistic",),
        advise=(),
        thin_further=0.3,
    )
    arms = {arm.arm for arm in record.arms}
    assert {"copula", "munge", "smote", "taught", "gan", "ceiling"} <= arms


def shuffled(samples, seed):
    """Rows of any class under labels that mean nothing."""
    pool = refilled(samples, seed)
    stream = np.random.default_rng(seed)
    values = samples.values.iloc[stream.integers(0, len(samples), len(pool))]
    moved = values.assign(amount=(values["amount"] + 0.01).astype(values["amount"].dtype))
    return replace(pool, values=moved.reset_index(drop=True))


def test_a_generator_whose_labels_mean_nothing_is_not_recommended(tmp_path):
    record = hold(
        tmp_path,
        mixed([60, 20], apart=3),
        mixed([60, 60], seed=1, apart=3),
        make=shuffled,
        consumers=QUICK,
        advise=(),
    )
    assert record.gan_verdict != "helps"
    (row,) = record.curation
    assert row.accepted < 0.3 * row.drawn


ODD = {
    "a rare class of five rows": mixed([40, 5]),
    "all categorical": table_of(
        [0] * 40 + [1] * 12,
        a=("categorical", list("abcd") * 13),
        b=("categorical", (list("xyz") * 18)[:52]),
        c=("boolean", [True, False] * 26),
    ),
    "all numeric": table_of(
        [0] * 40 + [1] * 10,
        **{f"c{k}": ("continuous", np.random.default_rng(k).normal(0, 1, 50)) for k in range(3)},
    ),
    "fewer rows than columns": table_of(
        [0] * 30 + [1] * 6,
        **{f"c{k}": ("continuous", np.random.default_rng(k).normal(0, 1, 36)) for k in range(40)},
    ),
    "constant within a class": table_of(
        [0] * 30 + [1] * 8,
        a=("integer", [*range(30), *[3] * 8]),
        b=("categorical", ["x", "y"] * 15 + ["z"] * 8),
        c=("continuous", pa.array([*np.linspace(0, 1, 30), *[None] * 8])),
    ),
    "categories seen once": table_of(
        [0] * 30 + [1] * 8,
        a=("categorical", [f"v{n}" for n in range(38)]),
        b=("integer", np.arange(38)),
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_tables_are_tried(kind, tmp_path):
    rows = ODD[kind]
    test = rows.take(np.arange(len(rows))[::2])
    record = hold(tmp_path, rows, test, consumers=("knn",), advise=())
    assert record.verdict in ("helps", "no evidence", "harms")
