"""The commands about versions, as a person types them, on a bare clone."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.workspace import verify_manifest
from tests.versions.conftest import finished_run, private_site_cache, released_run, sh

__all__ = ["finished_run", "private_site_cache", "released_run"]


@pytest.fixture(scope="module")
def bare(released_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    sh(folder, "git", "clone", "--quiet", "--bare", str(released_run), "bare.git")
    return folder / "bare.git"


@pytest.fixture
def equipoise(bare):
    def run(*arguments, code=0):
        result = CliRunner().invoke(app, [*map(str, arguments), "--repo", str(bare)])
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_versions_shows_verdict_gain_rows_and_promotion(equipoise):
    words = equipoise("versions").split()
    for word in ("v0.1.0", "helps", "+3.0", "+5.5]", "8+4", "#1"):
        assert word in words, word


def test_versions_as_json_holds_the_whole_record(equipoise):
    (version,) = json.loads(equipoise("versions", "--json"))
    assert version["tag"] == "augmented@v0.1.0"
    assert version["record"]["rows"]["dog"] == {"gan": 4, "real": 2}
    assert version["record"]["interval_points"] == [0.5, 5.5]


def test_versions_of_a_url_need_no_clone(bare):
    result = CliRunner().invoke(app, ["versions", "--json", "--repo", f"file://{bare}"])
    assert json.loads(result.output)[0]["version"] == "v0.1.0"


def test_an_address_that_is_no_repository_is_a_sentence(tmp_path):
    result = CliRunner().invoke(app, ["versions", "--repo", "file:///nowhere.git"])
    assert result.exit_code == 2
    assert "cannot be read" in result.output
    result = CliRunner().invoke(app, ["versions", "--repo", str(tmp_path)])
    assert result.exit_code == 2
    assert "is not a git repository" in result.output


def test_pull_takes_the_newest_promoted_and_refuses_to_overwrite(equipoise, tmp_path):
    told = equipoise("pull", "--to", tmp_path / "data")
    assert told.startswith("Pulled augmented@v0.1.0")
    verify_manifest(tmp_path / "data")
    assert "exists already" in equipoise("pull", "--to", tmp_path / "data", code=2)


def test_pull_of_chosen_rows_in_another_form(equipoise, tmp_path):
    equipoise(
        *("pull", "v0.1.0", "--to", tmp_path / "data", "--format", "numpy"),
        *("--only-synthetic", "--class", "dog"),
    )
    assert np.load(tmp_path / "data" / "is_synthetic.npy").tolist() == [True] * 4
    assert not [path for path in tmp_path.iterdir() if path.name != "data"]


def test_pull_of_one_origin_as_parquet(equipoise, tmp_path):
    equipoise("pull", "latest", "--to", tmp_path / "data", "--only-real")
    assert not pd.read_parquet(tmp_path / "data" / "train")["is_synthetic"].any()


def test_pull_of_nothing_is_refused_before_anything_is_fetched(equipoise, tmp_path):
    told = equipoise("pull", "--to", tmp_path / "x", "--only-real", "--only-synthetic", code=2)
    assert "leave no row" in told
    assert "no class 'cow'" in equipoise("pull", "--to", tmp_path / "x", "--class", "cow", code=2)
    assert list(tmp_path.iterdir()) == []


def test_diff_prints_and_writes_a_page(equipoise, tmp_path):
    told = equipoise("diff", "v0.1.0", "latest", "--html", tmp_path / "diff.html")
    assert "Of the real rows 0 were added, 0 removed, 8 kept." in told
    assert "augmented: v0.1.0" in (tmp_path / "diff.html").read_text()


def test_verify_says_what_it_looked_at(equipoise):
    assert "16 objects" in equipoise("verify")
    assert "every byte read); all is well." in equipoise("verify", "v0.1.0", "--read-data")
