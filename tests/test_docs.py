"""The documents say what is so: their links lead somewhere, their commands are understood."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import typer
import typer.main

from pipeline.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"^(?:\$ )?(equipoise(?: .+)?)$", re.MULTILINE)
FENCE = re.compile(r"^```(?:sh|text)?\n(.*?)^```", re.DOTALL | re.MULTILINE)


def load_page():
    spec = importlib.util.spec_from_file_location("params_page", ROOT / "docs" / "params_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(page):
    text = page.read_text(encoding="utf-8")
    blocks = FENCE.findall(text) + re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [found[1] for line in lines if (found := COMMAND.match(line))]


def understood(command):
    """Let the program read a command line, and run nothing."""
    known = typer.main.get_command(app)
    words = shlex.split(command, comments=True)[1:]
    while hasattr(known, "commands") and words and not words[0].startswith("-"):
        assert words[0] in known.commands, f"there is no command {words[0]}"
        known, words = known.commands[words[0]], words[1:]
    return known.make_parser(typer.Context(known)).parse_args(args=words)


def test_the_page_of_params_is_what_the_code_says():
    page = load_page()
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run `make tree`"


def test_every_key_of_params_has_a_meaning():
    rows = [line for line in load_page().page().splitlines() if line.startswith("| `")]
    assert rows
    assert [row for row in rows if row.rstrip(" |").endswith("`") and row.count("|") < 5] == []
    assert [row for row in rows if re.search(r"\|\s*\|$", row)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    targets = [link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_documents_is_understood(page):
    for command in commands(page):
        understood(command)


def test_a_command_that_does_not_exist_is_found():
    with pytest.raises(AssertionError, match="no command rum"):
        understood("equipoise rum")
    with pytest.raises(Exception, match="--too"):
        understood("equipoise pull --too far")
