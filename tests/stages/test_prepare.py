import shutil

import numpy as np
import pytest

from pipeline.errors import ParamsError, WorkspaceError
from pipeline.params import Params
from pipeline.stages import prepare
from pipeline.storage import read_schema, read_split
from pipeline.workspace import Workspace, sha256_of, verify_manifest

THINNED = {
    "source": {
        "kind": "digits",
        "thin": {"0": 80, "7": 10},
        "split": {"test_per_class": 40, "seed": 5},
    },
}


def prepared(folder, content=THINNED):
    workspace = Workspace(folder)
    prepare.run(workspace, Params.model_validate(content))
    return workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("digits"))


def test_thinned_classes_have_exactly_the_rows_asked_for(workspace):
    counts = read_split(workspace.prepared, "train").counts()
    assert (counts["0"], counts["7"]) == (80, 10)


def test_the_test_split_is_balanced_and_untouched_by_thinning(workspace):
    assert set(read_split(workspace.prepared, "test").counts().values()) == {40}


def test_thinned_rows_are_withheld_and_every_row_is_in_one_split(workspace):
    ids = [read_split(workspace.prepared, split).ids for split in ("train", "test", "withheld")]
    together = np.concatenate(ids)
    assert len(together) == len(set(together)) == 1797
    withheld = read_split(workspace.prepared, "withheld").counts()
    assert [name for name, n in withheld.items() if n] == ["0", "7"]


def test_the_schema_names_the_classes_in_label_order(workspace):
    assert read_schema(workspace.prepared).classes == tuple("0123456789")


def test_the_manifest_proves_what_was_written(workspace):
    facts = verify_manifest(workspace.prepared)
    assert facts["counts"]["train"]["7"] == 10


def test_the_same_seed_gives_the_same_bytes(workspace, tmp_path):
    again = prepared(tmp_path)
    assert sha256_of(again.prepared / "manifest.json") == sha256_of(
        workspace.prepared / "manifest.json"
    )


def test_the_seed_of_a_run_leaves_the_test_split_as_it_is(workspace, tmp_path):
    other = prepared(tmp_path, THINNED | {"seed": 6})
    assert list(read_split(other.prepared, "test").ids) == list(
        read_split(workspace.prepared, "test").ids
    )


def test_another_split_seed_gives_another_split(workspace, tmp_path):
    source = THINNED["source"] | {"split": {"test_per_class": 40, "seed": 6}}
    other = prepared(tmp_path, {"source": source})
    assert set(read_split(other.prepared, "test").ids) != set(
        read_split(workspace.prepared, "test").ids
    )


def test_thinning_an_unknown_class_or_to_more_than_there_is_is_refused_in_one_pass(tmp_path):
    content = {"source": {"thin": {"ten": 3, "3": 999}}}
    with pytest.raises(ParamsError) as caught:
        prepared(tmp_path, content)
    assert "'ten', which the source does not have" in str(caught.value)
    assert "999 training rows of the class '3'" in str(caught.value)
    assert not (tmp_path / "data" / "prepared").exists()


def test_a_validation_split_has_the_rows_of_each_class_that_were_asked_for(tmp_path):
    source = {"split": {"test_per_class": 40, "validation_per_class": 30}}
    folder = prepared(tmp_path, {"source": source}).prepared
    assert set(read_split(folder, "test").counts().values()) == {40}
    assert set(read_split(folder, "validation").counts().values()) == {30}


def test_a_disk_that_is_nearly_full_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(WorkspaceError, match="0 MB free; the prepared samples take"):
        prepared(tmp_path)
    assert not (tmp_path / "data" / "prepared").exists()


def test_an_interrupted_prepare_leaves_nothing_under_the_final_name(tmp_path, monkeypatch):
    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(prepare, "write_json", broken)
    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path)
    assert list((tmp_path / "data").iterdir()) == []
