import shutil

import pytest
import torch

from pipeline.codecs.png import decode_png
from pipeline.dataset import torch_images
from pipeline.dataset.export import export
from pipeline.dataset.load import load_frame, load_torch
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Selection
from pipeline.errors import ArtifactError, VersionError
from pipeline.params import Params
from pipeline.results import RecipeAdvice
from pipeline.samples import concatenate
from pipeline.stages.assemble import run
from tests.hand_made import write_finished_stages

RECIPE = RecipeAdvice(
    classifier="cnn",
    words="classes sampled equally often, classical augmentation of strength 1",
    recipe={"sampling": 1.0, "augmentation": 1.0, "smote": False},
    on_set=True,
)


def finished(root, *advice):
    workspace = write_finished_stages(root, advice=advice)
    run(workspace, Params())
    return workspace.augmented


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("workspace"), RECIPE)


@pytest.fixture(scope="module")
def original(pulled):
    return concatenate(list(selected_shards(pulled, Selection("train"))))


def test_a_frame_has_class_names_weights_and_images_still_encoded(pulled, original):
    frame = load_frame(pulled)
    assert frame["class_name"].tolist() == [original.schema.classes[k] for k in original.labels]
    assert frame["weight"].tolist() == [1.0] * 12
    assert (decode_png(frame["image"][9]) == original.values[9]).all()


@pytest.mark.parametrize("rows", ["train", "balanced", "synthetic", "all"])
def test_torch_gives_the_rows_of_the_frame(pulled, rows):
    dataset, frame = load_torch(pulled, rows=rows), load_frame(pulled, rows=rows)
    assert dataset.labels.tolist() == frame["label"].tolist()
    assert dataset.weights.tolist() == frame["weight"].tolist()


@pytest.mark.parametrize("load", [load_frame, load_torch])
def test_rows_that_a_part_does_not_hold_are_refused_by_name(pulled, tmp_path, load):
    export(pulled, tmp_path, "parquet", Selection("balanced"))
    assert len(load(tmp_path, rows="balanced")) == 12
    with pytest.raises(VersionError, match="no rows `train`; it has `balanced`"):
        load(tmp_path)


@pytest.mark.parametrize("load", [load_frame, load_torch])
def test_rows_of_no_such_name_are_refused_with_those_there_are(pulled, load):
    with pytest.raises(VersionError, match="name one of train, balanced, synthetic, all"):
        load(pulled, rows="real")


def test_a_torch_item_is_the_row_scaled_to_zero_and_one(pulled, original):
    dataset = load_torch(pulled)
    image, label = dataset[9]
    assert image.dtype == torch.float32
    assert torch.equal(image * 255, torch.from_numpy(original.values[9]).permute(2, 0, 1).float())
    assert label == original.labels[9]


def test_images_are_decoded_only_when_asked_for(pulled, monkeypatch):
    decoded = []
    monkeypatch.setattr(
        torch_images, "decode_png", lambda content: decoded.append(1) or decode_png(content)
    )
    dataset = load_torch(pulled)
    assert decoded == []
    dataset[0]
    assert decoded == [1]


def test_a_transform_gets_the_bytes_as_stored(pulled):
    dataset = load_torch(pulled, transform=lambda pixels: (pixels.shape, str(pixels.dtype)))
    assert dataset[0][0] == ((8, 8, 1), "uint8")


def test_the_sampler_follows_the_weights(pulled):
    dataset = load_torch(pulled, rows="all")
    sampler = dataset.sampler(generator=torch.Generator().manual_seed(0))
    sampler.num_samples = 50_000
    drawn = torch.bincount(torch.tensor(list(sampler)), minlength=len(dataset)) / 50_000
    torch.testing.assert_close(
        drawn.double(), dataset.weights / dataset.weights.sum(), atol=0.01, rtol=0
    )


def test_rows_that_all_weigh_nothing_are_sampled_by_no_weight(tmp_path):
    workspace = write_finished_stages(tmp_path, in_set={"cat": {"real": 6}, "dog": {"real": 2}})
    run(workspace, Params())
    with pytest.raises(VersionError, match="Every one of these rows weighs 0"):
        load_torch(workspace.augmented, rows="synthetic").sampler()


def test_with_the_recipe_an_image_is_another_copy_each_time_and_the_same_for_a_seed(pulled):
    first, second = (load_torch(pulled, recipe=True, seed=1) for _ in range(2))
    copies = [first[0][0] for _ in range(3)]
    assert not torch.equal(copies[0], copies[1])
    for copy in copies:
        assert torch.equal(copy, second[0][0])
    assert not torch.equal(copies[0], load_torch(pulled, recipe=True, seed=2)[0][0])


def test_without_the_recipe_an_image_stays_as_it_is(pulled):
    dataset = load_torch(pulled)
    assert torch.equal(dataset[0][0], dataset[0][0])


def test_a_transform_gets_the_augmented_copy(pulled):
    dataset = load_torch(pulled, recipe=True, transform=lambda pixels: pixels.astype(int).sum())
    assert len({dataset[0][0] for _ in range(5)}) > 1


def epochs(dataset, *, workers, seed=0):
    """Two epochs of a loader, without shuffling."""
    stream = torch.Generator().manual_seed(seed)
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=3, num_workers=workers, generator=stream
    )
    return [torch.cat([images for images, _ in loader]) for _ in range(2)]


def test_workers_make_other_copies_in_each_epoch_and_the_same_for_a_seed(pulled):
    dataset = load_torch(pulled, recipe=True)
    first, second = epochs(dataset, workers=2)
    assert not torch.equal(first, second)
    assert torch.equal(first, epochs(dataset, workers=2)[0])


def test_the_sampler_of_the_recipe_draws_classes_as_it_says(pulled):
    sampler = load_torch(pulled, rows="all", recipe=True).sampler()
    weights, labels = torch.as_tensor(sampler.weights), load_torch(pulled, rows="all").labels
    shares = [float(weights[labels == k].sum() / weights.sum()) for k in (0, 1)]
    assert shares == pytest.approx([0.5, 0.5])


def test_where_the_recipe_scored_better_on_real_rows_the_added_ones_are_left_out(tmp_path, caplog):
    pulled = finished(tmp_path, RECIPE.model_copy(update={"on_set": False}))
    assert not load_torch(pulled, recipe=True).is_synthetic.any()
    assert "the added rows are left out" in caplog.text


def test_what_the_recipe_asks_for_in_the_training_loop_is_told(tmp_path, caplog):
    more = {**RECIPE.recipe, "mixup": 0.2}
    load_torch(finished(tmp_path, RECIPE.model_copy(update={"recipe": more})), recipe=True)
    assert "The recipe also has mixup 0.2" in caplog.text


@pytest.mark.parametrize(("name", "value"), [("augmentation", 1e300), ("sampling", -1.0)])
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path, name, value):
    strange = RECIPE.model_copy(update={"recipe": {**RECIPE.recipe, name: value}})
    with pytest.raises(VersionError, match=f"has {name} .* without `recipe=True`"):
        load_torch(finished(tmp_path, strange), recipe=True)


def test_a_version_whose_trial_looked_for_no_recipe_says_so(tmp_path):
    with pytest.raises(VersionError, match="no recipe for the classifier `cnn`"):
        load_torch(finished(tmp_path), recipe=True)


def test_a_damaged_version_is_refused(pulled, tmp_path):
    shutil.copytree(pulled, tmp_path / "copy")
    with next((tmp_path / "copy" / "data" / "real").iterdir()).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ArtifactError, match="has changed since it was written"):
        load_frame(tmp_path / "copy")


def test_a_folder_that_is_no_version_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(VersionError, match="equipoise pull"):
        load_torch(tmp_path)
