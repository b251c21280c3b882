"""The commands about versions, as a person types them, on a bare clone."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.dataset.load import load_frame
from pipeline.workspace import verify_manifest
from tests.released import release
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


def test_versions_says_of_what_the_gains_are(equipoise, tmp_path):
    told = equipoise("versions")
    assert "Gain: the dataset in place of the real rows" in told
    assert "90 % confidence intervals; the lower end decides" in told
    assert "of a mix" not in told
    release(tmp_path, "v0.1.0", of_mix=True)
    older = CliRunner().invoke(app, ["versions", "--repo", str(tmp_path)]).output
    assert "the version was made before the dataset itself was on trial" in older
    assert "in place of the real rows" not in older


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
        *("--rows", "synthetic", "--class", "dog"),
    )
    assert np.load(tmp_path / "data" / "is_synthetic.npy").tolist() == [True] * 6
    assert not [path for path in tmp_path.iterdir() if path.name != "data"]


def test_a_plain_pull_brings_the_recommended_set_and_nothing_else(equipoise, tmp_path):
    assert "the rows `train`" in equipoise("pull", "latest", "--to", tmp_path / "data")
    found = [pd.read_parquet(path) for path in (tmp_path / "data").rglob("*.parquet")]
    assert sorted(len(frame) for frame in found) == [2, 2, 8]
    assert all(frame["in_train"].all() for frame in found)


@pytest.mark.parametrize(("rows", "n"), [("train", 12), ("balanced", 12), ("synthetic", 6)])
def test_pull_of_a_config_is_loaded_by_its_name(equipoise, tmp_path, rows, n):
    equipoise("pull", "--to", tmp_path / "data", "--rows", rows)
    assert len(load_frame(tmp_path / "data", rows=rows)) == n


def test_pull_of_all_rows_is_the_release_byte_for_byte(equipoise, tmp_path, released_run):
    equipoise("pull", "--to", tmp_path / "data", "--rows", "all")
    original = released_run / "data" / "augmented"
    for path in original.rglob("*.*"):
        assert (tmp_path / "data" / path.relative_to(original)).read_bytes() == path.read_bytes()


def test_a_class_that_is_not_there_is_refused_and_nothing_is_left(equipoise, tmp_path):
    assert "no class 'cow'" in equipoise("pull", "--to", tmp_path / "x", "--class", "cow", code=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "remedy"),
    [("--only-synthetic", "`--rows synthetic`"), ("--only-real", "data/real")],
)
def test_an_option_of_before_is_refused_with_what_took_its_place(
    equipoise, tmp_path, option, remedy
):
    told = " ".join(equipoise("pull", "--to", tmp_path / "x", option, code=2).split())
    assert remedy in told
    assert list(tmp_path.iterdir()) == []


def test_diff_prints_and_writes_a_page(equipoise, tmp_path):
    told = equipoise("diff", "v0.1.0", "latest", "--html", tmp_path / "diff.html")
    assert "Of the real rows 0 were added, 0 removed, 8 kept." in told
    assert "Of the synthetic rows 0 were added, 0 removed, 6 kept." in told
    assert "Of the rows of `train` 0 were added, 0 removed, 12 kept." in told
    assert "augmented: v0.1.0" in (tmp_path / "diff.html").read_text()


def test_diff_of_a_config_compares_its_rows_alone(equipoise):
    told = equipoise("diff", "v0.1.0", "latest", "--rows", "synthetic")
    assert "Of the real rows of `synthetic` 0 were added, 0 removed, 0 kept." in told
    assert "Of the synthetic rows of `synthetic` 0 were added, 0 removed, 6 kept." in told


def test_verify_says_what_it_looked_at(equipoise):
    assert "20 objects" in equipoise("verify")
    assert "every byte read); all is well." in equipoise("verify", "v0.1.0", "--read-data")
