"""A released table opens as the source was, in every form in which it can be had."""

import dataclasses
import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from pipeline.column_rules import Comparison, Term
from pipeline.column_types import arrow_to_frame, frame_to_arrow
from pipeline.dataset.assemble import COLUMNS
from pipeline.dataset.export import export
from pipeline.dataset.load import load_frame, load_torch
from pipeline.dataset.wanted import Selection
from pipeline.dataset.write import write_set
from pipeline.formulas import restored
from pipeline.samples import Column, Samples, Schema
from pipeline.workspace import read_json
from tests.hand_made import trial_result

DAYS = [date(1900, 1, 1), None, date(2024, 2, 29), date(1970, 1, 1)]
MOMENTS = ["2024-01-01 10:00:00.000001", None, "1900", "2024"]
TYPES = {
    "code": ("integer", "uint8", [1, None, 250, 3]),
    "big": ("integer", "int64", [2**53 + 1, -5, 0, 7]),
    "share": ("continuous", "float", [0.1, None, -2.5, 1e-30]),
    "amount": ("continuous", "double", [0.1 + 0.2, 1e300, None, -0.0]),
    "member": ("boolean", "bool", [True, False, None, True]),
    "job": ("categorical", "string", ["=cmd()", "NA", None, 'a,\n"b']),
    "born": ("datetime", "date32[day]", DAYS),
    "seen": ("datetime", "timestamp[us, tz=UTC]", MOMENTS),
}  # fmt: skip


def samples():
    columns = tuple(
        Column(
            name=name,
            kind=kind,
            type=kind_of,
            categories=("=cmd()", "NA", 'a,\n"b') if kind == "categorical" else (),
            has_missing=None in cells,
        )
        for name, (kind, kind_of, cells) in TYPES.items()
    )
    frame = pd.DataFrame(
        {name: pd.Series(cells, dtype=object) for name, (_, _, cells) in TYPES.items()}
    )
    frame["seen"] = pd.to_datetime(frame["seen"], format="mixed", utc=True).astype(
        "datetime64[us, UTC]"
    )
    values = arrow_to_frame(frame_to_arrow(frame, columns), columns)
    schema = Schema(modality="table", classes=("no", "=yes"), columns=columns, label_column="paid")
    ids = pd.DataFrame({"id": ["r0", "r1", "r2", "s0"], "source": ["real"] * 3 + ["munge"]})
    frame = ids.reindex(columns=[*COLUMNS]).assign(
        is_synthetic=[False] * 3 + [True], in_train=True, in_balanced=[True] * 3 + [False],
        weight=1.0,
    )  # fmt: skip
    return Samples(schema, values, np.array([0, 1, 0, 1]), frame.astype(COLUMNS))


SAMPLES = samples()
CLASSES = [SAMPLES.schema.classes[k] for k in SAMPLES.labels]


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released") / "set"
    result = trial_result(in_set={"no": {"real": 2}, "=yes": {"real": 1, "munge": 1}})
    write_set(
        folder,
        SAMPLES,
        result,
        name="augmented",
        seed=0,
        changes=("The column 'notes' was left out.",),
    )
    return folder


@pytest.fixture
def exported(released, tmp_path):
    def make(form, rows="train"):
        export(released, tmp_path, form, Selection(rows))
        return tmp_path

    return make


def cells(frame, name):
    return [None if pd.isna(value) else value for value in frame[name]]


def test_every_column_has_the_type_that_it_had_in_the_source(released):
    files = sorted((released / "data").rglob("*.parquet"))
    for path in files:
        found = pq.read_schema(path)
        assert found.names[: len(TYPES)] == list(TYPES)
        assert {name: str(found.field(name).type) for name in TYPES} == {
            name: kind for name, (_, kind, _) in TYPES.items()
        }


def test_a_frame_has_the_values_and_nullable_types_where_cells_are_missing(released):
    frame = load_frame(released)
    assert str(frame["code"].dtype) == "UInt8"
    assert str(frame["big"].dtype) == "int64"
    assert str(frame["member"].dtype) == "boolean"
    assert frame["equipoise.class_name"].tolist() == CLASSES
    for name in ("code", "big", "amount", "member", "job"):
        assert cells(frame, name) == TYPES[name][2]
    assert cells(frame, "born") == TYPES["born"][2]


def test_pandas_alone_reads_the_rows_as_they_are(released):
    frame = pd.read_parquet(released / "data", dtype_backend="pyarrow")
    assert (
        cells(frame.set_index("equipoise.id").loc[["r0", "r1", "r2", "s0"]], "big")
        == (TYPES["big"][2])
    )


def test_the_library_reads_every_type_and_class_names_unasked(released, tmp_path):
    rows = load_dataset(str(released), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows.features["paid"].names == ["no", "=yes"]
    assert rows.features["code"].dtype == "uint8"
    assert rows.features["share"].dtype == "float32"
    assert rows.features["born"].dtype == "date32"
    assert rows.features["seen"].dtype == "timestamp[us, tz=UTC]"
    assert rows["job"][:] == TYPES["job"][2]
    assert rows["born"][:] == TYPES["born"][2]


def test_a_csv_reads_back_to_equal_values(exported):
    frame = pd.read_csv(
        exported("csv") / "train.csv",
        keep_default_na=False,
        na_values=[""],
        dtype={"code": "UInt8", "member": "boolean", "job": "string", "share": "float32"},
        parse_dates=["seen"],
    )
    for name in ("code", "big", "amount", "member"):
        assert cells(frame, name) == TYPES[name][2]
    assert [text and restored(text) for text in cells(frame, "job")] == TYPES["job"][2]
    assert [restored(name) for name in frame["paid"]] == CLASSES
    assert np.allclose(frame["share"].dropna(), [0.1, -2.5, 1e-30])
    assert cells(frame, "born") == [day and day.isoformat() for day in TYPES["born"][2]]
    moments = pd.to_datetime(frame["seen"], format="mixed", utc=True)
    expected = pd.Series(SAMPLES.values["seen"].tolist())
    assert [m for m in moments if pd.notna(m)] == [m for m in expected if pd.notna(m)]


def test_numbers_name_their_columns_and_categories(exported):
    folder = exported("numpy")
    values = np.load(folder / "values.npy", allow_pickle=False)
    told = read_json(folder / "columns.json")
    job = told[5]
    assert job["name"] == "job"
    known = [None if np.isnan(v) else job["categories"][int(v)] for v in values[:, 5]]
    assert known == TYPES["job"][2]
    assert np.isnan(values[1, 0])
    assert values[2, 6] == pd.Timestamp("2024-02-29").timestamp()


def test_torch_gives_rows_of_numbers_with_their_columns(released):
    dataset = load_torch(released)
    row, label = dataset[1]
    assert row.shape == (len(TYPES),)
    assert label == 1
    assert row[1] == -5
    assert row[0].isnan()
    assert [column["name"] for column in dataset.columns] == list(TYPES)
    assert dataset.sampler().num_samples == 4


def test_the_card_names_columns_kinds_and_what_was_left_out(released):
    text = (released / "README.md").read_text()
    assert "tabular-classification" in text
    assert "A labelled table of 2 classes" in text
    assert "| <code>code</code> | whole number (uint8); cells may be missing |" in text
    assert "category (string), 3 categories" in text
    assert "The column 'notes' was left out." in text
    assert "pixel" not in text


def test_the_card_tells_the_rules_that_every_row_keeps(tmp_path):
    rule = Comparison(
        text="big >= code",
        terms=(Term(column="big", weight=1.0), Term(column="code", weight=-1.0)),
        constant=0.0,
        relation=">=",
    )
    schema = SAMPLES.schema.model_copy(update={"rules": (rule,)})
    write_set(
        tmp_path / "set",
        dataclasses.replace(SAMPLES, schema=schema),
        trial_result(in_set={"no": {"real": 2}, "=yes": {"real": 1, "munge": 1}}),
        name="augmented",
        seed=0,
    )
    text = (tmp_path / "set" / "README.md").read_text()
    assert "Every row keeps these rules between columns:" in text
    assert "- big &gt;= code" in text


def test_loading_a_table_needs_no_torch(released):
    code = (
        "import sys; from pipeline.dataset.load import load_frame; "
        f"load_frame({str(released)!r}); "
        "print(sorted({'torch', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
