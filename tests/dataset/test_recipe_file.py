import dataclasses
import json

import pytest

from pipeline.dataset.recipe_file import UNKNOWN, read_recipe, write_recipe
from pipeline.errors import ArtifactError
from pipeline.modalities.recipe import Recipe, meanings
from pipeline.results import RecipeAdvice
from tests.hand_made import trial_result


def advice(**changes):
    recipe = {"sampling": 0.5, "smote": True}
    found = RecipeAdvice(classifier="svm", words="SMOTE", recipe=recipe, on_set=False)
    return found.model_copy(update=changes)


def written(directory, *advice):
    write_recipe(directory, trial_result(advice=advice))
    return json.loads((directory / "recipe.json").read_text())


def test_every_setting_of_a_recipe_has_a_meaning():
    assert set(meanings()) == {field.name for field in dataclasses.fields(Recipe)}
    assert all(text.endswith(".") for text in meanings().values())


def test_the_file_says_what_each_of_its_settings_means(tmp_path):
    content = written(tmp_path, advice())
    assert content["meanings"] == {name: meanings()[name] for name in ("sampling", "smote")}


def test_a_setting_that_is_not_known_any_more_is_kept_and_said_to_be_unknown(tmp_path):
    content = written(tmp_path, advice(recipe={"cutmix": 0.5}))
    assert content["classifiers"]["svm"]["settings"] == {"cutmix": 0.5}
    assert content["meanings"] == {"cutmix": UNKNOWN}


def test_the_file_says_that_it_is_advice_and_not_the_gain_of_the_version(tmp_path):
    assert "The gain of this version does not rest on it" in written(tmp_path)["about"]


@pytest.mark.parametrize(("on_set", "rows"), [(True, "train"), (False, "real")])
def test_what_is_written_can_be_read(tmp_path, on_set, rows):
    written(tmp_path, advice(on_set=on_set), advice(classifier="cnn"))
    found = read_recipe(tmp_path, "svm")
    assert (found.rows, found.settings, found.words) == (rows, advice().recipe, "SMOTE")


def test_a_file_of_another_form_is_a_sentence(tmp_path):
    (tmp_path / "recipe.json").write_text('{"classifiers": []}')
    with pytest.raises(ArtifactError, match="not of the expected form"):
        read_recipe(tmp_path, "cnn")
