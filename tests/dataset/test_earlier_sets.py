"""Versions that were released before the configs stay readable."""

import pandas as pd
import pytest
import torch
from datasets import load_dataset

from pipeline.dataset.difference import compare_rows
from pipeline.dataset.export import export
from pipeline.dataset.load import load_frame, load_torch
from pipeline.dataset.wanted import Selection
from pipeline.errors import VersionError
from pipeline.params import Params
from pipeline.stages.assemble import run
from pipeline.workspace import verify_manifest
from tests.earlier_set import earlier_rows, write_earlier_set
from tests.hand_made import write_finished_stages


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    return write_earlier_set(tmp_path_factory.mktemp("earlier") / "set")


@pytest.fixture
def exported(earlier, tmp_path):
    def make(form, *selection):
        target = tmp_path / "part"
        target.mkdir()
        export(earlier, target, form, Selection(*selection))
        verify_manifest(target)
        return target

    return make


@pytest.mark.parametrize("rows", ["train", "all"])
def test_its_training_rows_are_all_of_its_rows_with_their_weights(earlier, rows):
    frame = load_frame(earlier, rows=rows)
    assert frame["id"].tolist() == earlier_rows().ids.tolist()
    assert frame["weight"].tolist() == [1.0] * 8 + [0.25] * 4 + [0.5]


@pytest.mark.parametrize(
    ("rows", "sources"), [("balanced", {"real": 8, "gan": 4}), ("synthetic", {"gan": 4})]
)
def test_its_other_configs_are_told_from_the_sources_of_its_rows(earlier, rows, sources):
    assert load_frame(earlier, rows=rows)["source"].value_counts().to_dict() == sources


def test_torch_samples_by_the_weights_that_it_has(earlier):
    dataset = load_torch(earlier)
    assert dataset.weights.tolist() == [1.0] * 8 + [0.25] * 4 + [0.5]
    torch.testing.assert_close(dataset.sampler().weights, dataset.weights)


def test_it_has_no_recipe_and_says_so(earlier):
    with pytest.raises(VersionError, match="made before recipes came with versions"):
        load_torch(earlier, recipe=True)


def test_its_training_rows_as_parquet_are_the_release_byte_for_byte(exported, earlier):
    target = exported("parquet")
    for path in earlier.rglob("*.*"):
        assert (target / path.relative_to(earlier)).read_bytes() == path.read_bytes()


def test_a_part_of_it_keeps_its_layout(exported, tmp_path):
    target = exported("parquet", "balanced", ("dog",))
    frame = pd.read_parquet(target / "train")
    assert frame["source"].tolist() == ["real"] * 2 + ["gan"] * 4
    rows = load_dataset(str(target), split="train", cache_dir=str(tmp_path / "cache"))
    assert list(rows["id"]) == frame["id"].tolist()


def test_a_part_of_it_is_not_taken_for_its_training_rows(exported):
    target = exported("parquet", "synthetic")
    assert set(load_frame(target, rows="synthetic")["source"]) == {"gan"}
    with pytest.raises(VersionError, match="has no rows `train`; it has `synthetic`"):
        load_frame(target)


def test_it_can_be_pulled_in_every_other_form(exported):
    table = pd.read_csv(exported("csv", "synthetic") / "synthetic.csv")
    assert table["weight"].tolist() == [0.25] * 4


def test_its_rows_are_compared_with_those_of_a_new_version(earlier, tmp_path):
    workspace = write_finished_stages(tmp_path)
    run(workspace, Params())
    counts = {
        (row.class_name, row.synthetic): (row.added, row.removed, row.kept)
        for row in compare_rows(earlier, workspace.augmented)
    }
    assert counts == {
        ("cat", False): (0, 0, 6),
        ("cat", True): (0, 0, 0),
        ("dog", False): (0, 0, 2),
        ("dog", True): (2, 1, 4),
    }
