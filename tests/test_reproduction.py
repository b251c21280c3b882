"""A real, small generator: what was drawn and released is drawn again to the byte."""

import dataclasses
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline import synthesis
from pipeline.cli import app
from pipeline.errors import VersionError
from pipeline.params import GanParams, load_params
from pipeline.reproduction import reproduce
from pipeline.stages.assemble import run as assemble
from pipeline.storage import read_split, write_schema, write_split
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.lockfile import md5_of
from pipeline.versions.release import release
from pipeline.versions.store import LocalStore
from pipeline.versions.verification import verify
from pipeline.workspace import Workspace, write_json, writing
from tests.hand_made import curation_of
from tests.versions.conftest import finished_run, private_site_cache, take_in

__all__ = ["finished_run", "private_site_cache"]


@pytest.fixture
def released(finished_run, tmp_path):
    """The finished run with rows of a generator that was really trained, for a moment."""
    shutil.copytree(finished_run, tmp_path / "workspace", symlinks=True)
    workspace = Workspace(tmp_path / "workspace")
    real = read_split(workspace.prepared, "train")
    fitted = synthesis.train_generator(real, GanParams(steps=2, batch_samples=4), seed=1)
    requested, drawn = {"cat": 0, "dog": 4}, {"cat": 0, "dog": 6}
    pool = synthesis.draw(fitted, drawn)
    with writing(workspace.generator) as directory:
        synthesis.save_generator(directory, fitted)
    with writing(workspace.synthetic) as directory:
        write_schema(directory, pool.schema)
        write_split(directory, "train", pool)
        write_json(directory / "request.json", {"requested": requested, "drawn": drawn})
    result = (workspace.trial / "result.json").read_bytes()
    with writing(workspace.trial) as directory:
        (directory / "result.json").write_bytes(result)
        curation = curation_of(pool, chosen=np.arange(6) % 3 != 1)
        curation.to_parquet(directory / "curation.parquet", index=False)
    params = load_params(workspace.params_file)
    assemble(workspace, params)
    text = (workspace.root / "dvc.yaml").read_text()
    (workspace.root / "dvc.yaml").write_text(
        text.replace("[data/prepared,", "[data/prepared, data/generator,")
    )
    take_in(workspace.root)
    release(workspace, params)
    return workspace


def test_a_version_is_made_again_from_generator_and_addresses_alone(released, tmp_path):
    git = Git(released.root)
    (one,) = list_releases(git, "augmented")
    # Were the synthetic rows themselves needed, this would show it.
    for output in ("data/augmented", "data/synthetic"):
        assert one.record is not None
        listing = one.record.outputs[output]
        (released.private / "remote" / "files" / "md5" / listing[:2] / listing[2:]).unlink()
    made = reproduce(git, one, tmp_path / "again")
    assert (made.n_rows, made.n_synthetic) == (13, 5)
    assert made.is_same
    for path in released.augmented.rglob("*.*"):
        again = tmp_path / "again" / path.relative_to(released.augmented)
        assert again.read_bytes() == path.read_bytes()


def test_another_wording_of_the_card_is_no_other_data(released, tmp_path, monkeypatch):
    git = Git(released.root)
    (one,) = list_releases(git, "augmented")
    monkeypatch.setattr("pipeline.dataset.write.card", lambda *_, **__: "Other words.")
    made = reproduce(git, one, tmp_path / "again")
    assert (made.is_same, made.only_words_differ) == (False, True)
    told = CliRunner().invoke(app, ["reproduce", "v0.1.0", "--repo", str(released.root)])
    assert told.exit_code == 0, told.output
    assert "every row is as released" in told.output


def test_other_rows_are_never_taken_for_other_words(released, tmp_path, monkeypatch):
    git = Git(released.root)
    (one,) = list_releases(git, "augmented")
    draw = synthesis.draw

    def darker(*arguments):
        drawn = draw(*arguments)
        return dataclasses.replace(drawn, values=drawn.values // 2)

    monkeypatch.setattr(synthesis, "draw", darker)
    made = reproduce(git, one, tmp_path / "again")
    assert (made.is_same, made.only_words_differ) == (False, False)


def test_a_version_of_an_earlier_release_is_refused_with_the_way_to_its_rows(released, tmp_path):
    git = Git(released.root)
    (one,) = list_releases(git, "augmented")
    assert one.record is not None
    earlier = dataclasses.replace(one, record=one.record.model_copy(update={"format_version": 1}))
    with pytest.raises(VersionError, match=r"only the release .* `equipoise pull v0\.1\.0`"):
        reproduce(git, earlier, tmp_path / "again")


def test_a_version_that_does_not_say_what_made_it_is_not_blamed_on_torch(released, tmp_path):
    git = Git(released.root)
    (one,) = list_releases(git, "augmented")
    assert one.record is not None
    lying = one.record.model_copy(update={"seed": 99})
    with pytest.raises(VersionError, match="Its tag names the seed 99, its files 0"):
        reproduce(git, dataclasses.replace(one, record=lying), tmp_path / "again")


@pytest.mark.parametrize(
    ("folder", "can_be"), [("data/augmented", True), ("data/generator", False)]
)
def test_verify_proposes_to_draw_the_rows_again_only_where_that_can_work(released, folder, can_be):
    file = max((released.root / folder).rglob("*.*"), key=lambda path: path.stat().st_size)
    md5 = md5_of(file.read_bytes())
    for place in (released.root / ".equipoise" / "remote", released.root / ".dvc" / "cache"):
        LocalStore(place).remove(md5)
    git = Git(released.root)
    releases = list_releases(git, "augmented")
    (problem,) = verify(git, releases).problems
    assert problem.md5 == md5
    assert ("equipoise reproduce v0.1.0" in problem.remedy) == can_be
