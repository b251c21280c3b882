"""The stages train and generate, on a workspace of two digits."""

import shutil
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline import storage, synthesis
from pipeline.params import BalanceParams, GanParams, Params
from pipeline.stages import generate, train
from pipeline.versions.pipeline_file import template
from pipeline.workspace import Workspace, read_json, verify_manifest, writing
from tests.gan.conftest import digits_of

PLOTS = template()["plots"]
PARAMS = Params(
    seed=3,
    gan=GanParams(steps=20, batch_samples=12),
    balance=BalanceParams(strategy="ratio", ratio=1.5, pool_factor=1.2),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    root = tmp_path_factory.mktemp("workspace")
    samples = digits_of({0: 20, 6: 8})
    with writing(root / "data" / "prepared") as directory:
        storage.write_schema(directory, samples.schema)
        storage.write_split(directory, "train", samples)
    workspace = Workspace(root)
    train.run(workspace, PARAMS)
    generate.run(workspace, PARAMS)
    return workspace


def bytes_of(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_every_row_of_the_curves_has_every_column_that_the_plots_draw(workspace):
    curves = pd.read_csv(workspace.generator / "curves.csv")
    definitions = [definition for plot in PLOTS for definition in plot.values()]
    drawn = [definition["y"].get("data/generator/curves.csv", []) for definition in definitions]
    assert {"step", *chain(*drawn)} == set(curves.columns)
    assert curves.notna().all(axis=None)
    assert list(curves["step"]) == [
        row["step"] for row in read_json(workspace.generator / "history.json")
    ]


def test_the_generator_can_be_loaded_and_its_manifest_holds(workspace):
    facts = verify_manifest(workspace.generator)
    assert facts["generator"] == synthesis.load_generator(workspace.generator).hash


def test_the_sheets_show_one_row_a_class(workspace):
    for name in ("real", "generated"):
        with Image.open(workspace.generator / "sheets" / f"{name}.png") as sheet:
            assert np.asarray(sheet).shape == (2 * 34 + 2, 16 * 34 + 2)


def test_the_pool_holds_what_was_asked_for_times_the_factor(workspace):
    request = read_json(workspace.synthetic / "request.json")
    assert request == {"requested": {"0": 10, "6": 22}, "drawn": {"0": 12, "6": 27}}
    assert storage.read_split(workspace.synthetic, "train").counts() == request["drawn"]


def test_both_stages_again_give_the_same_bytes(workspace):
    before = bytes_of(workspace.generator) | bytes_of(workspace.synthetic)
    shutil.rmtree(workspace.generator)
    train.run(workspace, PARAMS)
    generate.run(workspace, PARAMS)
    assert bytes_of(workspace.generator) | bytes_of(workspace.synthetic) == before


def test_a_finished_training_leaves_no_state_behind(workspace):
    assert not (workspace.private / "trainings").exists()


def test_a_run_whose_time_is_up_keeps_what_the_training_has_come_to_and_says_so(
    workspace, tmp_path, monkeypatch, caplog
):
    shutil.copytree(workspace.root, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv(train.SHARE_VARIABLE, "0")
    endless = PARAMS.model_copy(update={"gan": GanParams(steps=10_000_000, batch_samples=12)})
    place = Workspace(tmp_path)
    train.run(place, endless)
    fitted = synthesis.load_generator(place.generator)
    assert fitted.config["ending"]["reason"] == "time"
    assert fitted.config["ending"]["stopped_at_step"] < 10_000_000
    assert "as a share of `run.max_minutes`" in fitted.config["ending"]["message"]
    assert fitted.config["ending"]["message"] in caplog.text
    assert synthesis.draw(fitted, {"0": 2}).counts()["0"] == 2


def test_nothing_asked_for_is_an_empty_pool_that_can_be_read(workspace, tmp_path):
    shutil.copytree(workspace.root, tmp_path, dirs_exist_ok=True)
    even = PARAMS.model_copy(
        update={"balance": BalanceParams(strategy="explicit", target={"0": 20})}
    )
    generate.run(Workspace(tmp_path), even)
    assert len(storage.read_split(tmp_path / "data" / "synthetic", "train")) == 0
