"""What a person meets on the terminal: examples, completion, 80 columns, colours, exit codes."""

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipeline import errors
from pipeline.cli import app
from pipeline.commands.completion import version_names
from pipeline.commands.diff import _print as show_difference
from pipeline.commands.examples import EXAMPLES
from pipeline.last_run import note_run
from pipeline.stop_signals import SIGNAL_EXIT
from pipeline.versions.details import Score
from pipeline.versions.difference import Difference, ScorePair
from pipeline.versions.difference_page import ComparedRows
from pipeline.workspace import Workspace
from tests.released import record, release
from tests.toy_workspace import toy_workspace, writes

ROOT = Path(__file__).parents[2]
WIDTH = 80


def commands():
    """Words of every command → the command."""
    found, waiting = {}, [("", typer.main.get_command(app))]
    while waiting:
        words, command = waiting.pop()
        for name, inner in getattr(command, "commands", {}).items():
            path = f"{words} {name}".strip()
            waiting.append((path, inner))
            if getattr(inner, "callback", None) is not None:
                found[path] = inner
    return found


COMMANDS = commands()


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    made = toy_workspace(tmp_path / "ws", stages={"a": writes("a"), "b": writes("b")})
    (made.root / "params.yaml").write_text("seed: 1\n")
    monkeypatch.chdir(made.root)
    return made


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_an_example_in_its_help_that_it_accepts(words):
    told = CliRunner().invoke(app, [*words.split(), "--help"]).output
    assert " ".join(EXAMPLES[words].split()) in " ".join(told.split())
    arguments = shlex.split(EXAMPLES[words])[1 + len(words.split()) :]
    COMMANDS[words].make_context(words, arguments)


def test_no_example_is_of_a_command_that_is_gone():
    assert set(EXAMPLES) == set(COMMANDS)


def test_the_shell_completes_versions_the_newest_first(workspace):
    for version in ("v0.1.0", "v0.2.0"):
        release(workspace.root, version)
    assert version_names("") == ["latest", "promoted", "v0.2.0", "v0.1.0"]
    assert version_names("v0.1") == ["v0.1.0"]
    asked = {
        "_EQUIPOISE_COMPLETE": "complete_bash",
        "COMP_WORDS": "equipoise pull v",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("equipoise")],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["v0.2.0", "v0.1.0"]


def test_completion_says_nothing_where_there_is_no_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert version_names("v") == []


def test_the_table_of_versions_fits_into_80_columns(workspace):
    rows = {f"class{k}": {"real": 1234, "gan": 8765} for k in range(40)}
    release(workspace.root, "v10.20.30", promotion=12, gain=-12.3, rows=rows, verdict="no evidence")
    lines = CliRunner().invoke(app, ["versions"]).output.splitlines()
    (line,) = [line for line in lines if line.startswith("v10.20.30")]
    assert len(line) <= WIDTH
    for word in ("no evidence", "−12.3 [−13.3, −11.3]", "49360+350600", "#12"):
        assert word in line


def test_a_comparison_keeps_its_words_whole_in_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    score = Score(mean=0.912, low=0.874, high=0.95)
    shown = Difference(
        old="v0.1.0",
        new="v0.2.0",
        facts={"gain": ("+1.2 points [+0.2, +2.2]", "+2.4 points [+1.4, +3.4]")},
        generator_changed=True,
        params=[],
        scores=[
            ScorePair(classifier, "classical_balanced", "balanced_accuracy", score, score)
            for classifier in ("cnn", "logistic")
        ],
        classes_added=[],
        classes_removed=[],
    )
    show_difference(shown, ComparedRows("all", []))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line.rstrip()) <= WIDTH for line in lines[1:])
    (line,) = [line for line in lines if line.startswith("balanced_accuracy, logistic")]
    row = lines[lines.index(line) + 1]
    assert re.split(r" {2,}", row) == ["classical_balanced", *["0.912 [0.874, 0.950]"] * 2]


def on_a_terminal(*arguments, **environment):
    """What a command writes to a terminal of 80 columns."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        stdout=follower,
        stderr=follower,
        env=os.environ | {"COLUMNS": str(WIDTH), "PYTHONPATH": str(ROOT), **environment},
    )
    os.close(follower)
    written = b""
    try:
        while chunk := os.read(leader, 4096):
            written += chunk
    except OSError:
        pass  # the other end is closed
    child.wait()
    os.close(leader)
    return written.decode().replace("\r\n", "\n")


def test_doctor_keeps_to_80_columns_on_a_terminal(workspace):
    note_run(workspace, "Completed", "A sentence of many words that goes on and on. " * 5)
    told = on_a_terminal("doctor")
    lines = told.splitlines()
    # A path is kept whole, so that it can be copied.
    wrapped = [line for line in lines if max(map(len, line.split())) < WIDTH // 2]
    assert len(wrapped) > len(lines) // 2
    assert max(map(len, wrapped)) <= WIDTH
    place = next(k for k, line in enumerate(lines) if "last run:" in line)
    assert lines[place + 1].startswith(" " * 24)


def test_a_plan_keeps_to_80_columns_on_a_terminal(tmp_path):
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    lines = on_a_terminal("run", "--dry-run", "-w", str(tmp_path)).splitlines()
    assert any(line.startswith("Time: about") for line in lines)
    assert max(map(len, lines)) <= WIDTH


def test_no_color_is_followed(workspace):
    colours = re.compile(r"\x1b\[[0-9;]*(3[0-7]|38|9[0-7])[0-9;]*m")
    program = (
        "from pipeline.commands.progress import screen\n"
        "with screen(('a',)) as shown:\n"
        "    shown.began('a'); shown.said('a', 'x'); shown.ended('a', 'done', 1.0)\n"
    )
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); exec({program!r})"
    seen = {}
    for name in ("NO_COLOR", "NOTHING"):
        leader, follower = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", name: "1"}
        child = subprocess.Popen([sys.executable, "-c", code], stderr=follower, env=environment)
        os.close(follower)
        written = b""
        try:
            while chunk := os.read(leader, 4096):
                written += chunk
        except OSError:
            pass
        child.wait()
        os.close(leader)
        seen[name] = written.decode()
    assert "done" in seen["NO_COLOR"]
    assert not colours.search(seen["NO_COLOR"])
    assert colours.search(seen["NOTHING"])


def test_every_exit_code_stands_in_the_one_table():
    page = (ROOT / "docs" / "exit-codes.md").read_text()
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    used = {kind.exit_code for kind in classes if hasattr(kind, "exit_code")}
    assert used | {0, 1, SIGNAL_EXIT + 2, SIGNAL_EXIT + 15} == listed


def test_equipoise_alone_in_a_workspace_says_where_it_stands(workspace):
    told = CliRunner().invoke(app, [])
    assert told.exit_code == 0, told.output
    for words in ("none yet", "none has ended here yet", "a, and what depends on it"):
        assert words in told.output
    assert "equipoise run --dry-run" in told.output


def test_equipoise_alone_names_the_last_version_and_run(workspace):
    subprocess.run([sys.executable, "-m", "dvc", "repro", "-q"], check=True)
    release(workspace.root, "v0.1.0", promotion=1)
    note_run(Workspace.at(), "Completed", "Released augmented@v0.1.0.")
    told = CliRunner().invoke(app, []).output
    assert "augmented@v0.1.0 of " in told
    assert f"promoted, gain +1.2 points [{record().interval_points[0]:+.1f}" in told
    assert "Completed on " in told
    assert "nothing; every stage is up to date" in told
    assert "equipoise report latest" in told
    assert "equipoise pull --to FOLDER" in told


def test_equipoise_alone_proposes_to_pull_what_there_is(workspace):
    release(workspace.root, "v0.1.0")
    assert "equipoise pull latest --to FOLDER" in CliRunner().invoke(app, []).output


def test_equipoise_alone_elsewhere_shows_the_commands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, [])
    assert (told.exit_code, "Usage:" in told.output, "doctor" in told.output) == (0, True, True)
