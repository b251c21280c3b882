"""Rows that a teacher labels: only training rows make them, and they say where they come from."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.modalities.image.modality import ImageModality
from pipeline.params import TrialParams
from pipeline.storage import read_split, write_schema, write_split
from pipeline.trial.splits import split_replicates
from pipeline.trial.teacher import ORIGIN, Teacher, fit_teacher, label_rows, taught_rows
from tests.trial.stand_ins import digits

TRAINING = digits([40, 40, 40, 12, 12])
WANTED = np.array([5, 0, 10, 60, 60])
STEPS = 60


@pytest.fixture(scope="module")
def teacher():
    return fit_teacher(TRAINING, steps=STEPS, seed=3)


@pytest.fixture(scope="module")
def taught(teacher):
    return taught_rows(teacher, TRAINING, WANTED, seed=4)


def stored(samples, folder):
    """The bytes of the files in which the rows are stored."""
    write_split(folder, "rows", samples)
    return [path.read_bytes() for path in sorted((folder / "rows").iterdir())]


def negative(samples, rows):
    """The same, with some of the pictures turned into their negatives."""
    values = samples.values.copy()
    values[rows] = 255 - values[rows]
    return replace(samples, values=values)


class Replicate:
    """What a replicate of a trial makes of its training rows."""

    def __init__(self, development, folder):
        self.split = split_replicates(
            development, TrialParams(), seed=1, training_counts=np.array([30, 30, 8])
        )[0]
        training = development.take(self.split.training)
        self.teacher = fit_teacher(training, steps=5, seed=2)
        rows = taught_rows(self.teacher, training, np.array([3, 3, 8]), seed=2)
        self.bytes = stored(rows, folder)


def test_no_row_outside_training_changes_a_byte_and_every_training_row_changes_the_hash(tmp_path):
    development = digits([60, 60, 60])
    first = Replicate(development, tmp_path / "first")
    outside = np.concatenate([first.split.choosing, first.split.held_out])
    assert len(first.split.choosing)
    assert len(first.split.held_out)
    other = Replicate(negative(development, outside), tmp_path / "other")
    assert other.bytes == first.bytes
    assert other.teacher.hash == first.teacher.hash
    changed = Replicate(negative(development, first.split.training[:1]), tmp_path / "changed")
    assert changed.teacher.hash != first.teacher.hash
    assert changed.bytes != first.bytes


def test_the_hash_names_rows_labels_steps_and_seed():
    small = digits([6, 6])
    relabelled = replace(small, labels=np.roll(small.labels, 1))
    made = [
        fit_teacher(rows, steps=steps, seed=seed).hash
        for rows, steps, seed in (
            (small, 2, 0),
            (small, 2, 0),
            (relabelled, 2, 0),
            (small, 3, 0),
            (small, 2, 1),
        )
    ]
    assert made[0] == made[1]
    assert len(set(made)) == 4


def test_as_many_rows_of_each_class_as_are_wanted(taught):
    assert np.bincount(taught.labels, minlength=5).tolist() == WANTED.tolist()
    assert len(set(taught.ids)) == len(taught)
    assert not set(taught.ids) & set(TRAINING.ids)


def test_the_same_seed_gives_the_same_bytes(teacher, taught, tmp_path):
    again = taught_rows(teacher, TRAINING, WANTED, seed=4)
    assert stored(again, tmp_path / "a") == stored(taught, tmp_path / "b")


def test_asking_for_more_of_a_class_changes_no_row_that_was_there(teacher, taught, tmp_path):
    more = taught_rows(teacher, TRAINING, WANTED + np.array([0, 0, 90, 1, 0]), seed=4)
    rows = [np.flatnonzero(more.labels == k)[:n] for k, n in enumerate(WANTED)]
    assert stored(more.take(np.concatenate(rows)), tmp_path / "a") == stored(taught, tmp_path / "b")


def test_a_row_tells_who_proposed_and_who_labelled_it(teacher, taught):
    told = taught.provenance
    assert set(told["origin"]) == {ORIGIN}
    assert set(told["proposed_by"]) == {ImageModality.proposes}
    assert set(told["teacher"]) == {teacher.hash}
    assert json.loads(json.dumps(teacher.description)) == teacher.description


class Believer:
    """A classifier that gives every row the same probabilities."""

    def probabilities(self, samples):
        return np.tile([0.0, 0.3, 0.1, 0.6, 0.0], (len(samples), 1))


def test_labels_are_drawn_as_often_as_the_teacher_believes_in_them():
    many = TRAINING.take(np.resize(np.arange(len(TRAINING)), 4000))
    many = replace(many, provenance=many.provenance.assign(origin="deformed"))
    believer = Teacher("", 1, 0, (), 2.0, (Believer(),))
    labelled = label_rows(believer, many, seed=1)
    shares = np.bincount(labelled.labels, minlength=5) / len(many)
    assert np.allclose(shares, believer.probabilities(many)[0], atol=0.02)
    assert labelled.values is many.values


def test_probabilities_are_stored_and_read_as_the_teacher_gave_them(teacher, taught, tmp_path):
    write_schema(tmp_path, taught.schema)
    write_split(tmp_path, "rows", taught)
    read = read_split(tmp_path, "rows")
    told = np.array(read.provenance["teacher_probabilities"].tolist())
    assert np.allclose(told, teacher.probabilities(read), atol=1e-6)
    assert told.shape == (len(taught), len(taught.schema.classes))


def test_a_class_that_no_proposal_is_labelled_as_gets_fewer_rows_and_no_error():
    real = digits([12, 12, 0])
    made = taught_rows(fit_teacher(real, steps=20, seed=0), real, np.array([4, 4, 4]), seed=0)
    assert np.bincount(made.labels, minlength=3).tolist()[:2] == [4, 4]
