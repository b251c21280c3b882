"""Libraries' messages stay away from users."""

import subprocess
import sys

PROGRAM = """
import logging, warnings
logging.basicConfig(level=logging.INFO, format="%(message)s")
from pipeline.chatter import show_own_lines_only
show_own_lines_only()
warnings.warn("a library will change", FutureWarning)
logging.getLogger("some_library.part").info("a library's remark")
logging.getLogger("some_library.part").error("a library's error")
logging.getLogger("pipeline.stages.train").info("our line")
logging.getLogger("__main__").info("the stage's line")
"""


def said(*options):
    command = [sys.executable, *options, "-c", PROGRAM]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()


def test_a_stage_shows_its_own_lines_and_libraries_errors_only():
    assert said() == ["a library's error", "our line", "the stage's line"]


def test_whoever_asks_python_for_warnings_gets_them():
    assert any("a library will change" in line for line in said("-W", "default"))
