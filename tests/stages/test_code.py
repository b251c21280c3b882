"""What a stage imports is found by reading, and agrees with what Python imports when it runs."""

import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import WorkspaceError
from pipeline.stages.code import (
    PACKAGE,
    code_hashes,
    imported_files,
    imported_libraries,
    package_of,
    require_current_code,
    write_code,
)
from pipeline.versions.pipeline_file import template_stages

PROGRAM = """
import importlib, json, sys
importlib.import_module("pipeline.stages.STAGE")
files = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "pipeline"]
print(json.dumps(files))
"""


@pytest.mark.parametrize("stage", ["prepare", "assemble"])
def test_reading_finds_every_file_that_running_imports(stage):
    command = [sys.executable, "-c", PROGRAM.replace("STAGE", stage)]
    ran = subprocess.run(command, capture_output=True, check=True, cwd=PACKAGE.parent)
    files = {Path(name).relative_to(PACKAGE.parent).as_posix() for name in json.loads(ran.stdout)}
    with_code = {name for name in files if not name.endswith("__init__.py")}
    assert with_code <= imported_files(stage)


@pytest.fixture
def package(tmp_path):
    """A copy of the package, to be edited."""
    copy = tmp_path / "pipeline"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def hashes(package):
    return code_hashes(("prepare", "assemble"), package=package)


def test_an_edit_changes_the_hash_of_exactly_the_stages_that_import_the_file(package):
    before = hashes(package)
    with (package / "sources" / "splitting.py").open("a") as file:
        file.write("ADDED = 1\n")
    after = hashes(package)
    assert after["prepare"] != before["prepare"]
    assert after["assemble"] == before["assemble"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""The errors a user can meet.', '"""Other words, as long as one likes.'),
        ('    """Something the user can mend; the message says how."""\n\n', ""),
        ("SHOWN_PROBLEMS = 20\n", "# Why twenty.\nSHOWN_PROBLEMS = (\n    20\n)\n"),
    ],
    ids=["docstring", "no docstring", "comment and layout"],
)
def test_words_and_layout_change_no_hash(package, old, new):
    before = hashes(package)
    path = package / "errors.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert hashes(package) == before


def test_a_template_counts_byte_by_byte(package):
    before = code_hashes(["report"], package=package)
    with (package / "reporting" / "templates" / "page.css").open("a") as file:
        file.write("\n")
    assert code_hashes(["report"], package=package) != before


def test_another_torch_makes_the_training_stale_and_leaves_the_preparation(monkeypatch):
    before = code_hashes(("prepare", "train"))
    real = importlib.metadata.version
    monkeypatch.setattr(
        "pipeline.stages.code.version", lambda name: "9.9" if name == "torch" else real(name)
    )
    after = code_hashes(("prepare", "train"))
    assert after["train"] != before["train"]
    assert after["prepare"] == before["prepare"]


@pytest.mark.parametrize("stage", template_stages())
def test_every_library_that_a_stage_imports_is_found_under_its_name(stage):
    libraries = imported_libraries(stage)
    assert "absent" not in libraries.values(), libraries


def test_the_libraries_of_the_arithmetic_count():
    libraries = imported_libraries("evaluate")
    assert {"torch", "numpy", "scikit-learn", "pandas", "pyarrow", "pillow"} <= set(libraries)


def test_a_stage_refuses_to_run_under_other_code_than_code_json_names(tmp_path):
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  prepare: {cmd: x, params: [code.json: [prepare]]}\n"
    )
    write_code(tmp_path)
    require_current_code(tmp_path, "prepare")
    (tmp_path / "code.json").write_text('{"prepare": "0"}')
    with pytest.raises(WorkspaceError, match="Run `python -m pipeline"):
        require_current_code(tmp_path, "prepare")
    subprocess.run([sys.executable, "-m", "pipeline.stages.code"], check=True, cwd=tmp_path)
    require_current_code(tmp_path, "prepare")


def test_a_workspace_that_holds_the_package_runs_its_own(package):
    assert package_of(package.parent) == package
    assert package_of(package) == PACKAGE


def test_templates_beside_imported_code_belong_to_the_stage():
    assert "pipeline/reporting/templates/page.css" in imported_files("report")
    assert "pipeline/dataset/templates/card.md.j2" in imported_files("assemble")
    assert not any("/templates/" in name for name in imported_files("prepare"))
