from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from datasets import load_dataset

from pipeline.dataset.assemble import assemble, rows_per_class
from pipeline.errors import ArtifactError
from pipeline.params import Params
from pipeline.results import DoseRow
from pipeline.stages.assemble import run
from pipeline.workspace import verify_manifest
from tests.hand_made import curation_of, images, pool_images, real_images, trial_result
from tests.hand_made import write_finished_stages as finished

REQUESTED = {"cat": 0, "dog": 4}
CHOSEN = [False] * 2 + [True, False] * 4


def assembled(*, chosen=CHOSEN, requested=REQUESTED, cheap=None, **result):
    pool = pool_images()
    return assemble(
        real_images(),
        pool,
        curation=curation_of(pool, chosen=chosen).sample(frac=1, random_state=3),
        requested=requested,
        result=trial_result(**result),
        cheap=cheap,
    )


def test_every_real_row_and_exactly_the_asked_synthetic_rows_are_in_the_set():
    samples = assembled()
    assert rows_per_class(samples) == {"cat": {"gan": 0, "real": 6}, "dog": {"gan": 4, "real": 2}}
    assert samples.counts() == {"cat": 6, "dog": 6}


def test_a_chosen_row_keeps_its_picture_its_address_and_its_score():
    samples, pool = assembled(), pool_images()
    row = samples.provenance.index[samples.provenance["id"] == "0123456789ab-1-2"][0]
    position = list(pool.ids).index("0123456789ab-1-2")
    assert (samples.values[row] == pool.values[position]).all()
    assert samples.provenance["draw"][row] == 2
    assert samples.provenance["score"][row] == np.linspace(0.5, 0.95, 10)[position]


def test_a_class_that_would_get_too_few_rows_is_refused_by_name():
    with pytest.raises(ArtifactError, match="'dog' has 4 where 5"):
        assembled(requested={"cat": 0, "dog": 5})


def test_a_curation_of_another_pool_is_refused():
    pool = pool_images()
    curation = curation_of(pool, chosen=CHOSEN)
    curation.loc[0, "id"] = "stranger"
    with pytest.raises(ArtifactError, match="differ in 2 rows"):
        assemble(real_images(), pool, curation=curation, requested=REQUESTED, result=trial_result())


def test_rows_carry_the_weight_that_the_trial_recommends():
    frame = assembled(weights={"gan": 0.25}).provenance
    assert frame.groupby("source")["weight"].unique().map(list).to_dict() == {
        "gan": [0.25],
        "real": [1.0],
    }


def test_a_row_that_makes_up_the_number_without_being_accepted_weighs_nothing():
    pool = pool_images()
    curation = curation_of(pool, chosen=CHOSEN)
    curation["accepted"] = np.arange(len(pool)) != 4
    result = trial_result(weights={"gan": 0.25})
    samples = assemble(real_images(), pool, curation=curation, requested=REQUESTED, result=result)
    frame = samples.provenance.set_index("id")
    drawn = frame[frame["source"] == "gan"]["weight"]
    assert drawn[pool.ids[4]] == 0.0
    assert set(drawn.drop(pool.ids[4])) == {0.25}


def test_weight_zero_is_kept_where_the_trial_found_no_help():
    frame = assembled(weights={"gan": 0.0}).provenance
    assert (frame.loc[frame["is_synthetic"], "weight"] == 0).all()


def test_a_dose_of_the_rows_own_class_goes_before_the_mean_weight_of_its_source():
    dose = {"class_name": "dog", "origin": "gan", "share": 0.1}
    doses = (
        DoseRow(classifier="cnn", weight=0.125, **dose),
        DoseRow(classifier="svm", weight=0.75, **dose),
    )
    frame = assembled(weights={"gan": 0.5}, doses=doses).provenance
    assert (frame.loc[frame["is_synthetic"], "weight"] == 0.125).all()


def test_cheap_rows_that_won_a_place_come_along_under_their_own_source():
    cheap = images([1], ids=["smote-1-0"], origin=["smote"])
    samples = assembled(cheap=cheap, weights={"gan": 0.0, "smote": 1.0})
    assert rows_per_class(samples)["dog"] == {"gan": 4, "real": 2, "smote": 1}
    assert samples.provenance.iloc[-1]["weight"] == 1.0


def test_real_rows_keep_their_groups_and_synthetic_rows_have_none():
    real, pool = real_images(), pool_images()
    grouped = replace(real, provenance=real.provenance.assign(group=[*"aabbccdd"]))
    frame = assemble(
        grouped,
        pool,
        curation=curation_of(pool, chosen=CHOSEN),
        requested=REQUESTED,
        result=trial_result(),
    ).provenance
    assert frame["group"].dropna().tolist() == [*"aabbccdd"]
    assert frame["group"].notna().tolist() == (~frame["is_synthetic"]).tolist()
    assert "group" not in assembled().provenance


def test_the_inputs_are_left_as_they_were():
    pool, real = pool_images(), real_images()
    assemble(
        real,
        pool,
        curation=curation_of(pool, chosen=CHOSEN),
        requested=REQUESTED,
        result=trial_result(),
    )
    assert list(pool.provenance) == list(pool_images().provenance)
    assert (pool.values == pool_images().values).all()
    assert list(real.provenance) == list(real_images().provenance)


@pytest.fixture(scope="module")
def augmented(tmp_path_factory):
    workspace = finished(tmp_path_factory.mktemp("workspace"))
    run(workspace, Params())
    return workspace.augmented


def test_the_stage_writes_a_set_that_its_manifest_proves(augmented):
    facts = verify_manifest(augmented)
    assert facts["rows"]["dog"] == {"gan": 4, "real": 2}


def test_the_stage_writes_the_same_bytes_again(augmented, tmp_path):
    workspace = finished(tmp_path)
    run(workspace, Params())
    for path in augmented.rglob("*.*"):
        assert (workspace.augmented / path.relative_to(augmented)).read_bytes() == path.read_bytes()


def test_pandas_reads_the_set_unasked(augmented):
    frame = pd.read_parquet(augmented / "train")
    assert len(frame) == 12
    assert frame["is_synthetic"].sum() == 4


def test_hugging_face_datasets_reads_the_set_unasked(augmented, tmp_path, monkeypatch):
    rows = load_dataset(str(augmented), split="train", cache_dir=str(tmp_path))
    assert rows.features["label"].names == ["cat", "dog"]
    assert rows[0]["image"].size == (8, 8)
    assert rows[-1]["source"] == "gan"


def test_the_card_tells_verdict_weights_and_counts(augmented):
    text = (augmented / "README.md").read_text()
    assert "## Verdict: helps" in text
    assert "+3.0 points of balanced accuracy, interval [+0.5, +5.5]" in text
    assert "| gan | 4 | 0.50 |" in text
    assert "| dog | 4 | 2 | 6 |" in text
