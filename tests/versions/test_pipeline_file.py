import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.versions.graph import CODE_FILE
from pipeline.versions.pipeline_file import pipeline_file, template_stages

REPOSITORY = Path(__file__).parents[2]


def parsed(text):
    return YAML(typ="safe", pure=True).load(text)


def test_this_repository_is_a_workspace_without_raw_data():
    assert (REPOSITORY / "dvc.yaml").read_text() == pipeline_file(has_source_path=False)


def test_no_stage_lists_the_files_of_its_code():
    text = (REPOSITORY / "dvc.yaml").read_text()
    assert ".py" not in text
    assert len(text.splitlines()) < 120


def test_dvc_finds_one_pipeline_file_and_no_template_of_one():
    # DVC takes every file of that name in a repository for a pipeline with plots of its own.
    tracked = subprocess.run(
        ["git", "ls-files", "--", "*dvc.yaml"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert tracked == ["dvc.yaml"]


@pytest.mark.parametrize("has_source_path", [True, False])
def test_no_command_holds_a_parameter(has_source_path):
    stages = parsed(pipeline_file(has_source_path=has_source_path))["stages"]
    assert all("$" not in entry["cmd"] for entry in stages.values())


def test_every_stage_watches_its_own_code():
    stages = parsed(pipeline_file(has_source_path=True))["stages"]
    assert tuple(stages) == template_stages()
    assert all(entry["params"][-1] == {CODE_FILE: [name]} for name, entry in stages.items())


def test_only_the_raw_data_of_prepare_lie_outside():
    stages = parsed(pipeline_file(has_source_path=True))["stages"]
    assert stages["prepare"]["deps"] == ["${source.path}"]
