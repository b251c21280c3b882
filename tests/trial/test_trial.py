import re
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.metrics import METRICS
from pipeline.modalities.registry import modality_of
from pipeline.params import TrialParams
from pipeline.results import PANEL
from pipeline.samples import Samples, concatenate
from pipeline.scale.executor import SameProcessExecutor, open_executor
from pipeline.trial.failures import failed_generators
from pipeline.trial.findings import Findings
from pipeline.trial.parts import Parts
from pipeline.trial.plan import curation_names, generator_uses
from pipeline.trial.record import make_record
from pipeline.trial.schedule import Room
from pipeline.trial.tasks import TaskStore
from pipeline.trial.trial import TrialData, run_trial, wanted_rows
from tests.trial.stand_ins import black, digits, noisy, renamed, resampled, shuffled, unseen

COUNTS = [24, 24, 9, 9]
DEVELOPMENT = digits(COUNTS)
TEST = digits([20] * 4, skip=140)
RESERVE = digits([60] * 4, skip=40)
PARAMS = TrialParams(
    preset="light",
    replicates=2,
    folds=3,
    consumers=("logistic",),
    advise=("logistic",),
    # Of the networks of a teacher, which no test here looks at closely.
    classifier_steps=10,
)
FULL = PARAMS.model_copy(update={"preset": "full"})


def trial_data(development=DEVELOPMENT, test=TEST):
    return TrialData(
        development=development,
        test=test,
        withheld=RESERVE,
        shipped_pool=resampled(DEVELOPMENT, 1, noise=0.1),
        shipped_real=DEVELOPMENT,
        requested={"2": 15, "3": 15},
    )


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("trial")


def run(directory, data=None, params=PARAMS, make=noisy, done=None, executor=None, room=None):
    return run_trial(
        data or trial_data(),
        params,
        seed=3,
        make=make,
        executor=executor or SameProcessExecutor(),
        store=TaskStore(directory, code="test"),
        room=room,
        on_done=None if done is None else lambda name, *_: done.append(name),
    )


@pytest.fixture(scope="module")
def outcome(directory):
    return run(directory)


def choices(outcome):
    """All that was decided in a trial, without what was predicted afterwards."""

    def decided(value):
        if isinstance(value, dict):
            hidden = ("held_out", "test")
            return {k: decided(item) for k, item in value.items() if not k.startswith(hidden)}
        return [decided(item) for item in value] if isinstance(value, list) else value

    return {
        name: decided(result)
        for name, result in outcome.results.items()
        if not isinstance(result, Samples)
    }


def test_no_choice_looks_at_what_is_held_out_when_validation_rows_choose(tmp_path):
    spare = digits([40, 40, 21, 21])
    data = replace(trial_data(spare), training_counts=np.array([24, 24, 9, 9]))
    outcome = run(tmp_path / "first", data)
    held_out = outcome.splits[0].held_out
    values = spare.values.copy()
    values[held_out] = 255 - values[held_out]
    test = replace(TEST, values=255 - TEST.values, labels=TEST.labels[::-1].copy())
    spoilt = replace(data, development=replace(spare, values=values), test=test)
    again = choices(run(tmp_path / "again", spoilt))
    first = {name: item for name, item in choices(outcome).items() if "replicate 1" in name}
    assert first
    assert {name: again[name] for name in first} == first


@pytest.mark.parametrize("rule", ["fixed_threshold", "tuned_threshold"])
def test_no_choice_looks_at_what_is_held_out_or_at_the_test_split(rule, request, tmp_path):
    outcome = request.getfixturevalue("outcome" if rule == "fixed_threshold" else "tuned")
    outcome = outcome[0] if rule == "tuned_threshold" else outcome
    held_out = np.unique(np.concatenate([split.held_out for split in outcome.splits[:1]]))
    values, labels = DEVELOPMENT.values.copy(), DEVELOPMENT.labels
    values[held_out] = 255 - values[held_out]
    spoilt = replace(DEVELOPMENT, values=values)
    test = replace(TEST, values=255 - TEST.values, labels=TEST.labels[::-1].copy())
    params = PARAMS.model_copy(update={"consumer": rule})
    again = run(tmp_path, trial_data(spoilt, test), params=params)
    first = {name: item for name, item in choices(outcome).items() if "replicate 1" in name}
    assert first
    assert {name: choices(again)[name] for name in first} == first
    assert (labels == DEVELOPMENT.labels).all()


def remembering(seen):
    def remember(samples, seed):
        seen.append(set(samples.ids))
        return noisy(samples, seed)

    remember.__qualname__ = "remember"
    return remember


def test_where_validation_rows_choose_one_generator_a_replicate_sees_all_training_rows(tmp_path):
    spare = digits([40, 40, 21, 21])
    seen, counts = [], np.array([24, 24, 9, 9])
    data = replace(trial_data(spare), training_counts=counts)
    outcome = run(tmp_path, data, make=remembering(seen))
    ids = spare.ids
    assert seen == [set(ids[split.training]) for split in outcome.splits]
    for split in outcome.splits:
        assert np.array_equal(np.bincount(spare.labels[split.training]), counts)
        assert not set(split.choosing) & {*split.training, *split.held_out}
        full = PARAMS.model_copy(update={"preset": "full"})
        parts = Parts(*[spare] * 5, chooses_apart=split.chooses_apart)
        assert list(generator_uses(parts, full)) == ["all uses"]


@pytest.fixture(scope="module")
def full_trial(tmp_path_factory):
    """The full preset where two of four generators died, and the rows that each generator saw."""
    seen = []
    # Those for choosing are trained first: more waits for them.
    make = partial(black_at, made=[], numbers=(1, 3), seen=seen)
    return run(tmp_path_factory.mktemp("full"), params=FULL, make=make), seen


def test_a_generator_is_trained_on_the_training_part_alone(full_trial):
    outcome, seen = full_trial
    ids = DEVELOPMENT.ids
    expected = [
        set(ids[rows]) for split in outcome.splits for rows in (split.fitting, split.training)
    ]
    assert sorted(map(sorted, seen)) == sorted(map(sorted, expected))


def test_the_set_is_compared_with_real_rows_as_they_are_and_oversampled(outcome):
    record = record_of(outcome)
    asked = [
        (c.classifier, c.arm, c.reference)
        for c in record.comparisons
        if c.question == "set against real rows"
    ]
    assert asked == [
        (name, record.recommended_arm, reference)
        for name in (PANEL, "logistic")
        for reference in ("real", "oversampled")
    ]


def test_the_set_helps_only_where_it_beats_both_references(outcome):
    spoilt = dict(outcome.results)
    for name, result in outcome.results.items():
        if name.endswith("logistic: sets"):
            truth = DEVELOPMENT.labels[outcome.splits[int(name.split()[1][0]) - 1].held_out]
            wrong = (truth + 1) % 4
            # Equal gains in all replicates would show no spread to judge them by.
            wrong[: int(name.split()[1][0])] = truth[: int(name.split()[1][0])]
            found = {
                "set_without_gan": truth.tolist(),
                "real": wrong.tolist(),
                "oversampled": truth.tolist(),
            }
            spoilt[name] = result | {
                arm: {**result[arm], "held_out": g} for arm, g in found.items()
            }
    record = record_of(replace(outcome, results=spoilt))
    verdicts = {
        c.reference: c.verdict
        for c in record.comparisons
        if c.question == "set against real rows" and c.classifier == PANEL
    }
    assert verdicts == {"real": "helps", "oversampled": "no evidence"}
    assert record.verdict == "no evidence"
    assert record.reference_arm == "oversampled"
    assert not record.promoted


def test_the_panel_is_the_mean_over_its_consumers(tmp_path):
    params = PARAMS.model_copy(update={"consumers": ("svm", "knn")})
    record = record_of(run(tmp_path, params=params), params)
    arms = {(arm.classifier, arm.arm): arm for arm in record.arms}
    for name in ("real", "oversampled", "set_without_gan", "set_with_gan", "ceiling"):
        each = [arms[consumer, name].values["balanced_accuracy"] for consumer in ("svm", "knn")]
        mean = arms[PANEL, name].values["balanced_accuracy"]
        assert mean == pytest.approx(np.mean(each, axis=0))


def test_the_smallest_gain_asked_for_counts_in_the_power(outcome):
    found = (
        record_of(outcome, PARAMS.model_copy(update={"min_gain_points": least})).comparisons
        for least in (0.0, 3.0)
    )
    plain, demanding = (next(c for c in each if len(set(c.gains_points)) > 1) for each in found)
    assert demanding.detectable_points == pytest.approx(plain.detectable_points + 3.0)


def test_added_replicates_are_the_only_ones_computed(outcome, directory):
    done: list[str] = []
    more = run(directory, params=PARAMS.model_copy(update={"replicates": 3}), done=done)
    assert done
    assert all(name.startswith("replicate 3") for name in done)
    assert all(more.results[name] is not None for name in outcome.results)


def test_two_processes_and_another_order_find_what_one_process_finds(outcome, tmp_path):
    with open_executor("local", workers=2) as executor:
        again = run(tmp_path, executor=executor, room=Room(cores=2, processes=2))
    assert choices(again) == choices(outcome)
    assert all(
        again.results[name] == found
        for name, found in outcome.results.items()
        if not isinstance(found, Samples)
    )


def test_every_arm_is_scored_on_every_replicate_and_the_test_split(outcome):
    record = record_of(outcome)
    for arm in record.arms:
        assert len(arm.values["balanced_accuracy"]) == PARAMS.replicates
        assert np.asarray(arm.confusion).sum() == PARAMS.replicates * len(TEST)
    names = {arm.arm for arm in record.arms}
    sets = {"set_without_gan", "set_with_gan"}
    assert names >= {"real", "oversampled", *sets, "ceiling", "recipe_balanced", "best_recipe"}


def test_no_interval_of_a_score_leaves_the_range_of_shares(outcome):
    result = record_of(outcome)
    intervals = [pair for arm in result.arms for pair in arm.intervals.items()]
    assert intervals
    assert all(
        0 <= interval.low <= interval.high <= METRICS[metric].highest
        for metric, interval in intervals
    )


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_can_decide_and_its_gain_is_positive_where_the_set_is_better(outcome, metric):
    record = record_of(outcome, PARAMS.model_copy(update={"primary_metric": metric}))
    arms = {(arm.classifier, arm.arm): arm.values[metric] for arm in record.arms}
    sign = -1 if METRICS[metric].is_loss else 1
    for one in record.comparisons:
        pairs = zip(arms[one.classifier, one.arm], arms[one.classifier, one.reference], strict=True)
        gains = [100 * sign * (score - reference) for score, reference in pairs]
        assert one.gains_points == pytest.approx(gains)
        assert one.interval_points.low <= one.mean_points <= one.interval_points.high
    better = max(("real", "oversampled"), key=lambda arm: sign * np.mean(arms[PANEL, arm]))
    assert record.reference_arm == better


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A trial for whoever tunes a threshold, and its params."""
    params = PARAMS.model_copy(update={"consumer": "tuned_threshold"})
    return run(tmp_path_factory.mktemp("tuned"), params=params), params


def test_images_ask_once_unless_whoever_tunes_a_threshold_is_asked_for(outcome, tuned):
    assert record_of(outcome).other_comparisons == ()
    record = record_of(*tuned)
    assert record.consumer == "tuned_threshold"
    assert {one.rule for one in record.comparisons} == {"tuned_threshold"}
    assert {one.rule for one in record.other_comparisons} == {"fixed_threshold"}


def test_the_first_question_is_asked_of_both_who_keep_and_who_tune_the_threshold(tuned):
    outcome, params = tuned
    by_tuned, by_fixed = (
        record_of(outcome, params.model_copy(update={"consumer": rule}))
        for rule in ("tuned_threshold", "fixed_threshold")
    )
    first = [one for one in by_fixed.comparisons if one.question == "set against real rows"]
    assert list(by_tuned.other_comparisons) == first
    for one, other in zip(by_tuned.arms, by_fixed.arms, strict=True):
        assert one.other_values == other.values
        assert one.values == other.other_values


def test_what_is_kept_of_a_fit_does_not_change_with_the_threshold(outcome, tuned):
    """So that the answer of whoever keeps it is the same in either trial."""
    assert record_of(tuned[0], PARAMS).comparisons == record_of(outcome).comparisons


def test_metrics_of_probabilities_are_asked_once(tuned):
    outcome, params = tuned
    record = record_of(outcome, params.model_copy(update={"primary_metric": "roc_auc"}))
    assert record.consumer == "fixed_threshold"
    assert record.other_comparisons == ()


def test_the_light_preset_says_what_it_left_out(outcome):
    (note,) = [note for note in record_of(outcome).notes if "left out" in note]
    assert "SMOTE" in note


def test_the_full_preset_tells_every_source_by_itself(full_trial):
    record = record_of(full_trial[0], FULL)
    names = {arm.arm for arm in record.arms if arm.classifier == PANEL}
    assert names >= {"classical", "deformed", "smote", "taught", "gan"}


def test_promotion_follows_the_answer_about_the_set(outcome):
    record = record_of(outcome)
    assert record.promoted == (record.verdict == "helps")


def test_labels_that_mean_nothing_are_not_in_the_set(tmp_path):
    record = record_of(run(tmp_path, make=shuffled))
    assert record.gan_verdict != "helps"
    assert record.recommended_arm == "set_without_gan"
    assert not any("gan" in row.in_set for row in record.classes)


def test_no_gain_of_a_recipe_is_a_gain_of_the_set(outcome):
    record = record_of(outcome)
    recipes = {arm.arm for arm in record.arms if arm.family == "recipe"}
    deciding = [c for c in record.comparisons if c.question == "set against real rows"]
    assert recipes
    assert not recipes & {name for c in deciding for name in (c.arm, c.reference)}


def black_at_first(samples, seed, *, made):
    made.append(seed)
    return black(samples, seed) if len(made) == 1 else noisy(samples, seed)


def test_a_generator_of_the_trial_that_died_is_told_by_its_replicate(outcome, tmp_path):
    assert not any("failed" in note for note in record_of(outcome).notes)
    died = run(tmp_path, make=partial(black_at_first, made=[]))
    (note,) = [note for note in record_of(died).notes if "failed" in note]
    assert "1 of 2 generators of the trial (GAN) failed" in note
    assert "0% in replicate 1 of what it drew" in note
    assert "It counts as it is, with hardly a row of its own" in note


def black_at(samples, seed, *, made, numbers, seen=None):
    made.append(seed)
    if seen is not None:
        seen.append(set(samples.ids))
    return black(samples, seed) if len(made) in numbers else noisy(samples, seed)


def failure(tmp_path, params, *, numbers):
    """What is told of a trial of which the generators with these numbers drew black pictures."""
    died = run(tmp_path, params=params, make=partial(black_at, made=[], numbers=numbers))
    (note,) = [note for note in record_of(died, params).notes if "failed" in note]
    return note


def test_where_most_generators_died_the_others_tell_what_is_usual(tmp_path):
    three = PARAMS.model_copy(update={"replicates": 3})
    note = failure(tmp_path, three, numbers=(1, 2))
    (usual,) = re.findall(r"where (\d+)% is usual", note)
    assert int(usual) > 50


def test_where_every_generator_died_nothing_is_called_usual(tmp_path):
    assert "usual" not in failure(tmp_path, PARAMS, numbers=(1, 2))


def test_two_generators_of_one_replicate_are_told_apart_by_their_use(full_trial):
    (note,) = [note for note in record_of(full_trial[0], FULL).notes if "failed" in note]
    assert "0% in replicate 1 (for choosing), 0% in replicate 1 (for scoring) of what they" in note


def pools(shares, *, params=PARAMS):
    """An outcome of which only the curation of one generator a replicate is known."""
    drawn = {
        name: {"accepted": [True] * share + [False] * (100 - share)}
        for replicate, share in enumerate(shares)
        for name in curation_names(replicate, "gan", params, chooses_apart=False)
    }
    split = SimpleNamespace(chooses_apart=False)
    return SimpleNamespace(origins=("gan",), splits=(split,) * len(shares), results=drawn)


def test_replicates_are_told_in_their_order():
    (note,) = failed_generators(pools([96, 0, *[96] * 7, 1]), PARAMS)
    assert "0% in replicate 2, 1% in replicate 10 of" in note


def test_a_generator_that_lost_half_is_not_said_to_have_lost_all():
    (note,) = failed_generators(pools([96, 45, 96, 96, 96]), PARAMS)
    assert "accepted 45% in replicate 2 of what it drew, where 96% is usual" in note
    assert "with far fewer usable rows:" in note
    assert "hardly" not in note


def test_generators_that_died_do_not_hide_one_that_lost_half():
    (note,) = failed_generators(pools([0, 0, 0, 96, 30, 96]), PARAMS)
    assert "30% in replicate 5" in note


@pytest.fixture(scope="module")
def as_good_as_real(tmp_path_factory):
    """A trial of a generator that draws unseen real samples, and its data."""
    scarce = digits([60, 60, 6, 6])
    reserve = digits([90] * 4, skip=60)
    data = TrialData(
        development=scarce,
        test=TEST,
        withheld=None,
        shipped_pool=unseen(scarce, 0, reserve=reserve),
        shipped_real=scarce,
        requested={"2": 54, "3": 54},
    )
    folder = tmp_path_factory.mktemp("as-good-as-real")
    return run(folder, data, make=partial(unseen, reserve=reserve)), data


def record_with_gain(as_good_as_real, *, points):
    """The record of the trial if GAN rows had gained so much, and a little more each time."""
    outcome, data = as_good_as_real
    spoilt = dict(outcome.results)
    for replicate, split in enumerate(outcome.splits):
        name = f"replicate {replicate + 1}: logistic: sets"
        truth = data.development.labels[split.held_out]
        wrong = truth.copy()
        wrong[: round(points / 100 * len(truth)) + replicate] += 1
        found = {"set_with_gan": truth, "set_without_gan": wrong % 4}
        other = {
            arm: {**outcome.results[name][arm], "held_out": guess.tolist()}
            for arm, guess in found.items()
        }
        spoilt[name] = {**outcome.results[name], **other}
    return record_of(replace(outcome, results=spoilt), data=data)


def test_samples_as_good_as_real_ones_are_in_the_set_where_they_are_proven(as_good_as_real):
    """Were they turned away, no generator could ever pass."""
    record = record_with_gain(as_good_as_real, points=90)
    assert record.gan_verdict == "helps"
    assert record.recommended_arm == "set_with_gan"
    assert sum(row.in_set.get("gan", 0) for row in record.classes) > 0


def test_gan_rows_that_nothing_shows_to_help_are_not_in_the_set(as_good_as_real):
    record = record_with_gain(as_good_as_real, points=0)
    assert record.gan_verdict == "no evidence"
    assert record.recommended_arm == "set_without_gan"
    assert not any("gan" in row.in_set for row in record.classes)


def test_where_the_set_harms_the_real_rows_alone_are_recommended(as_good_as_real):
    outcome, data = as_good_as_real
    findings = Findings(data, PARAMS, outcome)
    findings.verdict = "harms"
    counts = findings.in_set({"classical": np.full(4, 100), "deformed": np.full(4, 100)})
    assert list(counts) == ["real"]
    assert "harms" in findings.words()


def test_thinning_further_gives_a_ceiling_that_no_other_arm_has_seen(tmp_path):
    data = replace(trial_data(), withheld=None)
    thinning = PARAMS.model_copy(update={"thin_further": 0.5})
    seen = []
    outcome = run(tmp_path, data, params=thinning, make=remembering(seen))
    ids = DEVELOPMENT.ids
    for split, rows in zip(outcome.splits, seen, strict=True):
        used = {*split.training, *split.choosing, *split.held_out}
        assert set(DEVELOPMENT.labels[split.withheld]) == {2, 3}
        assert not set(split.withheld) & used
        assert len(used) + len(split.withheld) == len(DEVELOPMENT)
        assert rows == set(ids[split.fitting])
    record = record_of(outcome, thinning, data)
    assert "ceiling" in {arm.arm for arm in record.arms}
    assert any("smaller by so much" in note for note in record.notes)


def test_the_ceiling_is_filled_as_far_as_the_augmented_set():
    even = digits([12] * 4)
    data = replace(trial_data(even), shipped_real=even, requested={"2": 12, "3": 24})
    assert wanted_rows(data, even).tolist() == [0, 0, 12, 24]


def test_data_that_are_balanced_already_need_no_generator(tmp_path):
    even = digits([12] * 4)
    data = TrialData(
        development=even,
        test=TEST,
        withheld=None,
        shipped_pool=renamed(even.take(slice(0, 0)), "none"),
        shipped_real=even,
        requested={},
    )
    record = record_of(run(tmp_path, data), data=data)
    assert record.gan_verdict == "no evidence"
    assert record.curation == ()


def test_a_part_that_is_balanced_by_itself_needs_no_pool(tmp_path):
    """Of two classes of 12 the fifth replicate trains on 10 and 10, and fits on 8 and 7."""
    even = digits([12, 12])
    data = replace(
        trial_data(even, digits([20] * 2, skip=140)),
        withheld=None,
        shipped_pool=noisy(even, 1),
        shipped_real=even,
        requested={},
    )
    params = PARAMS.model_copy(update={"replicates": 5, "folds": 5})
    outcome = run(tmp_path, data, params=params)
    assert len(set(np.bincount(data.development.labels[outcome.splits[4].training]))) == 1
    assert record_of(outcome, params, data).gan_verdict == "no evidence"


def record_of(outcome, params=PARAMS, data=None):
    data = data or trial_data()
    findings = Findings(data, params, outcome)
    schema = data.development.schema
    cheap = modality_of(schema).cheap[params.preset]
    plenty = {origin: np.full(len(schema.classes), 1000) for origin in cheap}
    return make_record(
        data, params, outcome, findings, in_set=findings.in_set(plenty), fidelity=(), copies=None
    )


def test_the_parts_of_a_trial_are_never_changed(outcome):
    assert (concatenate([DEVELOPMENT]).values == digits(COUNTS).values).all()
