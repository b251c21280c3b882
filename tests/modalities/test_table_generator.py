"""A generator of rows: what is asked for comes out, the same each time, and valid."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from pipeline import synthesis
from pipeline.errors import ArtifactError, ParamsError
from pipeline.gan.checkpoint import CONFIG_FILE
from pipeline.modalities.table.copula import copula_rows
from pipeline.params import GanParams
from pipeline.samples import Samples
from pipeline.synthesis.fitted import load_generator, save_generator
from pipeline.synthesis.train import plan_of
from pipeline.workspace import read_json, write_json
from tests.modalities.hand_made_tables import mixed_table, table_of

FEW_STEPS = GanParams(steps=12, batch_samples=16)


@pytest.fixture(scope="module")
def rows() -> Samples:
    return mixed_table()


@pytest.fixture(scope="module")
def fitted(rows):
    return synthesis.train_generator(rows, FEW_STEPS, seed=5)


def equal(first: Samples, second: Samples) -> bool:
    return first.values.equals(second.values) and bool((first.labels == second.labels).all())


def test_what_is_asked_for_comes_out(fitted):
    drawn = synthesis.draw(fitted, {"1": 400})
    assert drawn.counts() == {"0": 0, "1": 400}
    assert drawn.values.dtypes.equals(mixed_table().values.dtypes)


def test_rows_are_valid_and_keep_what_is_constant_or_empty(fitted, rows):
    drawn = synthesis.draw(fitted, {"0": 200, "1": 200}).values
    assert drawn["never"].isna().all()
    assert set(drawn["always"]) == {"same"}
    assert set(drawn["grade"]) <= set(rows.values["grade"])
    for name in ("age", "income", "spent", "first", "seen", "height"):
        assert drawn[name].min() >= rows.values[name].min(), name
        assert drawn[name].max() <= rows.values[name].max(), name


def test_the_same_seed_gives_the_same_bytes(fitted, rows):
    again = synthesis.train_generator(rows, FEW_STEPS, seed=5)
    assert again.hash == fitted.hash
    assert equal(synthesis.draw(again, {"0": 30}), synthesis.draw(fitted, {"0": 30}))
    assert synthesis.train_generator(rows, FEW_STEPS, seed=6).hash != fitted.hash


def test_more_of_a_class_begins_with_what_fewer_are(fitted):
    many, few = (synthesis.draw(fitted, {"0": n, "1": 9}) for n in (300, 20))
    assert equal(many.take(np.arange(20)), few.take(np.arange(20)))
    assert equal(many.take(np.arange(300, 309)), few.take(np.arange(20, 29)))


def test_a_saved_generator_draws_the_same_rows(fitted, tmp_path):
    save_generator(tmp_path, fitted)
    loaded = load_generator(tmp_path)
    assert loaded.hash == fitted.hash
    assert equal(synthesis.draw(loaded, {"0": 40}), synthesis.draw(fitted, {"0": 40}))


def test_a_design_of_other_shapes_is_refused(fitted, tmp_path):
    save_generator(tmp_path, fitted)
    content = read_json(tmp_path / CONFIG_FILE)
    content["config"]["design"]["width"] = "wide"
    write_json(tmp_path / CONFIG_FILE, content)
    with pytest.raises(ArtifactError):
        load_generator(tmp_path)


def test_a_killed_training_goes_on_to_the_same_bytes(rows, fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.gan.training.STATE_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("pipeline.gan.training.HISTORY_EVERY_STEPS", 3)
    whole = synthesis.train_generator(rows, FEW_STEPS, seed=5)

    def killed(row):
        if row["step"] == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesis.train_generator(rows, FEW_STEPS, seed=5, directory=tmp_path, on_progress=killed)
    resumed = synthesis.train_generator(rows, FEW_STEPS, seed=5, directory=tmp_path)
    assert resumed.hash == whole.hash


@pytest.mark.parametrize("preset", ["vanilla", "dcgan", "cvae"])
def test_presets_of_images_are_refused_in_a_sentence(rows, preset):
    with pytest.raises(ParamsError, match="tables; take the preset 'residual'"):
        synthesis.train_generator(rows, GanParams(preset=preset, steps=2), seed=0)


def test_few_rows_make_fewer_steps_unless_a_number_is_asked_for(rows):
    assert plan_of(rows, GanParams())[0].steps == 480
    assert plan_of(rows.take(np.arange(20)), GanParams())[0].steps == 128
    assert plan_of(rows, GanParams(steps=700))[0].steps == 700


@pytest.mark.parametrize("rare", [1, 2, 5])
def test_a_class_of_few_rows_is_drawn(rare):
    samples = mixed_table()
    keep = np.concatenate(
        [np.flatnonzero(samples.labels == 0)[:60], np.flatnonzero(samples.labels == 1)[:rare]]
    )
    few = samples.take(keep)
    made = synthesis.draw(synthesis.train_generator(few, FEW_STEPS, seed=0), {"1": 30})
    assert len(made) == 30
    assert len(copula_rows(few, np.array([0, 30]), seed=0)) == 30


def test_eleven_rows_of_twenty_five_columns_are_enough():
    stream = np.random.default_rng(0)
    columns = {f"x{k}": stream.normal(size=11) for k in range(20)}
    columns |= {f"c{k}": stream.choice(["a", "b"], 11).tolist() for k in range(5)}
    few = table_of(columns, [0] * 7 + [1] * 4)
    made = synthesis.draw(synthesis.train_generator(few, FEW_STEPS, seed=0), {"0": 5, "1": 5})
    assert len(made) == 10


@pytest.mark.parametrize("kinds", ["numbers", "categories"])
def test_tables_of_one_kind_alone_work(kinds):
    stream = np.random.default_rng(0)
    made = {
        "numbers": {"a": stream.normal(size=40), "b": stream.integers(0, 99, 40)},
        "categories": {"a": ["x", "y"] * 20, "b": stream.choice(["u", "v", "w"], 40).tolist()},
    }[kinds]
    samples = table_of(made, [0, 1] * 20)
    drawn = synthesis.draw(synthesis.train_generator(samples, FEW_STEPS, seed=0), {"1": 12})
    assert drawn.counts() == {"0": 0, "1": 12}
    assert drawn.values.dtypes.equals(samples.values.dtypes)


def dependent(n: int = 400) -> Samples:
    """Income is missing exactly where job is "no"; y = 2x; nine of ten are 0."""
    stream = np.random.default_rng(3)
    labels = (stream.random(n) < 0.3).astype(int)
    x = stream.normal(size=n) + labels
    job = np.where(stream.random(n) < 0.4, "no", "yes")
    return table_of(
        {
            "x": x,
            "y": 2 * x,
            "job": job.tolist(),
            "income": pa.array(stream.gamma(2, 1000, n), mask=job == "no"),
            "spent": np.where(stream.random(n) < 0.92, 0.0, stream.gamma(2, 50, n)),
        },
        labels.tolist(),
    )


@pytest.fixture(scope="module", params=["copula", "gan"])
def drawn_of_dependent(request):
    samples = dependent()
    if request.param == "copula":
        return copula_rows(samples, np.array([700, 300]), seed=1).values
    fitted = synthesis.train_generator(samples, GanParams(steps=100), seed=0)
    return synthesis.draw(fitted, {"0": 700, "1": 300}).values


def test_a_gap_depends_on_another_column_as_it_does_in_the_source(drawn_of_dependent):
    missing = drawn_of_dependent["income"].isna()
    no = drawn_of_dependent["job"] == "no"
    assert missing[no].all()
    assert not missing[~no].any()


def test_gaps_that_no_other_column_tells_keep_what_they_depend_on():
    stream = np.random.default_rng(3)
    x = stream.normal(size=600)
    samples = table_of(
        {"x": x, "y": pa.array(stream.normal(size=600), mask=x + stream.normal(size=600) / 4 > 1)},
        [0, 1] * 300,
    )
    made = copula_rows(samples, np.array([300, 300]), seed=0).values
    missing = made["y"].isna()
    assert missing[made["x"] > 1.5].mean() > 0.8
    assert missing[made["x"] < 0.5].mean() < 0.05


def test_columns_that_are_proportional_stay_so(drawn_of_dependent):
    x, y = (drawn_of_dependent[name].to_numpy(np.float64) for name in ("x", "y"))
    assert np.corrcoef(x, y)[0, 1] >= 0.9


def test_the_share_of_a_point_mass_is_kept(drawn_of_dependent):
    share = (dependent().values["spent"] == 0).mean()
    assert abs((drawn_of_dependent["spent"] == 0).mean() - share) < 0.03


def test_an_outlier_changes_nothing_for_the_others():
    stream = np.random.default_rng(0)
    values = stream.normal(50, 5, 200)
    values[7] = 1e9
    samples = table_of({"a": values, "b": stream.normal(size=200)}, [0, 1] * 100)
    made = copula_rows(samples, np.array([300, 300]), seed=0).values["a"]
    assert ((made > 30) & (made < 70)).mean() > 0.95


def test_copula_rows_of_one_class_do_not_depend_on_another(rows):
    few = copula_rows(rows, np.array([10, 0]), seed=4)
    many = copula_rows(rows, np.array([10, 50]), seed=4)
    assert few.values.equals(many.values.iloc[:10])
    assert set(many.provenance["origin"]) == {"copula"}
    assert many.provenance["id"].is_unique


def test_classes_differ_in_what_is_drawn_as_they_do_in_the_source():
    stream = np.random.default_rng(0)
    labels = np.array([0, 1] * 150)
    samples = table_of(
        {
            "a": stream.normal(size=300) + 3 * labels,
            "b": np.where(stream.random(300) < 0.1 + 0.7 * labels, "u", "v").tolist(),
        },
        labels.tolist(),
    )
    fitted = synthesis.train_generator(samples, GanParams(steps=60), seed=0)
    for label in (0, 1):
        own = synthesis.draw(fitted, {str(label): 500}).values
        real = samples.values[labels == label]
        assert abs(own["a"].mean() - real["a"].mean()) < 0.3
        assert abs((own["b"] == "u").mean() - (real["b"] == "u").mean()) < 0.06


def test_damaged_weights_are_told(fitted, rows):
    batch = torch.full((2, fitted.domain.layout.width), torch.nan)
    with pytest.raises(ArtifactError, match="damaged"):
        fitted.domain.restore(batch)


def test_a_table_of_which_no_column_varies_is_refused_in_a_sentence():
    samples = table_of({"a": ["x"] * 40, "b": [1] * 40}, [0, 1] * 20)
    with pytest.raises(ParamsError, match="No column of the table can be learned"):
        synthesis.train_generator(samples, FEW_STEPS, seed=0)
    assert set(copula_rows(samples, np.array([3, 3]), seed=0).values["a"]) == {"x"}


def test_mixed_precision_leaves_scores_exact(rows):
    params = GanParams(steps=4, batch_samples=16, precision="bf16")
    fitted = synthesis.train_generator(rows, params, seed=0)
    scores = synthesis.draw(fitted, {"1": 300}).values["height"]
    assert scores.nunique() > 250


def test_inputs_are_left_as_they_are(rows):
    before = rows.values.copy()
    copula_rows(rows, np.array([5, 5]), seed=0)
    pd.testing.assert_frame_equal(before, rows.values)
