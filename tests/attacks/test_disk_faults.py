"""A disk that is full, read-only or forbidden ends every command and stage in one sentence.

The faults are real where a test may make them: small file systems in a mount namespace of the
child's own (needs root; elsewhere those tests are left out), limits of the process on file sizes
and open files, and a child that has given up its rights. The others are raised at the call that
would meet them.
"""

import contextlib
import errno
import os
import pickle
import resource
import sqlite3
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors
import torch
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from flows import augmentation
from pipeline import cli, last_defence
from pipeline.commands import checkup, places
from pipeline.errors import WorkspaceError
from pipeline.last_run import read_last_run
from pipeline.machine_errors import machine_refusal, refusal_in_output
from pipeline.stages import shell
from pipeline.versions.setup import make_repository
from pipeline.versions.stage_process import run_stage
from pipeline.workspace import Workspace, write_bytes, writing
from tests.toy_workspace import toy_workspace, writes

REPOSITORY = Path(__file__).parents[2]
SAYS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota of your user is used up",
    errno.EROFS: "read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "not permitted",
    errno.ENAMETOOLONG: "too long",
    errno.EMFILE: "too many files open",
    errno.ENFILE: "too many files open",
    errno.EIO: "input/output error",
    errno.EFBIG: "larger than this process or its file system allows",
    errno.ENOMEM: "memory of this machine is used up",
    errno.ESTALE: "network file system has gone",
    errno.ENOTDIR: "a file stands where a folder must be",
    errno.EISDIR: "a folder stands where a file must be",
    errno.ELOOP: "in a circle",
}
WITH_ROOM = (errno.ENOSPC, errno.EDQUOT)


def assert_sentence(message, number, path=None):
    assert SAYS[number] in message
    assert "\n" not in message
    assert "Traceback" not in message
    if path is not None:
        assert str(path) in message
    if number in WITH_ROOM:
        assert " MB free)" in message


def wrapped(number, path):
    """The errors in which Python and the libraries in use tell of one fault."""
    words = os.strerror(number)
    plain = OSError(number, words, str(path))
    yield plain
    yield pickle.loads(pickle.dumps(plain))
    caused = RuntimeError("the file could not be written")
    caused.__cause__ = plain
    yield caused
    yield ExceptionGroup("two threads failed", [ValueError("x"), plain])
    # pyarrow, without a number of its own.
    yield OSError(f"[Errno {number}] Error writing bytes to file. Detail: [errno {number}] {words}")


@pytest.mark.parametrize("number", SAYS, ids=errno.errorcode.get)
def test_every_fault_is_known_again_in_every_wrapping(number, tmp_path):
    path = tmp_path / "not-there" / "file"
    for error in wrapped(number, path):
        named = None if isinstance(error, OSError) and error.filename is None else path
        assert_sentence(str(machine_refusal(error, place=tmp_path)), number, named or tmp_path)


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (sqlite3.OperationalError("database or disk is full"), errno.ENOSPC),
        (sqlite3.OperationalError("attempt to write a readonly database"), errno.EROFS),
        (sqlite3.OperationalError("disk I/O error"), errno.EIO),
        (sqlite3.OperationalError("unable to open database file"), errno.EACCES),
        (OSError("12345 requested and 678 written"), errno.ENOSPC),
        (MemoryError(), errno.ENOMEM),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 TB"), errno.ENOMEM),
        (
            safetensors.SafetensorError("I/O error: No space left on device (os error 28)"),
            errno.ENOSPC,
        ),
        (safetensors.SafetensorError("Permission denied (os error 13)"), errno.EACCES),
    ],
)
def test_what_libraries_say_in_words_alone_is_known_as_well(error, number, tmp_path):
    assert_sentence(str(machine_refusal(error, place=tmp_path)), number, tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("permission denied, says the label"),
        KeyError("is a directory"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/x"),
        ZeroDivisionError("[Errno 13]"),
    ],
)
def test_an_error_of_another_cause_is_not_taken_for_the_machines(error, tmp_path):
    assert machine_refusal(error, place=tmp_path) is None


def test_an_error_on_the_way_out_of_another_is_not_its_reason(tmp_path):
    error = ValueError("the real reason")
    error.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert machine_refusal(error, place=tmp_path) is None


def in_child(act, *, before=lambda: None):
    """What a child of its own that calls `act` makes of its error: a sentence, or a traceback."""
    reading, writing_end = os.pipe()
    child = os.fork()
    if not child:
        told = "no error"
        try:
            before()
            act()
        except BaseException as error:
            refusal = machine_refusal(error, place=Path("/place"))
            told = str(refusal) if refusal else traceback.format_exc()
        os.write(writing_end, told.encode())
        os._exit(0)
    os.close(writing_end)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read().decode()
    os.waitpid(child, 0)
    return told


def writers(folder):
    """Every way in which a run writes a file, each of some 300 kB."""
    noise = np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8)
    folder.mkdir(exist_ok=True)

    def database():
        with contextlib.closing(sqlite3.connect(folder / "x.db")) as opened:
            opened.execute("create table x (y blob)")
            opened.execute("insert into x values (?)", (noise.tobytes(),))
            opened.commit()

    def directory():
        with writing(folder / "x") as temporary:
            (temporary / "x").write_bytes(noise.tobytes())

    return {
        "write_bytes": lambda: write_bytes(folder / "x", noise.tobytes()),
        "writing": directory,
        "parquet": lambda: pd.DataFrame({"x": noise}).to_parquet(folder / "x.parquet"),
        "safetensors": lambda: save_file({"x": torch.tensor(noise)}, folder / "x.safetensors"),
        "picture": lambda: Image.fromarray(noise.reshape(500, 600)).save(folder / "x.png"),
        "numpy": lambda: np.save(folder / "x.npy", noise),
        "csv": lambda: pd.DataFrame({"x": noise}).to_csv(folder / "x.csv"),
        "sqlite": database,
    }


WRITERS = tuple(writers(Path("/tmp")))


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_may_not_grow_is_told_by_every_writer(name, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    message = in_child(writers(tmp_path)[name], before=limit)
    # NumPy and SQLite do not say why a file took less than it was given.
    number = errno.ENOSPC if name in ("numpy", "sqlite") else errno.EFBIG
    assert SAYS[number] in message or SAYS[errno.EIO] in message, message


@pytest.mark.parametrize("name", WRITERS)
def test_a_forbidden_folder_is_told_by_every_writer(name, tmp_path):
    act = writers(tmp_path / "forbidden")[name]

    def give_up_rights():
        (tmp_path / "forbidden").chmod(0o500)
        tmp_path.chmod(0o755)
        if os.geteuid() == 0:
            os.seteuid(65534)

    assert_sentence(in_child(act, before=give_up_rights), errno.EACCES)


def test_too_many_open_files_are_told(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))

    message = in_child(lambda: write_bytes(tmp_path / "x", b"x"), before=limit)
    assert_sentence(message, errno.EMFILE)


def test_a_path_that_is_too_long_is_told(tmp_path):
    message = in_child(lambda: write_bytes(tmp_path / ("x" * 300) / "x", b"x"))
    assert_sentence(message, errno.ENAMETOOLONG)


def mounted(options, program, folder):
    """Run a program in a mount namespace in which a small file system lies at `folder`."""
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    shell_line = f'{" ".join(mount)} && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", shell_line, "sh", sys.executable, "-c", program]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout


can_mount = pytest.mark.skipif(
    os.geteuid() != 0
    or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode
    != 0,
    reason="mounting a small file system needs root",
)
TRY_EVERY_WRITER = """
from pathlib import Path
import subprocess, sys
from tests.attacks.test_disk_faults import in_child, writers
folder = Path(sys.argv[1] if len(sys.argv) > 1 else {folder!r})
acts = writers(folder)
if {read_only}:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
for name, act in acts.items():
    print(name, in_child(act), flush=True)
    for path in folder.glob("*") if not {read_only} else ():
        path.unlink() if path.is_file() else None
"""


@can_mount
@pytest.mark.parametrize(("read_only", "number"), [(False, errno.ENOSPC), (True, errno.EROFS)])
def test_a_full_and_a_read_only_disk_are_told_by_every_writer(read_only, number, tmp_path):
    program = TRY_EVERY_WRITER.format(folder=str(tmp_path), read_only=read_only)
    lines = mounted("size=128k", program, tmp_path).splitlines()
    assert [line.split()[0] for line in lines] == list(WRITERS)
    for line in lines:
        if read_only and line.startswith("sqlite"):
            # SQLite says of a read-only disk only that it could not open the file.
            number = errno.EACCES
        assert_sentence(line, number)


def raising(number):
    def raise_it(*_, **__):
        raise OSError(number, os.strerror(number), "/data/x.parquet")

    return raise_it


def raising_anywhere(number):
    def raise_it(folder):
        raise OSError(number, os.strerror(number), str(folder / f".probe-{os.urandom(4).hex()}"))

    return raise_it


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
def two_stages(tmp_path_factory):
    """A stage that tells a full disk, and one of whose failure only its output tells."""
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
    programs = {"told": textwrap.dedent(program), "silent": textwrap.dedent(silent)}
    return toy_workspace(tmp_path_factory.mktemp("two") / "toy", stages=programs)


@pytest.mark.parametrize(("stage", "path"), [("told", "/data/x"), ("silent", "/cache/ab/cd")])
def test_who_starts_a_stage_is_told_the_sentence_and_no_defect(two_stages, stage, path):
    with pytest.raises(WorkspaceError) as caught:
        run_stage(two_stages, stage, environment={"PYTHONPATH": str(REPOSITORY)})
    assert_sentence(str(caught.value), errno.ENOSPC, path)
    assert caught.value.exit_code == 2


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
