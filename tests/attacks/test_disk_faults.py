"""A disk that is full, read-only or forbidden is told in one sentence, whoever wrote the file.

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
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors
import torch
from PIL import Image
from safetensors.torch import save_file

from pipeline.machine_errors import machine_refusal
from pipeline.workspace import write_bytes, writing
from tests.attacks.disk import SAYS, assert_sentence, in_child

REPOSITORY = Path(__file__).parents[2]


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
from tests.attacks.disk import in_child
from tests.attacks.test_disk_faults import writers
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
