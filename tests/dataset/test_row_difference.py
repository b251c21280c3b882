from dataclasses import replace

import pytest

from pipeline.dataset.difference import compare_rows
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Selection
from pipeline.dataset.write import write_set
from pipeline.params import Params
from pipeline.samples import concatenate
from pipeline.stages.assemble import run
from tests.hand_made import trial_result, write_finished_stages


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    workspace = write_finished_stages(tmp_path_factory.mktemp("workspace"))
    run(workspace, Params())
    return workspace.augmented


@pytest.fixture
def changed(old, tmp_path):
    def make(change, rows="all"):
        samples = change(concatenate(list(selected_shards(old, Selection("all")))))
        write_set(tmp_path / "new", samples, trial_result(), name="augmented", seed=0)
        return compare_rows(old, tmp_path / "new", rows)

    return make


def counts(rows):
    return {
        (row.class_name, row.synthetic): (row.added, row.removed, row.kept)
        for row in rows
        if row.added or row.removed or row.kept
    }


def test_equal_sets_keep_every_row(changed):
    assert counts(changed(lambda samples: samples)) == {
        ("cat", False): (0, 0, 6),
        ("dog", False): (0, 0, 2),
        ("dog", True): (0, 0, 6),
    }


def test_rows_left_out_are_removed_and_the_others_kept(changed):
    rows = changed(lambda samples: samples.take(slice(1, None)))
    assert counts(rows)["cat", False] == (0, 1, 5)


def test_a_relabelled_row_leaves_one_class_and_joins_the_other(changed):
    def relabel(samples):
        labels = samples.labels.copy()
        labels[0] = 1
        return replace(samples, labels=labels)

    found = counts(changed(relabel))
    assert found["cat", False] == (0, 1, 5)
    assert found["dog", False] == (1, 0, 2)


def test_a_picture_that_changed_under_the_same_name_is_not_kept(changed):
    def repaint(samples):
        values = samples.values.copy()
        values[8, 0, 0, 0] ^= 255
        return replace(samples, values=values)

    assert counts(changed(repaint))["dog", True] == (1, 1, 5)


def test_a_row_that_leaves_the_recommended_set_is_removed_from_it_and_stays_in_the_version(
    changed,
):
    def leave(samples):
        frame = samples.provenance.copy()
        frame.loc[8, ["in_train", "weight"]] = [False, 0.0]
        return replace(samples, provenance=frame)

    assert counts(changed(leave, "train"))["dog", True] == (0, 1, 3)


def test_a_change_of_membership_alone_keeps_every_row(changed):
    def join(samples):
        return replace(samples, provenance=samples.provenance.assign(in_train=True))

    assert counts(changed(join))["dog", True] == (0, 0, 6)
