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


def grouped(samples, sizes):
    """Rows of each class in groups of that class's size."""
    number = np.concatenate([np.arange(n) for n in samples.counts().values()])
    of_class = number // np.array(sizes)[samples.labels]
    names = [f"patient {k}-{n}" for k, n in zip(samples.labels, of_class, strict=True)]
    return replace(samples, provenance=samples.provenance.assign(group=names))


def test_a_class_with_fewer_groups_than_folds_is_refused_with_the_folds_that_would_do():
    patients = grouped(digits([30, 30, 12]), [2, 2, 4])
    with pytest.raises(ParamsError) as caught:
        split(0, patients, folds=5)
    message = str(caught.value)
    assert "`trial.folds`, which is 5, to 3" in message
    assert "Class '2' has 12 development samples in 3 groups" in message
    assert "at least 5 groups of each class" in message


def test_with_as_many_groups_as_folds_every_part_of_every_replicate_holds_every_class():
    patients = grouped(digits([30, 30, 12]), [2, 2, 4])
    for replicate in range(6):
        parts = split(replicate, patients)
        for rows in (parts.fitting, parts.choosing, parts.held_out):
            assert set(patients.labels[rows]) == {0, 1, 2}


def test_groups_that_hold_several_classes_are_drawn_again_until_no_part_lacks_one():
    samples = digits([40, 12])
    # Six of the ten patients have the rare class, beside the common one.
    names = [f"patient {n // 4}" for n in range(40)] + [f"patient {n // 2}" for n in range(12)]
    patients = replace(samples, provenance=samples.provenance.assign(group=names))
    for replicate in range(20):
        parts = redraw(replicate, patients, (12, 4))
        for rows in (parts.fitting, parts.choosing, parts.held_out):
            assert set(patients.labels[rows]) == {0, 1}


def test_a_draw_that_can_never_hold_a_class_is_refused_by_name():
    patients = grouped(SPARE, [2, 2, 2, 5])
    with pytest.raises(ParamsError, match=r"Class '3' has 13 development samples in 3 groups"):
        redraw(0, patients, (12, 12, 6, 4))


def test_a_class_without_validation_rows_is_refused_by_name():
    with pytest.raises(ParamsError, match="Class '3' has no validation samples"):
        redraw(0, SPARE, (12, 12, 6, 13))


@pytest.mark.parametrize("folds", [2, 3, 4])
def test_what_is_not_refused_leaves_two_rows_of_each_class_to_fit_on(folds):
    for n in range(2, 8):
        samples = digits([20, n])
        try:
            parts = split(1, samples, folds=folds)
        except ParamsError:
            continue
        assert np.bincount(samples.labels[parts.fitting]).min() >= 2


def test_a_class_too_small_for_few_folds_is_told_how_many_would_do():
    with pytest.raises(ParamsError, match=r"`trial.folds`, which is 2, to 4"):
        split(0, digits([20, 4]), folds=2)


def crowded(samples, column):
    """Each class is two sets of rows that never part, by that column."""
    names = [f"{label}-{n % 2}" for n, label in enumerate(samples.labels)]
    return replace(samples, provenance=samples.provenance.assign(**{column: names}))


@pytest.mark.parametrize("counts", [None, np.array([10, 10, 4, 5])])
def test_where_near_duplicates_are_too_few_sets_the_line_that_parts_them_is_named(counts):
    def refusal(samples):
        with pytest.raises(ParamsError) as caught:
            split_replicate(samples, 0, folds=3, inner_folds=3, seed=11, training_counts=counts)
        return str(caught.value)

    assert "`source.near_duplicates: warn`" in refusal(crowded(DEVELOPMENT, "cluster"))
    assert "near_duplicates" not in refusal(crowded(DEVELOPMENT, "group"))
    # A declared group keeps the rows together whatever becomes of near duplicates.
    both = crowded(crowded(DEVELOPMENT, "cluster"), "group")
    assert "near_duplicates" not in refusal(both)
    # Without the clusters, as the line makes them, the same rows can be parted.
    split_replicate(DEVELOPMENT, 0, folds=3, inner_folds=3, seed=11, training_counts=counts)
