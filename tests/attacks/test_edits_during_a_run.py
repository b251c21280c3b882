"""Params, pipeline, code or raw data are edited while a run is under way: nothing false remains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import SourceError, WorkspaceError
from pipeline.params import Params, load_params
from pipeline.params_digest import params_digest
from pipeline.sources import image_folder
from pipeline.stages import prepare, shell
from pipeline.versions.lockfile import read_stages
from pipeline.versions.pin import changes, require_pinned, take_pin
from pipeline.versions.stage_run import bring_up
from pipeline.workspace import Workspace
from tests import raw_data
from tests.toy_workspace import toy_workspace

REPOSITORY = Path(__file__).parents[2]
PARAMS = "seed: 1\ngan:\n  steps: 40\nrun:\n  max_minutes: 5\n"
DVC_YAML = """\
stages:
  train:
    cmd: python train_stage.py
    deps: [input.txt, raw]
    params: [seed, gan]
    outs: [train.out]
"""
# Writes what it was given, then does what the file `meanwhile.py` says, as a person might.
OF_THE_SHELL = """
from pathlib import Path
from pipeline.stages.shell import run_stage
def run(workspace, params):
    Path("train.out").write_text(str(params.gan.steps))
    exec(Path("../meanwhile.py").read_text())
run_stage(run)
"""
# The same without the shell around it, which looks at params.yaml again at its end.
PLAIN = """
from pathlib import Path
from pipeline.params import load_params
Path("train.out").write_text(str(load_params(Path("params.yaml")).gan.steps))
exec(Path("../meanwhile.py").read_text())
"""
EDIT = 'p = Path("{}"); p.write_text(p.read_text().replace("{}", "{}"))\n'
MORE_STEPS = EDIT.format("params.yaml", "40", "77")


def made(root, program=OF_THE_SHELL) -> Workspace:
    workspace = toy_workspace(root / "ws", stages={"train": program})
    (root / "ws" / "raw").mkdir()
    (root / "ws" / "raw" / "cat.txt").write_text("meow")
    (root / "ws" / "dvc.yaml").write_text(DVC_YAML)
    workspace.params_file.write_text(PARAMS)
    (root / "meanwhile.py").write_text("")
    return workspace


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    return made(tmp_path)


def meanwhile(workspace, program):
    (workspace.root.parent / "meanwhile.py").write_text(program)


def recorded(workspace):
    lock = workspace.root / "dvc.lock"
    return read_stages(lock.read_bytes(), where="dvc.lock") if lock.is_file() else {}


@pytest.mark.parametrize("program", [OF_THE_SHELL, PLAIN])
def test_params_edited_during_a_stage_stop_the_run_and_are_never_recorded_as_given(
    tmp_path, monkeypatch, program
):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    workspace = made(tmp_path, program)
    meanwhile(workspace, MORE_STEPS)
    with pytest.raises(WorkspaceError, match=r"`gan.steps` of params.yaml is 77 now and was 40"):
        bring_up(workspace, take_pin(workspace), "train")
    assert "train" not in recorded(workspace)
    # The remedy of the sentence: the same command again. DVC's run cache must not answer for it.
    meanwhile(workspace, "")
    assert not bring_up(workspace, take_pin(workspace), "train").cached
    assert (workspace.root / "train.out").read_text() == "77"


def test_dvc_repro_by_hand_refuses_params_that_were_edited_during_the_stage(workspace):
    meanwhile(workspace, MORE_STEPS)
    command = [sys.executable, "-m", "dvc", "repro"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    options = {"cwd": workspace.root, "env": {**os.environ, "PATH": path}}
    by_hand = subprocess.run(command, **options, capture_output=True, text=True, check=False)
    assert by_hand.returncode != 0
    assert "was edited while the stage ran" in by_hand.stderr
    assert recorded(workspace) == {}
    meanwhile(workspace, "")
    subprocess.run(command, **options, check=True, capture_output=True)
    assert recorded(workspace)["train"].params["params.yaml"]["gan"] == {"steps": 77}
    assert (workspace.root / "train.out").read_text() == "77"


def test_raw_data_edited_during_the_stage_that_reads_them_are_not_recorded_as_read(workspace):
    meanwhile(workspace, EDIT.format("raw/cat.txt", "meow", "purr"))
    with pytest.raises(WorkspaceError, match=r"raw has changed \(the newest change: cat.txt\)"):
        bring_up(workspace, take_pin(workspace), "train")
    assert "train" not in recorded(workspace)


def test_what_goes_on_under_other_params_keeps_a_stage_that_is_still_right(workspace):
    # Nothing that this stage watches: its record says what it was given.
    meanwhile(
        workspace,
        'p = Path("params.yaml"); p.write_text(p.read_text() + "balance: {ratio: 0.5}\\n")\n',
    )
    with pytest.raises(WorkspaceError, match=r"`balance.ratio` of params.yaml is 0.5 now"):
        bring_up(workspace, take_pin(workspace), "train")
    assert recorded(workspace)["train"].params["params.yaml"] == {"seed": 1, "gan": {"steps": 40}}


def edit(name, old, new):
    def act(root):
        path = root / name
        path.write_text(path.read_text().replace(old, new))

    return act


def rewritten_with_its_old_date(root):
    path = root / "raw" / "cat.txt"
    status = path.stat()
    path.write_text("purr")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (edit("params.yaml", "seed: 1", "seed: 99"), "`seed` of params.yaml is 99 now and was 1."),
        (edit("params.yaml", "gan:\n  steps: 40\n", ""), "`gan.steps` of params.yaml is left out"),
        (edit("params.yaml", "seed: 1", "seed: ["), "cannot be read any more"),
        (lambda root: (root / "params.yaml").unlink(), "is missing"),
        (edit("dvc.yaml", "[seed, gan]", "[seed]"), "The stages of dvc.yaml were changed"),
        (edit("dvc.yaml", "stages:", "stages: ["), "The stages of dvc.yaml were changed"),
        (lambda root: (root / "code.json").write_text("{}"), "code.json was changed"),
        (edit("raw/cat.txt", "meow", "meows"), "raw has changed (the newest change: cat.txt)"),
        (rewritten_with_its_old_date, "raw has changed"),
        (lambda root: (root / "raw" / "dog.txt").touch(), "the newest change: dog.txt"),
        (lambda root: (root / "raw" / "cat.txt").unlink(), "raw is gone"),
    ],
)
def test_every_edit_of_what_a_run_is_made_with_is_named(workspace, act, told):
    pin = take_pin(workspace)
    require_pinned(workspace, pin)
    act(workspace.root)
    with pytest.raises(WorkspaceError) as caught:
        require_pinned(workspace, pin)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "act",
    [
        edit("params.yaml", "max_minutes: 5", "max_minutes: 50"),
        edit("params.yaml", "seed: 1", "seed: 1  # a remark"),
        edit("dvc.yaml", "stages:", "# a remark\nstages:"),
        lambda root: (root / "notes.txt").touch(),
    ],
)
def test_an_edit_that_no_data_depend_on_stops_nothing(workspace, act):
    pin = take_pin(workspace)
    act(workspace.root)
    assert changes(workspace, pin) == []


def test_a_stage_that_a_run_started_refuses_other_params_than_the_pinned(
    workspace, monkeypatch, capsys
):
    monkeypatch.chdir(workspace.root)
    monkeypatch.setenv(shell.PINNED_VARIABLE, params_digest(load_params(workspace.params_file)))
    ran = []
    shell.run_stage(lambda *_: ran.append("the pinned"))
    edit("params.yaml", "40", "77")(workspace.root)
    with pytest.raises(SystemExit) as ended:
        shell.run_stage(lambda *_: ran.append("others"))
    assert (ended.value.code, ran) == (2, ["the pinned"])
    assert "was edited after the run began" in capsys.readouterr().err


def test_raw_data_that_change_while_prepare_reads_them_leave_nothing_behind(tmp_path, monkeypatch):
    raw = raw_data.image_folder(tmp_path / "raw")
    survey = image_folder.ImageFolder.survey

    def slow(source):
        found = survey(source)
        raw_data.save(raw / "cat" / "late.png", raw_data.picture(999))
        return found

    monkeypatch.setattr(image_folder.ImageFolder, "survey", slow)
    params = Params.model_validate(
        {"source": {"kind": "image_folder", "path": str(raw), "resize": {"height_px": 12}}}
    )
    with pytest.raises(SourceError, match=r"was changed while it was read \(last: .*late\.png\)"):
        prepare.run(Workspace(tmp_path), params)
    assert list((tmp_path / "data").iterdir()) == []
