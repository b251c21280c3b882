"""Every preset goes through the same training, sampling and checkpoint code."""

import pytest

from pipeline import synthesis
from pipeline.errors import ParamsError
from pipeline.gan.presets import PRESETS, recipe_for
from pipeline.params import GanParams

from .conftest import digits_of, pictures_of


@pytest.fixture(scope="module", params=sorted(PRESETS))
def preset(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(preset, few_digits):
    params = GanParams(preset=preset, steps=6, batch_samples=16, watch_every_steps=3)
    return synthesis.train_generator(few_digits, params, seed=2)


def test_every_preset_draws_exact_counts(fitted):
    assert synthesis.draw(fitted, {"0": 4, "6": 5}).counts() == {"0": 4, "3": 0, "6": 5}


def test_every_preset_survives_the_checkpoint(fitted, tmp_path):
    synthesis.save_generator(tmp_path, fitted)
    loaded = synthesis.load_generator(tmp_path)
    drawn = [synthesis.draw(generator, {"3": 7}).values for generator in (fitted, loaded)]
    assert (drawn[0] == drawn[1]).all()


def test_every_preset_is_deterministic(preset, fitted, few_digits):
    params = GanParams(preset=preset, steps=6, batch_samples=16, watch_every_steps=3)
    assert synthesis.train_generator(few_digits, params, seed=2).hash == fitted.hash


def test_every_preset_draws_another_picture_for_another_class(fitted):
    drawn = synthesis.draw(fitted, {"0": 1, "3": 1})
    assert (drawn.values[0] != drawn.values[1]).any()


@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 14, 1), (50, 33, 3)])
def test_every_preset_takes_pictures_of_other_sizes(preset, shape):
    samples = pictures_of(shape, counts={"a": 9, "b": 7})
    params = GanParams(preset=preset, steps=2, batch_samples=4, width=8)
    fitted = synthesis.train_generator(samples, params, seed=1)
    assert synthesis.draw(fitted, {"b": 3}).values.shape == (3, *shape)


def test_what_params_leave_out_comes_from_the_preset():
    recipe = recipe_for(GanParams(preset="dcgan", gamma_real=0.5))
    assert recipe.gamma_real == 0.5
    assert recipe.batch_samples == PRESETS["dcgan"].batch_samples


@pytest.mark.parametrize(
    "change",
    [
        {"game": "nonsaturating"},
        {"game": "minmax"},
        {"gamma_real": 0.0},
        {"gamma_fake": 0.0},
        {"penalty_every_steps": 1},
        {"balanced": False},
        {"augment_strength": 0.0},
        {"adaptive_accuracy": 0.6},
        {"enrich_strength": 0.0},
        {"enrich_towards": 0.0},
        {"deviation": False},
        {"averaging_decay": 0.0},
        {"precision": "bf16"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_the_recipe_can_be_switched_and_changes_the_result(change, barely_trained):
    samples = digits_of({0: 40, 3: 40, 6: 10})
    params = GanParams(steps=12, batch_samples=12, **change)
    fitted = synthesis.train_generator(samples, params, seed=5)
    same = {"embedding.weight", "last.weight"}
    before, after = barely_trained.generator.state_dict(), fitted.generator.state_dict()
    assert any((before[name] != after[name]).any() for name in same)


def test_a_table_s_recipe_is_its_own_and_changes_as_any_other():
    row = recipe_for(GanParams(), networks="table")
    assert row.networks == "auto"
    assert row.enrich_strength == row.enrich_towards == row.enrich_lending == 0
    assert recipe_for(GanParams(steps=7), networks="table").steps == 7


def test_what_enriches_rare_images_is_refused_for_tables():
    with pytest.raises(ParamsError, match="has no part that these would change"):
        recipe_for(GanParams(enrich_strength=1.0), networks="table")
