from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.dataset.assemble import assemble
from pipeline.dataset.membership import rows_per_config
from pipeline.errors import ArtifactError
from pipeline.params import Params
from pipeline.stages.assemble import run
from pipeline.workspace import verify_manifest
from tests.hand_made import curation_of, images, pool_images, real_images, trial_result
from tests.hand_made import write_finished_stages as finished

REQUESTED = {"cat": 0, "dog": 4}
CHOSEN = [False] * 2 + [True, False] * 4
REAL = {"cat": {"real": 6}, "dog": {"real": 2}}


def assembled(
    *, chosen=CHOSEN, accepted=True, requested=REQUESTED, real=None, cheap=None, in_set=None
):
    pool = pool_images()
    curation = curation_of(pool, chosen=chosen).assign(accepted=accepted)
    return assemble(
        real_images() if real is None else real,
        pool,
        curation=curation.sample(frac=1, random_state=3),
        requested=requested,
        result=trial_result(in_set=in_set),
        cheap=cheap,
    )


def in_set(**rows):
    """The recommended set with further rows of dogs."""
    return {**REAL, "dog": {"real": 2, **rows}}


def drawn(samples, column):
    """Draws of the GAN rows that are in a config, in order."""
    frame = samples.provenance
    return frame["draw"][(frame["source"] == "gan") & frame[column]].tolist()


def test_the_recommended_set_has_the_first_accepted_rows_in_the_order_of_drawing():
    accepted = [True] * 2 + [False, True, True, False, True, True, True, True]
    samples = assembled(accepted=accepted, in_set=in_set(gan=3))
    assert sorted(drawn(samples, "in_train")) == [1, 2, 4]


def test_the_balanced_set_has_exactly_the_rows_that_curation_chose():
    assert sorted(drawn(assembled(), "in_balanced")) == [0, 2, 4, 6]
    assert rows_per_config(assembled())["balanced"] == {
        "cat": {"real": 6, "gan": 0},
        "dog": {"real": 2, "gan": 4},
    }


def test_a_row_that_makes_up_the_number_without_being_accepted_is_in_no_recommended_set():
    samples = assembled(accepted=np.arange(10) != 2)
    assert 0 in drawn(samples, "in_balanced")
    assert 0 not in drawn(samples, "in_train")


def test_a_gan_row_in_neither_set_is_not_shipped():
    assert set(assembled().provenance["draw"].dropna()) == {0, 1, 2, 3, 4, 6}


def test_where_gan_rows_are_not_recommended_they_are_in_the_balanced_set_alone():
    samples = assembled(in_set=REAL)
    assert drawn(samples, "in_train") == []
    assert len(drawn(samples, "in_balanced")) == 4


def test_a_row_weighs_one_in_the_recommended_set_and_nothing_elsewhere():
    frame = assembled().provenance
    assert (frame["weight"] == frame["in_train"].astype(float)).all()


def test_every_real_row_is_in_both_sets():
    frame = assembled().provenance
    real = frame[frame["source"] == "real"]
    assert len(real) == 8
    assert real["in_train"].all()
    assert real["in_balanced"].all()


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


def test_a_set_with_more_gan_rows_than_were_accepted_is_refused():
    with pytest.raises(ArtifactError, match="4 gan rows of class 'dog', and only 3"):
        assembled(accepted=np.arange(10) < 5)


@pytest.mark.parametrize("n", [0, 3])
def test_a_set_without_all_real_rows_is_refused(n):
    with pytest.raises(ArtifactError, match=f"{n} real rows of class 'dog' .* has 2"):
        assembled(in_set={"cat": {"real": 6}, "dog": {"real": n}})


def test_a_record_of_other_classes_is_refused():
    with pytest.raises(ArtifactError, match="differ in the class 'cow'"):
        assembled(in_set={"cat": {"real": 6}, "cow": {"real": 2}})


CHEAP = images(
    [0, 1, 1, 1, 1],
    ids=["smote-0-0", "smote-1-0", "copy-1-0", "copy-1-1", "copy-1-2"],
    origin=["smote", "smote", "classical", "classical", "classical"],
)


def test_of_other_sources_the_first_rows_come_along_under_their_own_name():
    frame = assembled(cheap=CHEAP, in_set=in_set(classical=2)).provenance
    added = frame[~frame["source"].isin(["real", "gan"])]
    assert added["id"].tolist() == ["copy-1-0", "copy-1-1"]
    assert added["source"].tolist() == ["classical"] * 2
    assert added["in_train"].all()
    assert not added["in_balanced"].any()


@pytest.mark.parametrize("cheap", [None, CHEAP])
def test_a_source_with_fewer_rows_than_the_set_is_refused(cheap):
    with pytest.raises(ArtifactError, match="Run `equipoise run`"):
        assembled(cheap=cheap, in_set=in_set(smote=2))


def test_what_is_known_of_a_row_that_a_teacher_labelled_comes_along():
    kind = pd.ArrowDtype(pa.list_(pa.field("element", pa.float32())))
    taught = images([1], ids=["taught-0"], origin=["taught"], proposed_by=["deformed"])
    told = pd.Series([[0.25, 0.75]], dtype=kind)
    taught = replace(taught, provenance=taught.provenance.assign(teacher_probabilities=told))
    frame = assembled(cheap=taught, in_set=in_set(taught=1)).provenance
    assert frame["proposed_by"].dropna().tolist() == ["deformed"]
    assert [list(cell) for cell in frame["teacher_probabilities"].dropna()] == [[0.25, 0.75]]
    assert "teacher_probabilities" not in assembled().provenance


def test_real_rows_keep_their_groups_and_synthetic_rows_have_none():
    real = real_images()
    grouped = replace(real, provenance=real.provenance.assign(group=[*"aabbccdd"]))
    frame = assembled(real=grouped).provenance
    assert frame["group"].dropna().tolist() == [*"aabbccdd"]
    assert frame["group"].notna().tolist() == (~frame["is_synthetic"]).tolist()
    assert "group" not in assembled().provenance


def test_the_inputs_are_left_as_they_were():
    pool, real, cheap = pool_images(), real_images(), replace(CHEAP)
    before = [part.provenance.copy() for part in (pool, real, cheap)]
    assemble(
        real,
        pool,
        curation=curation_of(pool, chosen=CHOSEN),
        requested=REQUESTED,
        result=trial_result(in_set=in_set(smote=1)),
        cheap=cheap,
    )
    for part, frame in zip((pool, real, cheap), before, strict=True):
        pd.testing.assert_frame_equal(part.provenance, frame)
    assert (pool.values == pool_images().values).all()


def test_the_stage_writes_a_set_that_its_manifest_proves(tmp_path):
    workspace = finished(tmp_path)
    run(workspace, Params())
    facts = verify_manifest(workspace.augmented)
    assert facts["rows"] == facts["configs"]["train"]
    assert facts["rows"]["dog"] == {"gan": 4, "real": 2}
    assert facts["configs"]["all"]["dog"] == {"gan": 6, "real": 2}


def test_the_stage_writes_the_same_bytes_again(tmp_path):
    made = [finished(tmp_path / name, cheap=CHEAP, in_set=in_set(gan=1, smote=1)) for name in "ab"]
    for workspace in made:
        run(workspace, Params())
    first, second = (workspace.augmented for workspace in made)
    paths = [path for path in first.rglob("*") if path.is_file()]
    assert len(paths) == 8
    for path in paths:
        assert (second / path.relative_to(first)).read_bytes() == path.read_bytes()
