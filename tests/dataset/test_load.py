import shutil

import pytest
import torch

from pipeline.dataset import torch_dataset
from pipeline.dataset.load import load_frame, load_torch
from pipeline.errors import ArtifactError, VersionError
from pipeline.params import Params
from pipeline.stages.assemble import run
from pipeline.storage import decode_png, read_split
from tests.hand_made import write_finished_stages


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    workspace = write_finished_stages(tmp_path_factory.mktemp("workspace"))
    run(workspace, Params())
    return workspace.augmented


def test_a_frame_has_class_names_weights_and_images_still_encoded(pulled):
    frame = load_frame(pulled)
    original = read_split(pulled, "train")
    assert frame["class_name"].tolist() == [original.schema.classes[k] for k in original.labels]
    assert frame["weight"].tolist() == [1.0] * 8 + [0.5] * 4
    assert (decode_png(frame["image"][9]) == original.values[9]).all()


def test_a_frame_of_one_origin_holds_no_other(pulled):
    assert not load_frame(pulled, synthetic=False)["is_synthetic"].any()
    assert load_frame(pulled, synthetic=True)["is_synthetic"].all()


def test_a_torch_item_is_the_row_scaled_to_zero_and_one(pulled):
    dataset, original = load_torch(pulled), read_split(pulled, "train")
    image, label = dataset[9]
    assert image.dtype == torch.float32
    assert torch.equal(image * 255, torch.from_numpy(original.values[9]).permute(2, 0, 1).float())
    assert label == original.labels[9]


def test_images_are_decoded_only_when_asked_for(pulled, monkeypatch):
    decoded = []
    monkeypatch.setattr(
        torch_dataset, "decode_png", lambda content: decoded.append(1) or decode_png(content)
    )
    dataset = load_torch(pulled)
    assert decoded == []
    dataset[0]
    assert decoded == [1]


def test_a_transform_gets_the_bytes_as_stored(pulled):
    dataset = load_torch(pulled, transform=lambda pixels: (pixels.shape, str(pixels.dtype)))
    assert dataset[0][0] == ((8, 8, 1), "uint8")


def test_the_sampler_follows_the_recommended_weights(pulled):
    dataset = load_torch(pulled)
    sampler = dataset.sampler(generator=torch.Generator().manual_seed(0))
    sampler.num_samples = 50_000
    drawn = torch.bincount(torch.tensor(list(sampler)), minlength=len(dataset)) / 50_000
    torch.testing.assert_close(
        drawn.double(), dataset.weights / dataset.weights.sum(), atol=0.01, rtol=0
    )


def test_a_damaged_version_is_refused(pulled, tmp_path):
    shutil.copytree(pulled, tmp_path / "copy")
    with next((tmp_path / "copy" / "train").iterdir()).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ArtifactError, match="has changed since it was written"):
        load_frame(tmp_path / "copy")


def test_a_folder_that_is_no_version_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(VersionError, match="equipoise pull"):
        load_torch(tmp_path)
