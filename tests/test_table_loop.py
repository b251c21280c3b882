"""The whole loop on a table: every stage, one after the other, on a few rows of the example."""

import re

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.column_rules import keeps
from pipeline.params import load_params
from pipeline.results import read_result
from pipeline.sources.example_table import FILE, LABEL, example_table
from pipeline.stages import assemble, evaluate, generate, prepare, report, train
from pipeline.storage import read_split
from pipeline.workspace import Workspace, read_json, verify_manifest

TINY = f"""
seed: 7
source:
  kind: table
  path: {FILE}
  label_column: {LABEL}
  table:
    leave_out: [pump]
    rules:
      - hours_day + hours_night == hours
      - installed <= inspected
      - combinations: [site, region]
  split: {{rule: exact}}
gan: {{steps: 30, watch_every_steps: 15}}
trial: {{preset: light, replicates: 2, consumers: [logistic, tree], advise: [], workers: 1}}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """After every stage but the release, which knows nothing of kinds of data."""
    root = tmp_path_factory.mktemp("table")
    table = example_table().iloc[:260]
    table.loc[table.index[3], "site"] = "Zwolle"
    table.loc[table.index[3], "region"] = "abroad"
    table.to_csv(root / FILE, index=False)
    (root / "params.yaml").write_text(TINY)
    workspace, params = Workspace(root), load_params(root / "params.yaml")
    for stage in (prepare, train, generate, evaluate, assemble, report):
        stage.run(workspace, params)
    return workspace


@pytest.fixture(scope="module")
def drawn(workspace):
    return read_split(workspace.synthetic, "train")


def test_every_class_is_drawn_as_often_as_asked(workspace, drawn):
    request = read_json(workspace.synthetic / "request.json")
    assert drawn.counts() == request["drawn"]
    tried = verify_manifest(workspace.synthetic)["tried"]
    assert tried["yes"] >= request["drawn"]["yes"]


def test_drawn_rows_keep_every_rule_and_the_columns_of_the_source(workspace, drawn):
    real = read_split(workspace.prepared, "train")
    assert drawn.schema == real.schema
    assert keeps(real.schema.rules, drawn.values).all()
    assert drawn.values.dtypes.equals(real.values.dtypes)
    for column in real.schema.columns:
        cells = drawn.values[column.name]
        assert column.has_missing or cells.notna().all()
        if column.kind in ("continuous", "integer", "datetime"):
            own = real.values[column.name]
            is_derived = column.name == "hours"
            assert is_derived or (cells.min() >= own.min() and cells.max() <= own.max())


def test_a_category_that_one_row_holds_is_never_drawn(drawn):
    assert not (drawn.values["site"] == "Zwolle").any()


def test_gaps_come_where_they_belong(drawn):
    has_sensor = drawn.values["sensor"].to_numpy(bool)
    gaps = drawn.values["temperature_c"].isna().to_numpy()
    assert gaps[~has_sensor].mean() > gaps[has_sensor].mean()


def test_the_trial_answers_for_the_table(workspace):
    result = read_result(workspace.trial)
    assert result.verdict in ("helps", "no evidence", "harms")


def test_the_set_is_typed_as_the_source_and_says_where_each_row_is_from(workspace):
    files = sorted((workspace.augmented / "data").rglob("*.parquet"))
    table = pd.concat([pq.read_table(file).to_pandas() for file in files])
    assert set(table["equipoise.source"]) >= {"real", "gan"}
    balanced = table[table["equipoise.in_balanced"]]
    assert balanced.groupby(LABEL).size().nunique() == 1
    assert np.issubdtype(table["hours"].dtype, np.integer)
    assert np.issubdtype(table["installed"].dtype, np.datetime64)


def test_the_report_stands_alone_and_speaks_of_no_pictures(workspace):
    text = (workspace.root / "reports" / "report.html").read_text()
    assert "Content-Security-Policy" in text
    told = re.sub(r"<style.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL)
    assert not re.search(r"\b(pixels?|pictures?)\b", told)
    assert re.search(r"Rows that break a rule between columns were drawn again: of \d+ draws", told)
