from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import ParamsError
from pipeline.trial.splits import split_replicate
from tests.trial.stand_ins import digits

DEVELOPMENT = digits([20, 20, 6, 7])


def split(replicate, samples=DEVELOPMENT, folds=3):
    return split_replicate(samples, replicate, folds=folds, inner_folds=3, seed=11)


def test_what_is_held_out_is_in_no_other_part():
    for replicate in range(5):
        parts = split(replicate)
        assert not set(parts.held_out) & set(parts.training)
        assert set(parts.held_out) | set(parts.training) == set(range(len(DEVELOPMENT)))
        assert not set(parts.fitting) & set(parts.choosing)
        assert set(parts.fitting) | set(parts.choosing) == set(parts.training)


def test_every_part_holds_every_class():
    for replicate in range(5):
        parts = split(replicate)
        for rows in (parts.fitting, parts.choosing, parts.held_out):
            assert set(DEVELOPMENT.labels[rows]) == {0, 1, 2, 3}


def test_each_sample_is_held_out_once_in_each_round_of_folds():
    for first in (0, 3):
        rows = np.concatenate([split(first + fold).held_out for fold in range(3)])
        assert sorted(rows) == list(range(len(DEVELOPMENT)))


def test_the_second_round_parts_the_samples_anew():
    assert set(split(0).held_out) != set(split(3).held_out)


def test_rows_of_one_group_are_never_parted():
    groups = [f"patient {n // 2}" for n in range(len(DEVELOPMENT))]
    provenance = DEVELOPMENT.provenance.assign(group=groups)
    grouped = type(DEVELOPMENT)(
        DEVELOPMENT.schema, DEVELOPMENT.values, DEVELOPMENT.labels, provenance
    )
    names = np.array(groups)
    for replicate in range(4):
        parts = split(replicate, grouped)
        assert not set(names[parts.held_out]) & set(names[parts.training])
        assert not set(names[parts.choosing]) & set(names[parts.fitting])


def paired(samples):
    """Each two rows that follow one another are near duplicates, but for the last four."""
    names = [f"pair {n // 2}" if n < len(samples) - 4 else None for n in range(len(samples))]
    return replace(samples, provenance=samples.provenance.assign(cluster=names))


def bonds_of(samples, parts):
    return [set(samples.bonds[rows]) for rows in (parts.fitting, parts.choosing, parts.held_out)]


def test_near_duplicates_are_never_parted():
    twins = paired(DEVELOPMENT)
    for replicate in range(4):
        fitting, choosing, held_out = bonds_of(twins, split(replicate, twins))
        assert not fitting & choosing
        assert not (fitting | choosing) & held_out


def test_a_column_of_clusters_in_which_no_row_has_a_twin_changes_no_split():
    alone = replace(DEVELOPMENT, provenance=DEVELOPMENT.provenance.assign(cluster=None))
    assert np.array_equal(split(1, alone).held_out, split(1).held_out)
    assert np.array_equal(split(1, alone).choosing, split(1).choosing)


def test_a_class_with_too_few_samples_is_refused_by_name():
    with pytest.raises(ParamsError, match=r"Class '2' has 3 development samples"):
        split(0, digits([10, 10, 3, 10]))


def redraw(replicate, samples=DEVELOPMENT, counts=(12, 12, 4, 4)):
    return split_replicate(
        samples, replicate, folds=3, inner_folds=3, seed=11, training_counts=np.array(counts)
    )


def test_training_rows_drawn_anew_have_the_counts_asked_for_and_all_others_are_held_out():
    for replicate in range(3):
        parts = redraw(replicate)
        assert np.bincount(DEVELOPMENT.labels[parts.training]).tolist() == [12, 12, 4, 4]
        assert sorted([*parts.training, *parts.held_out]) == list(range(len(DEVELOPMENT)))


def test_each_replicate_draws_other_training_rows():
    assert set(redraw(0).training) != set(redraw(1).training)


def test_rows_of_one_group_are_never_parted_when_training_rows_are_drawn_anew():
    groups = [f"patient {n // 2}" for n in range(len(DEVELOPMENT))]
    grouped = replace(DEVELOPMENT, provenance=DEVELOPMENT.provenance.assign(group=groups))
    parts = redraw(0, grouped)
    names = np.array(groups)
    assert not set(names[parts.held_out]) & set(names[parts.training])
    assert set(DEVELOPMENT.labels[parts.training]) == {0, 1, 2, 3}


SPARE = digits([20, 20, 14, 13])


def test_rows_to_spare_choose_and_score_and_all_training_rows_are_fitted_on():
    for replicate in range(3):
        parts = redraw(replicate, SPARE, (12, 12, 6, 4))
        assert parts.chooses_apart
        assert np.array_equal(parts.fitting, parts.training)
        used = [*parts.training, *parts.choosing, *parts.held_out]
        assert sorted(used) == list(range(len(SPARE)))
        assert np.bincount(SPARE.labels[parts.choosing]).tolist() == [3, 3, 3, 3]


def test_with_too_few_rows_to_spare_the_training_part_gives_those_that_choose():
    parts = redraw(0)
    assert not parts.chooses_apart
    assert set(parts.choosing) < set(parts.training)


def test_rows_of_one_group_are_never_parted_when_choosing_apart():
    groups = [f"patient {n // 2}" for n in range(len(SPARE))]
    grouped = replace(SPARE, provenance=SPARE.provenance.assign(group=groups))
    parts = redraw(0, grouped, (12, 12, 6, 4))
    names = [set(np.array(groups)[rows]) for rows in (parts.training, parts.choosing)]
    assert parts.chooses_apart
    assert not names[0] & names[1]
    assert not set(np.array(groups)[parts.held_out]) & (names[0] | names[1])


def test_near_duplicates_are_never_parted_when_choosing_apart():
    twins = paired(SPARE)
    parts = redraw(0, twins, (12, 12, 6, 4))
    fitting, choosing, held_out = bonds_of(twins, parts)
    assert parts.chooses_apart
    assert not fitting & choosing
    assert not (fitting | choosing) & held_out
