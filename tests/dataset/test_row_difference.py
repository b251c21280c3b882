from dataclasses import replace

import pytest

from pipeline.dataset.difference import compare_rows
from pipeline.params import Params
from pipeline.stages.assemble import run
from pipeline.storage import read_split, write_schema, write_split
from tests.hand_made import write_finished_stages


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    workspace = write_finished_stages(tmp_path_factory.mktemp("workspace"))
    run(workspace, Params())
    return workspace.augmented


@pytest.fixture
def changed(old, tmp_path):
    def make(change):
        samples = change(read_split(old, "train"))
        write_schema(tmp_path, samples.schema)
        write_split(tmp_path, "train", samples)
        return compare_rows(old, tmp_path)

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
        ("dog", True): (0, 0, 4),
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

    assert counts(changed(repaint))["dog", True] == (1, 1, 3)
