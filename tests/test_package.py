"""What an installation holds, and what a light one can do."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "prefect", "dvc", "sklearn", "scipy", "matplotlib", "typer", "rich"}
LOADS = """
import json, sys
from importlib.metadata import packages_distributions
before = set(sys.modules)
from pipeline.dataset.load import load_frame
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
known = packages_distributions()
print(json.dumps([sorted(tops), sorted({d for top in tops for d in known.get(top, [])})]))
"""


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(name):
    """The lines of a file that name a version, markers included."""
    return {line for line in (ROOT / name).read_text().splitlines() if "==" in line}


@pytest.fixture(scope="module")
def imported():
    """Modules and distributions that `load_frame` brings into a fresh process."""
    done = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, check=True)
    modules, distributions = json.loads(done.stdout)
    return set(modules), {normal(name) for name in distributions}


def test_loading_a_frame_imports_no_library_of_a_run(imported):
    assert not imported[0] & HEAVY


def test_consumer_txt_names_all_that_loading_a_frame_needs(imported):
    # pandas and Arrow import these where they are installed, and do without where they are not.
    optional = {"equipoise", "pytz", "cloudpickle"}
    assert imported[1] - optional <= {
        normal(line.partition("==")[0]) for line in pins("consumer.txt")
    }


def test_consumer_txt_has_the_versions_of_the_constraints():
    assert pins("consumer.txt") <= pins("constraints.txt")


def test_the_wheel_holds_templates_and_the_mark_of_types(tmp_path):
    program = (
        "from setuptools import build_meta; import sys; print(build_meta.build_wheel(sys.argv[1]))"
    )
    source = tmp_path / "source"
    source.mkdir()
    kept = subprocess.run(
        ["git", "ls-files", "-z", "pipeline", "flows", "pyproject.toml", "README.md", "LICENSE"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, kept):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=source, capture_output=True, check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    code = {name for name in kept if name.startswith(("pipeline/", "flows/"))}
    assert code <= held
    assert {"pipeline/py.typed", "flows/py.typed"} <= held
    assert any("/templates/" in name for name in code)


def test_the_command_of_a_light_installation_says_what_is_missing():
    program = "import sys; sys.modules['typer'] = None; from pipeline.start import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "needs typer, which is not installed" in done.stderr
    assert "Traceback" not in done.stderr
