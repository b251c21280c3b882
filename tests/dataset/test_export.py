import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from datasets import get_dataset_config_names, load_dataset
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.dataset.assemble import COLUMNS
from pipeline.dataset.export import export
from pipeline.dataset.export_images import file_name, unique_names
from pipeline.dataset.layout import is_among
from pipeline.dataset.load import load_frame
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Selection
from pipeline.dataset.write import write_set
from pipeline.errors import ArtifactError, VersionError
from pipeline.formulas import harmless, restored
from pipeline.params import Params
from pipeline.samples import Column, Samples, Schema, concatenate
from pipeline.stages.assemble import run
from pipeline.storage import from_arrow
from pipeline.workspace import read_json, verify_manifest
from tests.hand_made import trial_result, write_finished_stages
from tests.sources.table_file import looked_at


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    workspace = write_finished_stages(tmp_path_factory.mktemp("workspace"))
    run(workspace, Params())
    return workspace.augmented


@pytest.fixture(scope="module")
def original(source):
    return concatenate(list(selected_shards(source, Selection())))


@pytest.fixture
def exported(source, tmp_path):
    def make(form, **selection):
        target = tmp_path / "part"
        target.mkdir()
        export(source, target, form, Selection(**selection))
        verify_manifest(target)
        return target

    return make


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_parquet_of_all_rows_is_the_release_byte_for_byte(exported, source):
    assert files_of(exported("parquet", rows="all")) == files_of(source)


@pytest.mark.parametrize("rows", ["train", "balanced", "synthetic"])
def test_parquet_of_a_config_has_its_files_as_released_and_no_other(exported, source, rows):
    part, whole = files_of(exported("parquet", rows=rows)), files_of(source)
    names = [name for name in part if name.startswith("data/")]
    assert names == [name for name in whole if name.startswith("data/") and is_among(name, rows)]
    assert all(part[name] == whole[name] for name in (*names, "schema.json", "recipe.json"))


@pytest.mark.parametrize("rows", ["train", "balanced", "synthetic", "all"])
def test_parquet_of_one_class_keeps_layout_and_types(exported, source, rows):
    part = load_frame(exported("parquet", rows=rows, classes=("dog",)), rows=rows)
    whole = load_frame(source, rows=rows)
    assert part["id"].tolist() == whole["id"][whole["class_name"] == "dog"].tolist()
    assert part.dtypes.equals(whole.dtypes)


@pytest.mark.parametrize(
    ("selection", "configs"),
    [
        ({"rows": "train"}, ["train"]),
        ({"rows": "synthetic"}, ["synthetic"]),
        ({"rows": "all", "classes": ("dog",)}, ["train", "balanced", "synthetic", "all"]),
        ({"rows": "all", "classes": ("cat",)}, ["train", "balanced", "all"]),
    ],
)
def test_card_and_manifest_of_a_part_name_the_configs_that_it_holds(
    exported, selection, configs, tmp_path
):
    target = exported("parquet", **selection)
    assert get_dataset_config_names(str(target)) == configs
    facts = verify_manifest(target)
    assert sorted(facts["configs"]) == sorted(configs)
    for config in configs:
        rows = load_dataset(str(target), config, split="train", cache_dir=str(tmp_path / "cache"))
        told = facts["configs"][config].values()
        assert len(rows) == sum(sum(of_class.values()) for of_class in told) > 0


def test_the_card_of_a_part_says_first_what_it_holds(exported):
    text = (exported("csv", rows="balanced", classes=("dog",)) / "README.md").read_text()
    _, header, body = text.split("---\n", maxsplit=2)
    assert "configs" not in header
    assert body.strip().startswith(
        "**A part of the version.** This folder holds the rows `balanced` of one class: 6 rows, "
        "as csv."
    )


@pytest.mark.parametrize("configs", [None, [], {"train": 7}, {"train": {"cat": {"real": -1}}}])
def test_a_manifest_that_does_not_count_its_rows_is_a_sentence(source, tmp_path, configs):
    shutil.copytree(source, tmp_path / "set")
    manifest = read_json(source / "manifest.json")
    manifest["facts"]["configs"] = configs
    (tmp_path / "set" / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "part").mkdir()
    with pytest.raises(ArtifactError, match="does not count its rows `train`"):
        export(tmp_path / "set", tmp_path / "part", "parquet", Selection())


def test_the_library_reads_exported_pictures_unasked(exported, tmp_path):
    target = exported("images")
    rows = load_dataset(str(target), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(rows) == 12
    assert rows[0]["image"].size == (8, 8)


def test_no_row_to_export_is_refused_and_nothing_is_written(exported, tmp_path):
    with pytest.raises(VersionError, match="no row of 'cat' among the rows `synthetic`"):
        exported("parquet", rows="synthetic", classes=("cat",))
    assert list((tmp_path / "part").iterdir()) == []


def test_images_lie_in_a_folder_of_their_class_and_are_the_very_pixels(exported, original):
    target = exported("images")
    table = pd.read_csv(target / "metadata.csv")
    assert len(table) == len(original)
    assert sorted(path.name for path in target.iterdir() if path.is_dir()) == ["cat", "dog"]
    for position, row in table.iterrows():
        with Image.open(target / row["file_name"]) as image:
            assert (np.asarray(image) == original.values[position, :, :, 0]).all()
        assert row["file_name"].startswith(row["label"])
        assert row["weight"] == original.provenance["weight"][position]
        assert row["in_balanced"] == original.provenance["in_balanced"][position]


def test_csv_holds_every_pixel_of_the_asked_class(exported, original):
    target = exported("csv", classes=("dog",))
    table = pd.read_csv(target / "train.csv")
    dogs = original.take(original.labels == 1)
    assert set(table["label"]) == {"dog"}
    pixels = table[[f"pixel_{k}" for k in range(64)]].to_numpy()
    assert (pixels == dogs.values.reshape(len(dogs), 64)).all()


def test_numpy_arrays_load_without_pickle_and_stay_in_step(exported, original):
    target = exported("numpy")
    arrays = {
        name: np.load(target / f"{name}.npy", allow_pickle=False)
        for name in ("values", "labels", "weights", "is_synthetic", "ids", "in_balanced")
    }
    assert (arrays["values"] == original.values).all()
    assert (arrays["labels"] == original.labels).all()
    assert (arrays["ids"] == original.ids.astype(str)).all()
    assert arrays["weights"].tolist() == [1.0] * 12
    assert arrays["in_balanced"].tolist() == original.provenance["in_balanced"].tolist()


def test_an_unknown_class_is_refused_with_those_there_are(exported):
    with pytest.raises(VersionError, match=r"no class 'cow' .* 'cat', 'dog'"):
        exported("parquet", classes=("cow",))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    schema = Schema(
        modality="table",
        classes=("no", "=yes"),
        columns=(
            Column(name="age", kind="integer", has_missing=True),
            Column(name="job", kind="categorical", categories=("=cmd()", "nurse")),
        ),
        label_column="id",
    )
    samples = Samples(
        schema=schema,
        values=pd.DataFrame({"age": [31.0, np.nan, 50.0], "job": ["nurse", "=cmd()", None]}),
        labels=np.array([0, 1, 1]),
        provenance=pd.DataFrame({"id": ["r0", "r1", "s0"], "source": ["real", "real", "smote"]}),
    )
    return write_table(folder / "set", samples)


def write_table(directory, samples):
    """A set of a table, all of whose rows are in `train`."""
    frame = samples.provenance.reindex(columns=[*COLUMNS])
    is_real = frame["source"] == "real"
    frame = frame.assign(
        is_synthetic=~is_real, in_train=True, in_balanced=is_real, weight=1.0
    ).astype(COLUMNS)
    in_set = {name: {"real": n} for name, n in samples.counts().items()}
    result = trial_result(in_set=in_set)
    write_set(directory, replace(samples, provenance=frame), result, name="augmented", seed=0)
    return directory


def test_a_table_becomes_csv_whose_cells_no_spreadsheet_runs(table, tmp_path):
    export(table, tmp_path, "csv", Selection())
    with (tmp_path / "train.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["job"] for row in rows] == ["nurse", "'=cmd()", ""]
    assert [row["id"] for row in rows] == ["no", "'=yes", "'=yes"]
    assert [row["equipoise.id"] for row in rows] == ["r0", "r1", "s0"]
    assert [row["age"] for row in rows] == ["31", "", "50"]


def test_a_table_becomes_numbers_with_missing_values_as_nan(table, tmp_path):
    export(table, tmp_path, "numpy", Selection())
    values = np.load(tmp_path / "values.npy", allow_pickle=False)
    np.testing.assert_array_equal(values, [[31, 1], [np.nan, 0], [50, np.nan]])


def test_a_table_is_not_to_be_had_as_images(table, tmp_path):
    with pytest.raises(VersionError, match="is a table"):
        export(table, tmp_path, "images", Selection())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_neutralised(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["../../etc", "/etc/passwd", ".hidden", "-rf", "a\nb", "", "é" * 99]
)
def test_no_text_from_outside_leaves_its_folder(text):
    name = file_name(text)
    assert "/" not in name
    assert not name.startswith((".", "-"))
    assert 0 < len(name.encode()) <= 100


def test_classes_that_would_share_a_folder_get_two():
    assert (
        len({name.casefold() for name in unique_names(("a/b", "a?b", "A_B", "metadata.csv"))}) == 4
    )


@given(st.text(st.sampled_from("'=+-@\t\rab1"), max_size=6))
def test_a_cell_that_was_neutralised_can_be_had_back(text):
    assert restored(harmless(text)) == text


def test_a_table_read_back_from_its_csv_has_the_values_that_it_had(tmp_path):
    raw = pd.DataFrame(
        {
            "n": pd.array([2**53, None, 3, -1] * 6, "Int64"),
            "x": [0.1, 1e-300, float("nan"), -2.5] * 6,
            "when": pd.to_datetime(
                ["2024-01-01 10:00:00.000001", None, "1900-01-01", "2024"] * 6, format="mixed"
            ),
            "word": ["=1+1", "'=x", None, 'a,\n"b'] * 6,
            "flag": pd.array([True, None, False, True] * 6, "boolean"),
            "kind": ["-1", "yes/no", "-1", "yes/no"] * 6,
        }
    )
    raw.to_parquet(tmp_path / "raw.parquet")
    settings = {"table": {"unique_columns": []}, "minimum_per_class": 1}
    source, survey = looked_at(tmp_path / "raw.parquet", label="kind", **settings)
    before = from_arrow(next(source.read(np.arange(24))), survey.schema)
    write_table(
        tmp_path / "set", replace(before, provenance=before.provenance.assign(source="real"))
    )
    (tmp_path / "out").mkdir()
    export(tmp_path / "set", tmp_path / "out", "csv", Selection())
    columns = [f"equipoise.{name}" for name in COLUMNS]
    table = {"leave_out": columns, "kinds": {"word": "categorical"}, "quoted_newlines": "allow"}
    again, reread = looked_at(tmp_path / "out" / "train.csv", label="kind", table=table)
    after = from_arrow(next(again.read(np.arange(24))), reread.schema)
    frame = after.values.assign(word=after.values["word"].map(restored, na_action="ignore"))
    assert [restored(name) for name in reread.schema.classes] == list(before.schema.classes)
    for name in before.values:
        assert frame[name].tolist() == before.values[name].tolist() or name == "x"
    assert [x for x in frame["x"] if x is not pd.NA] == [
        x for x in before.values["x"] if x is not pd.NA
    ]


@pytest.mark.parametrize(
    "name", ["con", "NUL.txt", "x.", " y ", "-1", "yes/no", "--3", "😀", "z" * 999]
)
def test_a_class_name_makes_a_folder_that_every_system_can_hold(name):
    made = file_name(name)
    assert made == made.strip(" .")
    assert made.casefold() not in ("con", "nul.txt")
    assert not set(made) & set('/\\:*?"<>|')
    assert 0 < len(made.encode()) <= 101
