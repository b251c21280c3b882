"""What machines read of a trial: metrics in a documented grammar, plots that make sense."""

import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from pipeline.results import TrialResult
from pipeline.trial.exports import flat_metrics, write_exports
from pipeline.versions.pipeline_file import template
from tests.example_result import example_result
from tests.hand_made import trial_result

PLOTS = template()["plots"]
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "metrics.schema.json").read_text())


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "result", [example_result(), example_result(copies=None, fidelity=()), trial_result()]
)
def test_metrics_follow_their_schema(result):
    jsonschema.validate(flat_metrics(result), SCHEMA)


def test_the_gain_by_the_other_rule_follows_the_schema_and_decides_nothing():
    example = example_result()
    other = tuple(
        one.model_copy(update={"rule": "tuned_threshold", "mean_points": -1.0})
        for one in example.comparisons
        if one.question == "set against real rows"
    )
    flat = flat_metrics(example_result(other_comparisons=other))
    jsonschema.validate(flat, SCHEMA)
    assert flat["gain.panel.set_by_tuned_threshold.points"] == -1.0
    assert flat["gain.panel.set.points"] == flat_metrics(example)["gain.panel.set.points"]


def test_an_unknown_key_does_not_follow_the_schema():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(flat_metrics(example_result()) | {"gain": 1.0}, SCHEMA)


def test_every_key_is_told_in_the_document():
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
    for key in flat_metrics(example_result()):
        assert key.split(".")[0] in text, key


def test_where_no_copies_were_searched_for_none_are_counted():
    nothing = example_result().copies.model_copy(update={"tested": 0, "exact": 0})
    flat = flat_metrics(example_result(copies=nothing))
    assert {key for key in flat if key.startswith("copies.")} == {"copies.tested"}


def test_gains_are_those_on_which_the_verdicts_rest():
    flat = flat_metrics(example_result())
    # Against oversampled rows the lower end is smaller than against the rows as they are.
    assert flat["gain.panel.set.points"] == flat["gain.panel.set_over_oversampled.points"]
    assert flat["gain.panel.set.points"] < flat["gain.panel.set_over_real.points"]
    assert flat["gain.panel.set.verdict"] == flat["verdict"] == "helps"
    assert flat["gain.cnn.recipe.verdict"] == "helps"
    assert "gain.svm.recipe.verdict" not in flat


def test_the_rows_of_the_dataset_are_counted_by_source():
    flat = flat_metrics(example_result())
    rows = {key: n for key, n in flat.items() if key.startswith("rows.")}
    assert rows == {"rows.real": 450, "rows.classical": 175, "rows.deformed": 175}


def test_every_plot_finds_its_columns(tmp_path):
    write_exports(tmp_path / "reports/metrics.json", tmp_path / "reports/plots", example_result())
    for plot in PLOTS:
        (definition,) = plot.values()
        for name, columns in definition["y"].items():
            if name.startswith("reports/plots/"):
                frame = pd.read_csv(tmp_path / name)
                assert {definition["x"], columns} <= set(frame.columns)
                assert len(frame)


def test_a_bar_stands_for_one_row(tmp_path):
    write_exports(tmp_path / "reports/metrics.json", tmp_path / "reports/plots", example_result())
    for plot in PLOTS:
        (definition,) = plot.values()
        if definition.get("template", "").startswith("bar"):
            ((name, column),) = definition["y"].items()
            assert pd.read_csv(tmp_path / name)[column].is_unique


def test_a_class_named_like_a_formula_is_neutralised(tmp_path):
    result = example_result()
    rows = [result.classes[0].model_copy(update={"name": "=1+1"}), *result.classes[1:]]
    hostile = TrialResult.model_validate(result.model_dump() | {"classes": rows})
    write_exports(tmp_path / "metrics.json", tmp_path / "plots", hostile)
    assert pd.read_csv(tmp_path / "plots" / "recall.csv")["class"][0] == "'=1+1"
