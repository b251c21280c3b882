"""A fault of the disk ends every stage, command, worker, call and flow in one sentence, with 2."""

import errno
import os
import resource
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import augmentation
from pipeline import cli, last_defence, machine_errors
from pipeline.commands import checkup, places
from pipeline.errors import WorkspaceError
from pipeline.last_run import read_last_run
from pipeline.machine_errors import machine_refusal, refusal_in_output
from pipeline.scale.executor import open_executor
from pipeline.stages import shell
from pipeline.versions.process import CommandError, run_command
from pipeline.versions.setup import make_repository
from pipeline.versions.stage_process import StageCrashError, run_stage
from pipeline.workspace import Workspace
from tests.attacks.disk import SAYS, assert_sentence, in_child, raising, raising_anywhere
from tests.light_work import end_abruptly, find_the_disk_full
from tests.toy_workspace import toy_workspace, writes

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_stage_ends_with_the_sentence_and_2(number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(toy_workspace(tmp_path / "toy", stages={"a": writes("a")}).root)
    monkeypatch.setenv("EQUIPOISE_ERROR_FILE", str(tmp_path / "error.json"))
    with pytest.raises(SystemExit) as caught:
        shell.run_stage(raising(number))
    assert caught.value.code == 2
    assert_sentence(capsys.readouterr().err.strip(), number, "/data/x.parquet")
    assert SAYS[number] in (tmp_path / "error.json").read_text()


def test_a_stage_whose_error_file_cannot_be_written_still_ends_with_2(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(toy_workspace(tmp_path / "toy", stages={"a": writes("a")}).root)
    monkeypatch.setenv("EQUIPOISE_ERROR_FILE", "/proc/none/error.json")
    with pytest.raises(SystemExit) as caught:
        shell.run_stage(raising(errno.ENOSPC))
    assert caught.value.code == 2
    assert_sentence(capsys.readouterr().err.strip(), errno.ENOSPC)


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """Stages that tell a full disk, or of whose failure only the output tells, or with a defect."""
    program = """
        import errno
        from pipeline.stages.shell import run_stage
        def run(workspace, params):
            raise OSError(errno.ENOSPC, "No space left on device", "/data/x.parquet")
        run_stage(run)
    """
    silent = """
        import sys
        print("ERROR: unexpected error - [Errno 28] No space left on device: '/cache/ab/cd'")
        sys.exit(1)
    """
    defect = """
        from pipeline.stages.shell import run_stage
        def run(workspace, params):
            raise KeyError("nobody foresaw this")
        run_stage(run)
    """
    programs = {"told": program, "silent": silent, "defect": defect}
    programs = {name: textwrap.dedent(text) for name, text in programs.items()}
    return toy_workspace(tmp_path_factory.mktemp("two") / "toy", stages=programs)


@pytest.mark.parametrize(("stage", "path"), [("told", "/data/x"), ("silent", "/cache/ab/cd")])
def test_who_starts_a_stage_is_told_the_sentence_and_no_defect(stages, stage, path):
    with pytest.raises(WorkspaceError) as caught:
        run_stage(stages, stage, environment={"PYTHONPATH": str(REPOSITORY)})
    assert_sentence(str(caught.value), errno.ENOSPC, path)
    assert caught.value.exit_code == 2


def test_a_defect_of_a_stage_is_a_sentence_that_names_the_traceback(stages):
    lines: list[str] = []
    with pytest.raises(StageCrashError) as caught:
        run_stage(
            stages, "defect", on_line=lines.append, environment={"PYTHONPATH": str(REPOSITORY)}
        )
    assert caught.value.exit_code == 1
    assert not any("Traceback" in line for line in lines)
    (path,) = (stages.private / "defects").iterdir()
    assert str(path) in str(caught.value)
    assert "nobody foresaw this" in path.read_text()


def test_a_stage_that_speaks_of_permissions_is_not_taken_for_the_machine():
    lines = ["KeyError: 'permission denied'", "ERROR: failed to run: python x.py, exited with 1"]
    assert refusal_in_output(lines, place=Path("/x")) is None


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Run a command whose work raises an error; returns its exit code and what it wrote."""

    def run(error, *words):
        def fails(*_, **__):
            raise error

        monkeypatch.setattr(Workspace, "at", fails)
        result = CliRunner().invoke(cli.app, list(words))
        return result.exit_code, result.output

    return run


@pytest.mark.parametrize("number", SAYS, ids=errno.errorcode.get)
def test_a_command_ends_with_the_sentence_and_2(number, command, tmp_path):
    error = OSError(number, os.strerror(number), str(tmp_path))
    code, output = command(error, "doctor", "--workspace", str(tmp_path))
    assert code == 2
    assert_sentence(output.strip(), number, tmp_path)


def test_a_defect_in_a_command_is_told_in_a_sentence_that_names_the_traceback(command, tmp_path):
    (tmp_path / ".equipoise").mkdir()
    code, output = command(ZeroDivisionError("x"), "doctor", "-w", str(tmp_path))
    assert code == 1
    assert "That is a defect of the program, not of your data" in output
    assert "Traceback" not in output
    (path,) = (tmp_path / ".equipoise" / "defects").iterdir()
    assert str(path) in output
    assert "ZeroDivisionError: x" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_outside_a_workspace_the_traceback_goes_to_the_temporary_files(
    command, tmp_path, monkeypatch
):
    monkeypatch.setattr(last_defence.tempfile, "gettempdir", lambda: str(tmp_path / "scratch"))
    _, output = command(KeyError("x"), "run", f"--workspace={tmp_path}")
    (path,) = (tmp_path / "scratch").iterdir()
    assert str(path) in output


def test_a_defect_on_a_full_disk_is_still_a_sentence(command, tmp_path, monkeypatch):
    monkeypatch.setattr(last_defence, "write_bytes", raising(errno.ENOSPC))
    code, output = command(KeyError("x"), "doctor", "-w", str(tmp_path))
    assert code == 1
    assert "could not be written to any folder" in output
    assert "Traceback" not in output


def test_only_the_last_tracebacks_are_kept(tmp_path):
    (tmp_path / ".equipoise").mkdir()
    for _ in range(last_defence.KEPT_DEFECTS + 5):
        last_defence.as_told(KeyError("x"), place=tmp_path)
    kept = list((tmp_path / ".equipoise" / "defects").iterdir())
    assert len(kept) == last_defence.KEPT_DEFECTS


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_flow_is_refused_with_the_sentence(number, tmp_path, monkeypatch):
    workspace = toy_workspace(tmp_path / "toy", stages={"a": writes("a")})
    monkeypatch.setattr(augmentation, "_run", raising(number))
    state = augmentation.augmentation.fn(str(workspace.root))
    assert state.name == "Refused"
    assert_sentence(state.message, number, "/data/x.parquet")
    last = read_last_run(workspace)
    assert last is not None
    assert SAYS[number] in last.sentence


def test_a_flow_whose_end_cannot_be_noted_still_ends_with_the_sentence(tmp_path, monkeypatch):
    workspace = toy_workspace(tmp_path / "toy", stages={"a": writes("a")})
    monkeypatch.setattr(augmentation, "_run", raising(errno.ENOSPC))
    monkeypatch.setattr("pipeline.last_run.write_json", raising(errno.ENOSPC))
    state = augmentation.augmentation.fn(str(workspace.root))
    assert_sentence(state.message, errno.ENOSPC)


@pytest.fixture
def set_up_workspace(tmp_path):
    workspace = toy_workspace(tmp_path / "toy", stages={"a": writes("a")})
    (workspace.root / ".dvc" / "config").unlink()
    make_repository(workspace.root)
    return workspace


def test_doctor_writes_a_probe_in_every_place_and_leaves_none(set_up_workspace):
    level, sentence = checkup.writing(set_up_workspace)
    assert level == "ok", sentence
    assert "GB free for the workspace" in sentence
    nouns = [place.noun for place in places.written_places(set_up_workspace)]
    assert nouns == [
        "the workspace",
        "data",
        "reports",
        "the private folder",
        "temporary files",
        "DVC's site cache",
        "DVC's cache",
        "the remote",
    ]
    assert not list(set_up_workspace.root.rglob(".equipoise-probe-*"))
    assert not (set_up_workspace.root / "data").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_doctor_names_the_place_that_takes_no_file(number, set_up_workspace, monkeypatch):
    real = places._write_probe

    def write_probe(folder):
        if folder.name == "reports":
            raising_anywhere(number)(folder)
        real(folder)

    set_up_workspace.reports.mkdir()
    monkeypatch.setattr(places, "_write_probe", write_probe)
    level, sentence = checkup.writing(set_up_workspace)
    assert level == "failure"
    assert_sentence(sentence, number, set_up_workspace.reports)


def test_doctor_tells_one_full_disk_once(set_up_workspace, monkeypatch):
    monkeypatch.setattr(places, "_write_probe", raising_anywhere(errno.ENOSPC))
    level, sentence = checkup.writing(set_up_workspace)
    assert level == "failure"
    assert sentence.count("the disk is full") == 1
    assert "The same holds for data, reports, the private folder, temporary files" in sentence


def test_a_run_is_refused_before_anything_is_computed_where_no_file_can_be_written(
    set_up_workspace, monkeypatch
):
    monkeypatch.setattr(places, "_write_probe", raising_anywhere(errno.EROFS))
    monkeypatch.setattr("pipeline.commands.run.temporary_server", None)
    root = str(set_up_workspace.root)
    result = CliRunner().invoke(cli.app, ["run", "--workspace", root])
    assert result.exit_code == 2
    assert_sentence(result.output.strip(), errno.EROFS, root)
    assert result.output.count("read-only") == 1


def test_a_probe_that_fails_leaves_no_file(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    message = in_child(lambda: places._write_probe(tmp_path), before=limit)
    assert_sentence(message, errno.EFBIG)
    assert not list(tmp_path.iterdir())


def test_what_a_worker_meets_is_told_by_the_process_that_started_it():
    with open_executor("local", workers=1) as executor:
        full = executor.submit(find_the_disk_full, "/data/x.parquet").exception()
        killed = executor.submit(end_abruptly, 30).exception()
    assert_sentence(str(machine_refusal(full, place=Path("/x"))), errno.ENOSPC, "/data/x.parquet")
    message = str(machine_refusal(killed, place=Path("/x")))
    assert "A process of this run was killed, probably because the machine's memory ran" in message


def test_a_call_of_git_or_dvc_that_meets_a_full_disk_says_so(tmp_path):
    program = "import sys; sys.exit('fatal: write error: No space left on device')"
    with pytest.raises(CommandError) as caught:
        run_command([sys.executable, "-c", program], directory=tmp_path)
    last = str(caught.value).splitlines()[-1]
    assert_sentence(last, errno.ENOSPC, tmp_path)
    assert last.strip() in caught.value.output


def test_the_full_disk_of_another_machine_is_not_taken_for_ours():
    lines = ["remote: fatal: write error: No space left on device", "error: failed to push"]
    assert refusal_in_output(lines, place=Path("/x")) is None


@pytest.mark.parametrize(("free", "told"), [(10**6, "A file in"), (10**12, "another disk than")])
def test_where_no_path_is_named_the_room_that_is_left_tells_which_disk(free, told, monkeypatch):
    monkeypatch.setattr(machine_errors, "free_bytes", lambda _: free)
    refusal = machine_refusal(OSError(errno.ENOSPC, "No space left on device"), place=Path("/x"))
    assert told in str(refusal)
    assert (" MB free)" in str(refusal)) == (free < machine_errors.MUCH_BYTES)


def test_no_token_stands_in_what_is_told_of_a_defect(tmp_path):
    (tmp_path / ".equipoise").mkdir()
    error = ValueError("https://me:a-secret@example.org/x cannot be reached")
    assert "a-secret" not in str(last_defence.as_told(error, place=tmp_path))
    (path,) = (tmp_path / ".equipoise" / "defects").iterdir()
    assert "a-secret" not in path.read_text()
