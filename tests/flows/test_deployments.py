"""prefect.yaml and the container describe the same flow that is served on one machine."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]
CONTENT = YAML(typ="safe", pure=True).load((REPOSITORY / "prefect.yaml").read_text())


@pytest.mark.parametrize("deployment", CONTENT["deployments"], ids=lambda each: each["name"])
def test_a_deployment_runs_the_flow_one_at_a_time_and_cancels_a_second(deployment):
    assert deployment["entrypoint"] == "flows/augmentation.py:augmentation"
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert deployment["parameters"]["scheduled"] is True
    assert deployment["work_pool"]["job_variables"]["env"]["DO_NOT_TRACK"] == "1"


def test_prefect_is_the_pinned_one():
    pins = (REPOSITORY / "constraints.txt").read_text()
    assert f"prefect=={CONTENT['prefect-version']}\n" in pins


def test_the_image_installs_from_the_constraints_and_copies_all_that_is_installed():
    recipe = (REPOSITORY / "Dockerfile").read_text()
    assert "pip install --no-cache-dir --constraint constraints.txt ." in recipe
    copied = set(re.findall(r"^COPY (.+) \S+$", recipe, re.MULTILINE))
    named = {name for line in copied for name in line.split()}
    assert {
        "pyproject.toml",
        "constraints.txt",
        "README.md",
        "LICENSE",
        "pipeline",
        "flows",
    } == named
    assert all((REPOSITORY / name).exists() for name in named)
