from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.plan import plan
from pipeline.errors import ParamsError
from pipeline.params import Params, load_params
from pipeline.params_edit import set_replicates
from pipeline.workspace import Workspace

REPOSITORY = Path(__file__).parent.parent
WRITTEN = {
    "with a comment behind it": "trial:\n  replicates: 4  # as often\n  preset: light\n",
    "last in the section": "trial:\n  preset: light\n  replicates: 4\nseed: 3\n",
    "in braces": "trial: {preset: light, replicates: 4}\nseed: 3\n",
    "not at all": "trial:\n    # how\n    preset: light\nseed: 3\n",
    "as an empty section": "trial:  # to be filled\nseed: 3\n",
    "without a section": "seed: 3",
    "with Windows line ends": "trial:\r\n  replicates: 4\r\nseed: 3\r\n",
}


def written(directory, text):
    path = directory / "params.yaml"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
def test_replicates_are_set_however_they_are_written_and_nothing_else_changes(tmp_path, text):
    path = written(tmp_path, text)
    before = load_params(path)
    told = set_replicates(path, 12)
    after = load_params(path)
    assert after.trial.replicates == 12
    assert f"it was {before.trial.replicates}" in told
    assert after.model_copy(update={"trial": before.trial}) == before
    for line in text.splitlines(keepends=True):
        if "replicates" not in line:
            assert line.encode() in path.read_bytes()


def test_what_stands_behind_the_number_stays(tmp_path):
    path = written(tmp_path, WRITTEN["with a comment behind it"])
    set_replicates(path, 12)
    assert path.read_text() == "trial:\n  replicates: 12  # as often\n  preset: light\n"


def test_replicates_that_are_set_already_leave_the_file_alone(tmp_path):
    path = written(tmp_path, WRITTEN["in braces"])
    assert set_replicates(path, 4) is None
    assert path.read_text() == WRITTEN["in braces"]


def test_a_section_that_cannot_be_changed_in_place_is_left_to_the_user(tmp_path):
    path = written(tmp_path, "trial: {preset: light}\n")
    with pytest.raises(ParamsError, match="Write `replicates: 12` into it by hand"):
        set_replicates(path, 12)
    assert path.read_text() == "trial: {preset: light}\n"


def test_a_dry_run_plans_with_the_replicates_asked_for_and_writes_nothing(tmp_path):
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    told = CliRunner().invoke(
        app, ["run", "--workspace", str(tmp_path), "--replicates", "12", "--dry-run"]
    )
    assert told.exit_code == 0, told.output
    assert "13 trainings" in told.output
    assert (tmp_path / "params.yaml").read_bytes() == (REPOSITORY / "params.yaml").read_bytes()


def test_a_dry_run_counts_the_rival_generators_of_the_full_preset(tmp_path):
    text = (REPOSITORY / "params.yaml").read_text()
    assert "preset: light" in text
    (tmp_path / "params.yaml").write_text(text.replace("preset: light", "preset: full"))
    (tmp_path / "dvc.yaml").write_bytes((REPOSITORY / "dvc.yaml").read_bytes())
    told = CliRunner().invoke(
        app, ["run", "--workspace", str(tmp_path), "--replicates", "2", "--dry-run"]
    )
    assert told.exit_code == 0, told.output
    # The shipped generator, and in each replicate ours and the conditional autoencoder.
    assert "5 trainings" in told.output


def test_a_dry_run_refuses_data_that_the_trial_could_not_part(tmp_path):
    source = {"thin": {"3": 4}, "minimum_per_class": 4}
    with pytest.raises(ParamsError, match="Class '3' has 4 development samples"):
        plan(Workspace(tmp_path), Params.model_validate({"source": source}))
    few = {"source": source, "trial": {"folds": 4}}
    assert plan(Workspace(tmp_path), Params.model_validate(few)).counts["train"]["3"] == 4
    with_validation = {"split": {"validation_per_class": 10}}
    plan(Workspace(tmp_path), Params.model_validate({"source": {**source, **with_validation}}))
