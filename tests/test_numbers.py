"""Every number on the page is the one in metrics.json, rounded for people and nothing else."""

import re
from functools import cache
from html import unescape

import pytest

from pipeline import answers, numbers
from pipeline.reporting.figures import Line, chart
from pipeline.reporting.page import render_report
from pipeline.results import Interval
from pipeline.trial.exports import flat_metrics
from tests.example_result import example_result
from tests.reporting.example_material import example_material

RESULT = example_result()
METRICS = flat_metrics(RESULT)
TITLES = {arm.arm: arm.title for arm in RESULT.arms}


@cache
def report() -> str:
    return render_report(example_material())


@cache
def rows_of(table: str) -> dict[str, list[tuple[float, str]]]:
    """Text of a row's head → (raw value, shown text) of every number in the row."""
    body = re.search(rf'id="table-{table}".*?<tbody.*?>(.*?)</tbody>', report(), re.DOTALL)[1]
    found = {}
    for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
        head, _, cells = row.partition("</th>")
        values = re.findall(r'<data value="([^"]*)">(.*?)</data>', cells)
        words = " ".join(re.sub(r"<[^>]*>", "", head).split())
        found[unescape(words)] = [(float(raw), unescape(text)) for raw, text in values]
    return found


def row(table: str, words: str) -> list[tuple[float, str]]:
    (found,) = [values for head, values in rows_of(table).items() if head.startswith(words)]
    return found


def named(classifier: str) -> str:
    return numbers.capital(answers.classifier_name(classifier))


def scores_in(key: str) -> list[tuple[float, str]]:
    """Mean and test score of the arm that a key names, in the table that shows it."""
    _, classifier, arm, _ = key.split(".")
    table = "recipes" if "recipe" in arm else "arms"
    return row(f"{table}-{classifier}", TITLES[arm])


@pytest.mark.parametrize("key", [key for key in METRICS if key.startswith("score.")])
def test_scores_are_those_of_the_metrics(key):
    raw, text = scores_in(key)[0]
    assert raw == pytest.approx(METRICS[key], abs=1e-6)
    assert text == numbers.percent(METRICS[key])


@pytest.mark.parametrize("key", [key for key in METRICS if key.startswith("test.")])
def test_scores_on_the_test_split_are_those_of_the_metrics(key):
    if key.endswith(RESULT.primary_metric):
        raw, text = scores_in(key)[1]
        assert raw == pytest.approx(METRICS[key], abs=1e-6)
        assert text == numbers.percent(METRICS[key])


@pytest.mark.parametrize("classifier", ["panel", "cnn", "svm"])
def test_gains_are_those_of_the_metrics(classifier):
    (over_real, _), (over_oversampled, shown), _ = row("consumers", named(classifier))
    key = f"gain.{classifier}"
    assert over_real == pytest.approx(METRICS[f"{key}.set_over_real.points"], abs=1e-6)
    assert over_oversampled == pytest.approx(METRICS[f"{key}.set.points"], abs=1e-6)
    assert shown == numbers.points(METRICS[f"{key}.set.points"])
    assert row("gan", named(classifier))[0][0] == pytest.approx(
        METRICS[f"{key}.gan.points"], abs=1e-6
    )


def test_the_gains_of_recipes_are_those_of_the_metrics():
    for table, question in (("recipe-gains", "recipe"), ("set-in-recipe", "set_in_recipe")):
        gain = METRICS[f"gain.cnn.{question}.points"]
        assert row(table, "CNN")[0][0] == pytest.approx(gain, abs=1e-6)


def test_the_detectable_gain_is_that_of_the_metrics():
    detectable = numbers.amount(METRICS["gain.panel.set.detectable_points"])
    assert f"a true gain of {detectable} points is found in" in report()


def test_the_headline_carries_the_deciding_gain_and_its_interval():
    headline = re.search(r"<h1>(.*?)</h1>", report())[1]
    interval = Interval(
        low=METRICS["gain.panel.set.low_points"], high=METRICS["gain.panel.set.high_points"]
    )
    assert f"by {numbers.points(METRICS['gain.panel.set.points'])} points" in headline
    assert numbers.points_interval(interval) in headline


@pytest.mark.parametrize("measure", ["FID", "KID", "Precision", "Recall", "Coverage"])
def test_fidelity_and_its_floor_are_those_of_the_metrics(measure):
    (value, _), (floor, _), _ = row("fidelity", measure)
    assert value == pytest.approx(METRICS[f"fidelity.{measure.lower()}"], abs=1e-6)
    assert floor == pytest.approx(METRICS[f"fidelity.{measure.lower()}_floor"], abs=1e-6)


def test_copies_are_those_of_the_metrics():
    assert row("copies", "Equal to a training sample")[0][0] == METRICS["copies.exact"]
    assert row("copies", "Suspiciously close")[0][0] == METRICS["copies.suspected"]


def test_what_is_shown_is_the_raw_value_rounded():
    for table in ("arms-panel", "consumers", "classes", "balance", "fidelity", "gan"):
        for values in rows_of(table).values():
            for raw, text in values:
                shown = text.replace("\u202f%", "").replace("−", "-").replace(",", "")
                if re.fullmatch(r"[-+]?[0-9.]+", shown):
                    scale = 100 if "%" in text else 1
                    decimals = len(shown.partition(".")[2])
                    assert float(shown) == pytest.approx(
                        raw * scale, abs=0.5 * 10**-decimals + 1e-9
                    )


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.84, "+1.8"), (-0.44, "−0.4"), (0.0, "0.0"), (-0.001, "0.0"), (12.0, "+12.0"), (None, "–")],
)
def test_points_carry_their_sign(number, text):
    assert numbers.points(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.04, "+0.04"), (-0.04, "−0.04"), (0.006, "+0.01"), (0.05, "+0.1"), (-0.06, "−0.1")],
)
def test_a_gain_too_small_for_one_decimal_gets_two(number, text):
    assert numbers.points(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(14.2, "14.2"), (0.021, "0.0210"), (-0.094, "−0.0940"), (1230.4, "1,230"), (0.0, "0.00")],
)
def test_plain_numbers_have_three_digits(number, text):
    assert numbers.plain(number) == text


def test_the_ticks_of_a_percent_axis_are_round_and_all_different():
    line = Line([1.0, 2.0], [0.934, 0.967], "gan", "")
    svg = chart([line], x_label="x", y_label="y", is_percent=True)
    ticks = [float(text) for text in re.findall(r">([0-9.]+) %<", svg)]
    assert ticks == [94.0, 95.0, 96.0]


def test_an_interval_of_a_score_ends_where_scores_end():
    assert numbers.score_interval(Interval(low=0.87, high=1.06)) == "87.0 to 100.0\u202f%"


@pytest.mark.parametrize(
    ("low", "least", "text"),
    [(0.004, 0.0, "+0.004 to +5.0"), (2.04, 2.0, "+2.04 to +5.0"), (0.0, 0.0, "0.0 to +5.0"),
     (-0.04, 0.0, "−0.04 to +5.0"), (1.0, 0.0, "+1.0 to +5.0")],
)  # fmt: skip
def test_the_end_of_an_interval_is_told_from_what_it_is_held_against(low, least, text):
    assert numbers.points_interval(Interval(low=low, high=5.0), least=least) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(-180.0, 184.0, "too few replicates to tell"), (3.0, 140.0, "+3.0 to +100.0")],
)
def test_an_interval_of_gains_ends_where_gains_end(low, high, text):
    assert numbers.points_interval(Interval(low=low, high=high)) == text
