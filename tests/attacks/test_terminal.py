"""Text from outside commands no terminal, hides nothing, and makes no line of its own."""

import ast
import io
import json
import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from rich.text import Text
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.diff import _print as show_difference
from pipeline.commands.progress import LiveTable, PlainLines, screen
from pipeline.commands.tables import table_of
from pipeline.commands.transfer import transfer
from pipeline.errors import ParamsError
from pipeline.last_run import note_run
from pipeline.lease import RUN, lease_file
from pipeline.terminal import Guarded, guard_streams, indented, one_line, rich_console, visible
from pipeline.versions.difference import ChangedParam, Difference, ScorePair
from pipeline.versions.difference_page import ComparedRows
from pipeline.workspace import write_json
from tests.released import release
from tests.toy_workspace import toy_workspace, writes

REPOSITORY = Path(__file__).parents[2]
# What a terminal obeys, or does not show; each between two letters.
HOSTILE = {
    "colour": "\x1b[31m",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil.example\x1b\\",
    "clear": "\x1b[2J\x1b[H",
    "C1 command": "\x9b31m",
    "bell": "\x07",
    "backspace": "\x08\x08",
    "return": "\rFAKE",
    "delete": "\x7f",
    "null": "\x00",
    "next line": "\x85FAKE",
    "vertical tab": "\x0bFAKE",
    "form feed": "\x0cFAKE",
    "line separator": "\u2028FAKE",
    "paragraph separator": "\u2029FAKE",
    "override": "\u202e",
    "embedding": "\u202a\u202b\u202c\u202d",
    "isolate": "\u2066\u2067\u2068\u2069",
    "mark": "\u200e\u200f\u061c",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphen": "\xad",
    "filler": "\u115f\u3164\uffa0",
    "tags": "\U000e0041\U000e007f",
    "selectors": "\ufe00\ufe0f\U000e0100",
    "surrogate": "\ud800",
    "byte of a file's name": "\udc9b",
    "musical": "\U0001d173",
}
ORDINARY = [
    "café naïve Ångström",
    "e\u0301 decomposed",
    "漢字 かな 한국어",
    "العربية ١٢٣ עברית فارسی",
    "हिन्दी ไทย தமிழ்",
    "👍 👍🏽 ❤️ ☺︎ 1️⃣ ⚖️",
    "👩‍🔬 👨‍👩‍👧 🏳️‍🌈 👩🏽‍🚀",
    "“quotes” – dashes — … × ± µ ½ €",
    "tab\tand line\nfeed",
    "no\xa0break \u2009thin",
    "─│╭╮ ░▒▓ ●",
]
EVIL = "a\x1b[31mb\u202ec\x9b\u200bd"


def harmless(text: str) -> bool:
    """Whether none of the characters above is in it."""
    feared = {one for one in "".join(HOSTILE.values()) if not (one.isascii() and one.isprintable())}
    return not feared & set(text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_terminal_obeys_or_hides_is_shown_as_its_number(text):
    shown = visible(f"a{text}b")
    assert harmless(shown)
    assert len(shown.splitlines()) == 1
    assert shown.isprintable()
    assert "\\x" in shown or "<U+" in shown


def test_numbers_are_written_as_people_know_them():
    assert visible("\x1b[31m") == r"\x1b[31m"
    assert visible("\x9b") == r"\x9b"
    assert visible("\u202e") == "<U+202E>"
    assert visible("\udc9b") == r"\x9b"
    assert visible("\U000e0041") == "<U+E0041>"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_of_any_script_stays_as_it_is(text):
    assert visible(text) == text


def test_a_value_makes_no_line_of_its_own():
    assert one_line("cat\nReleased augmented v9.0.0") == r"cat\nReleased augmented v9.0.0"
    assert one_line(7) == "7"


def test_a_further_line_of_a_sentence_can_be_told_from_one_of_the_product():
    assert indented("git says:\nReleased v9.0.0\n  - as it is") == (
        "git says:\n  Released v9.0.0\n  - as it is"
    )


def test_a_problem_that_holds_a_line_feed_is_one_problem():
    error = ParamsError("Key `a\nb`:", ["`x\n  - y` is not known.", EVIL])
    assert len(str(error).split("\n")) == 3
    assert r"`x\n  - y`" in str(error)


class Stream(io.StringIO):
    """A stream that is a terminal, or of an old encoding."""

    def __init__(self, *, encoding="utf-8", terminal=False):
        super().__init__()
        self.coding, self.terminal = encoding, terminal

    @property
    def encoding(self):
        return self.coding

    def isatty(self):
        return self.terminal


def guarded(monkeypatch, *, terminal=True):
    """Standard streams, guarded as the command guards its own."""
    found = Stream(terminal=terminal), Stream(terminal=terminal)
    monkeypatch.setattr(sys, "stdout", found[0])
    monkeypatch.setattr(sys, "stderr", found[1])
    guard_streams()
    guard_streams()
    return found


def test_nothing_that_this_process_writes_passes_the_guard(monkeypatch):
    out, err = guarded(monkeypatch)
    sys.stdout.write(f"{EVIL}\n")
    sys.stdout.writelines([EVIL, "\n"])
    logging.StreamHandler(sys.stderr).emit(logging.makeLogRecord({"msg": EVIL}))
    sys.stderr.write(warnings.formatwarning(EVIL, UserWarning, "file", 1))
    sys.excepthook(ValueError, ValueError(EVIL), None)
    for stream in (out, err):
        assert harmless(stream.getvalue())
        assert stream.getvalue().count(r"a\x1b[31mb<U+202E>c\x9b<U+200B>d") >= 2


def test_an_encoding_that_lacks_a_letter_costs_the_letter_and_not_the_run():
    stream = Stream(encoding="ascii")
    Guarded(stream).write("café 漢字\n")
    assert stream.getvalue() == "caf\\xe9 \\u6f22\\u5b57\n"
    with pytest.raises(TypeError):
        Guarded(stream).write(b"bytes")


def test_colours_of_our_own_pass_and_those_of_a_text_do_not(monkeypatch):
    out, _ = guarded(monkeypatch)
    console = rich_console(force_terminal=True, color_system="standard", highlight=False)
    console.print(Text(EVIL, style="red"))
    console.print(f"[bold]{EVIL}[/bold]")
    shown = out.getvalue()
    assert "\x1b[31m" in shown
    assert shown.count(r"a\x1b[31mb<U+202E>c\x9b<U+200B>d") == 2
    for character in "\u202e\x9b\u200b":
        assert character not in shown


def test_a_cell_is_one_line_in_its_column_and_no_markup(monkeypatch):
    out, _ = guarded(monkeypatch)
    table = table_of("class", "rows")
    table.add_row(f"{EVIL}[red]\n9", "1")
    table.add_row("plain", "2")
    rich_console(width=100, color_system=None).print(table)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert harmless(out.getvalue())
    assert r"[red]\n9" in lines[1]
    assert lines[1].index(" 1") == lines[2].index(" 2") == lines[0].index(" rows")


def test_what_a_stage_says_is_one_line_of_that_stage(monkeypatch):
    out, err = guarded(monkeypatch)
    PlainLines().said("train", f"{EVIL}\nrelease:    done")
    assert len(err.getvalue().splitlines()) == 1
    assert harmless(err.getvalue())
    console = rich_console(force_terminal=True, color_system=None, width=100)
    LiveTable(console, ["train"]).said("train", f"{EVIL}\nrelease:    done")
    assert len(out.getvalue().splitlines()) == 1
    assert harmless(out.getvalue())


@pytest.mark.parametrize("shown", [lambda: screen(("train",)), lambda: transfer(EVIL)])
def test_what_is_written_under_a_live_display_is_shown_as_its_number(monkeypatch, shown):
    _, err = guarded(monkeypatch)
    before = sys.stderr
    with shown():
        sys.stderr.write(f"{EVIL}\n")
    assert sys.stderr is before
    assert r"a\x1b[31mb<U+202E>c\x9b<U+200B>d" in err.getvalue()
    for character in "\u202e\x9b\u200b":
        assert character not in err.getvalue()
    assert "\x1b[31mb" not in err.getvalue()


def equipoise(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def assert_harmless(result, *, shows=r"\x1b[31m"):
    told = result.stdout + result.stderr
    assert harmless(told), told
    assert shows in told
    assert "Traceback" not in told


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    workspace = toy_workspace(tmp_path / "own", stages={"a": writes("a")})
    monkeypatch.chdir(workspace.root)
    return workspace


@pytest.fixture
def released(workspace):
    """Versions whose tags hold hostile names of classes, as a stranger may have written them."""
    rows = {EVIL: {"real": 3, "gan": 4}, "x\naugmented v9.9.9": {"real": 1}}
    release(workspace.root, "v0.1.0", rows=rows)
    release(workspace.root, "v0.2.0", rows={"b": {"real": 1}})
    return workspace


def test_versions_shows_hostile_classes_harmlessly(released):
    result = equipoise("versions")
    # The table counts rows and names no class; JSON for programs names them.
    assert_harmless(result, shows="4+4")
    assert not [line for line in result.stdout.splitlines() if line.startswith("augmented v9")]


def test_versions_as_json_stays_json(released):
    rows = json.loads(equipoise("versions", "--json").stdout)[0]["record"]["rows"]
    assert set(rows) == {EVIL, "x\naugmented v9.9.9"}
    assert harmless(equipoise("versions", "--json").stdout)


def test_diff_shows_hostile_classes_and_params_harmlessly(monkeypatch):
    # No terminal, so that the headings of our own have no colour.
    out, _ = guarded(monkeypatch, terminal=False)
    difference = Difference(
        old="v0.1.0",
        new="v0.2.0",
        facts={EVIL: (EVIL, f"{EVIL}\n[bold]FAKE")},
        classes_added=[EVIL],
        classes_removed=[f"{EVIL}\nFAKE"],
        generator_changed=True,
        params=[ChangedParam(f"{EVIL}\nFAKE", EVIL, EVIL)],
        scores=[ScorePair(EVIL, f"{EVIL}\nFAKE", EVIL, None, None)],
    )
    show_difference(difference, ComparedRows("all", reason=f"{EVIL}\nFAKE"))
    assert harmless(out.getvalue())
    assert not [line for line in out.getvalue().splitlines() if line.startswith("FAKE")]


@pytest.mark.parametrize("command", ["pull", "verify", "reproduce", "report"])
def test_a_hostile_version_on_the_command_line_is_shown_harmlessly(released, command, tmp_path):
    more = ["--to", tmp_path / "new"] if command in ("pull", "reproduce") else []
    result = equipoise(command, *more, EVIL)
    assert result.exit_code == 2
    assert_harmless(result)


@pytest.mark.parametrize(
    "arguments",
    [
        [EVIL],
        ["run", f"--{EVIL}"],
        ["gc", "--keep", EVIL],
        ["versions", EVIL],
        ["versions", "--repo", EVIL],
        ["init", EVIL, "--from", EVIL],
        ["remote", "set", "folder", "--set", EVIL],
        ["schedule", "--cron", EVIL],
        ["schedule", "--every", EVIL],
        ["schedule", "--every", "6h", "--timezone", EVIL],
        ["schedule", "--every", "6h", "--allowed-host", EVIL],
        ["run", "--workspace", EVIL],
    ],
)
def test_a_hostile_word_on_the_command_line_is_shown_harmlessly(workspace, arguments):
    result = equipoise(*arguments)
    assert result.exit_code == 2
    assert harmless(result.stdout + result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [["run"], ["run", "--dry-run"], ["doctor"]])
def test_hostile_keys_of_params_are_shown_harmlessly(workspace, command):
    key = json.dumps(EVIL.replace("\x9b", "")).replace("\\u", "\\u")
    workspace.params_file.write_text(f"{key}: 1\n")
    assert_harmless(equipoise(*command))


def test_doctor_shows_what_the_last_run_said_harmlessly(workspace):
    note_run(workspace, "Failed", f"{EVIL}\nok       remote:        all is well")
    assert_harmless(equipoise("doctor"))
    result = equipoise("doctor")
    assert len([line for line in result.stdout.splitlines() if "remote:" in line[:20]]) == 1


def test_a_hostile_lease_is_shown_harmlessly(workspace):
    holder = {"purpose": EVIL, "pid": 1, "host": EVIL, "boot": EVIL, "started": EVIL, "run": EVIL}
    write_json(lease_file(workspace, RUN), holder)
    assert harmless(equipoise("doctor").output)


def test_a_hostile_folder_is_shown_harmlessly(tmp_path):
    root = tmp_path / f"own{EVIL}\nRun: yes"
    workspace = toy_workspace(root, stages={"a": writes("a")})
    result = equipoise("remote", "show", "--workspace", workspace.root)
    assert_harmless(result)
    assert "Run: yes" not in (result.stdout + result.stderr).splitlines()


def test_a_stages_process_shows_its_refusal_harmlessly(tmp_path):
    program = (
        "from pipeline.errors import SourceError\n"
        "from pipeline.stages.shell import run_stage\n"
        f"def stage(*_): raise SourceError({EVIL!r}, [{EVIL!r}])\n"
        "run_stage(stage)\n"
    )
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert harmless(ended.stderr)
    assert r"\x1b[31m" in ended.stderr


def test_no_other_file_writes_to_the_terminal():
    """So that nobody can forget: what is written goes through `pipeline.terminal`."""
    wrong = []
    for folder in ("pipeline", "flows"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            if path.name == "terminal.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = ast.unparse(node.func)
                if name in ("print", "Console", "sys.stdout.write") or name.endswith(".echo"):
                    wrong.append(f"{path.relative_to(REPOSITORY)}:{node.lineno} {name}")
    assert wrong == []
