from pipeline.results import Interval, deciding_comparison, read_result, write_result
from tests.example_result import example_result


def test_a_result_survives_writing_and_reading(tmp_path):
    result = example_result()
    write_result(tmp_path, result)
    assert read_result(tmp_path) == result


def test_where_rows_harm_the_comparison_that_shows_it_decides():
    """Not the widest interval, which shows nothing."""
    result = example_result()
    asked = [one for one in result.comparisons if one.question == "set against real rows"]
    harm = {"interval_points": Interval(low=-2.2, high=-1.8, level=0.9), "verdict": "harms"}
    sure = asked[0].model_copy(update=harm)
    unsure = {"interval_points": Interval(low=-10.8, high=9.6), "verdict": "no evidence"}
    wide = asked[0].model_copy(update=unsure)
    found = deciding_comparison(
        result.model_copy(update={"comparisons": (wide, sure)}), "set against real rows"
    )
    assert found == sure


def test_the_comparison_with_the_smallest_lower_end_decides():
    found = deciding_comparison(example_result(), "set against real rows", "svm")
    assert (found.classifier, found.reference) == ("svm", "oversampled")
