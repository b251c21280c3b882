"""What a stage imports is found by reading, and agrees with what Python imports when it runs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.stages.code import PACKAGE, code_hashes, imported_files

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


def test_an_edit_changes_the_hash_of_exactly_the_stages_that_import_the_file(tmp_path, monkeypatch):
    copy = tmp_path / "pipeline"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr("pipeline.stages.code.PACKAGE", copy)
    before = code_hashes(("prepare", "assemble"))
    with (copy / "sources" / "splitting.py").open("a") as file:
        file.write("# changed\n")
    after = code_hashes(("prepare", "assemble"))
    assert after["prepare"] != before["prepare"]
    assert after["assemble"] == before["assemble"]


def test_templates_beside_imported_code_belong_to_the_stage():
    assert "pipeline/reporting/templates/page.css" in imported_files("report")
    assert not any("/templates/" in name for name in imported_files("prepare"))
