"""`equipoise init` on a table: what it proposes, and the example that is built in."""

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.column_rules import keeps
from pipeline.params import load_params
from pipeline.sources.example_table import LABEL, example_csv, example_table
from pipeline.stages import prepare
from pipeline.storage import read_split
from pipeline.workspace import Workspace
from pipeline.yaml_text import parse_mapping
from tests.raw_data import csv_file, frame


def command(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The workspace of the example table, prepared."""
    folder = tmp_path_factory.mktemp("example") / "demo"
    done = command("init", folder, "--example", "table")
    assert done.exit_code == 0, done.output
    workspace = Workspace(folder)
    prepare.run(workspace, load_params(folder / "params.yaml"))
    return workspace


def test_the_example_has_every_kind_of_column_a_rare_class_and_rules(example):
    train = read_split(example.prepared, "train")
    kinds = {column.kind for column in train.schema.columns}
    assert kinds == {"continuous", "integer", "categorical", "boolean", "datetime"}
    assert any(column.has_missing for column in train.schema.columns)
    assert (train.values["leak_ml"] == 0).mean() == pytest.approx(0.75, abs=0.05)
    assert example_table()[LABEL].value_counts(normalize=True)["yes"] == pytest.approx(0.1)
    assert len(train.schema.rules) == 3
    assert keeps(train.schema.rules, train.values).all()
    assert "pump" not in train.values


def test_the_example_is_the_same_wherever_it_is_made():
    assert example_csv() == example_csv()
    assert example_csv().startswith(b"pump,site,region")


def test_the_digits_are_an_example_too(tmp_path):
    assert command("init", tmp_path / "ws", "--example", "digits").exit_code == 0
    source = load_params(tmp_path / "ws" / "params.yaml").source
    assert (source.kind, source.path) == ("digits", None)


@pytest.mark.parametrize("options", [(), ("--example", "table", "--from", "x.csv")])
def test_data_are_named_or_an_example_is_taken_and_not_both(tmp_path, options):
    done = command("init", tmp_path / "ws", *options)
    assert done.exit_code == 2
    assert "--from, or take --example table or --example digits" in done.output
    assert not (tmp_path / "ws").exists()


def made(tmp_path, data):
    raw = csv_file(tmp_path / "raw.csv", data)
    done = command("init", tmp_path / "ws", "--from", raw, "--label", "income")
    assert done.exit_code == 0, done.output
    return done.output, (tmp_path / "ws" / "params.yaml").read_text()


def test_columns_that_name_their_rows_are_left_out_and_told(tmp_path):
    data = frame().drop(columns="patient")
    told, text = made(tmp_path, data.assign(number=range(60), who=[f"p{k}" for k in range(60)]))
    assert "The column 'number' names its rows; params.yaml leaves it out." in told
    table = parse_mapping(text.encode(), where="params.yaml")["source"]["table"]
    assert table["leave_out"] == ["number", "who"]
    assert "need a change" not in told


def test_whole_numbers_that_seem_to_be_measured_are_kept_and_told(tmp_path):
    told, text = made(
        tmp_path, frame().drop(columns="patient").assign(pay=[k * k for k in range(60)])
    )
    assert "The column 'pay' has another whole number in every row" in told
    assert 'unique_columns: ["pay"]' in text


def test_rules_that_hold_stand_there_as_a_comment_that_can_be_made_active(tmp_path):
    data = frame().drop(columns="patient")
    data["day one"], data["night"] = [k % 7 for k in range(60)], [k * 3 % 5 for k in range(60)]
    data["both"] = data["day one"] + data["night"]
    told, text = made(tmp_path, data)
    assert "as a comment, 1 rule between columns" in told
    assert not load_params(tmp_path / "ws" / "params.yaml").source.table.rules
    active = text.replace("    # rules:", "    rules:").replace("    #   - ", "      - ")
    (tmp_path / "ws" / "params.yaml").write_text(active)
    params = load_params(tmp_path / "ws" / "params.yaml")
    assert params.source.table.rules == ('"day one" + night == both',)
    prepare.run(Workspace(tmp_path / "ws"), params)
