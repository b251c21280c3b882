import json

from pipeline.results import deciding_comparison, read_result, write_result
from tests.example_result import example_result


def test_a_result_survives_writing_and_reading(tmp_path):
    result = example_result()
    write_result(tmp_path, result)
    assert read_result(tmp_path) == result


def test_where_samples_harm_the_comparison_that_shows_it_decides():
    """Not the widest interval, which shows nothing."""
    result = example_result()
    asked = [one for one in result.comparisons if one.question == "gan against cheap"]
    harm = {"lower_bound_points": -2.2, "upper_bound_points": -1.8, "verdict": "harms"}
    sure = asked[0].model_copy(update=harm)
    wide = asked[0].model_copy(update={"lower_bound_points": -10.8, "upper_bound_points": 9.6})
    found = deciding_comparison(
        result.model_copy(update={"comparisons": (wide, sure)}), "gan against cheap"
    )
    assert found == sure


def test_a_result_made_before_warm_starts_were_removed_is_still_read(tmp_path):
    result = example_result()
    write_result(tmp_path, result)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"started_from": "v0.1.0"}))
    assert read_result(tmp_path).verdict == result.verdict
