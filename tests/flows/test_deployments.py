"""prefect.yaml and the container describe the same flow that is served on one machine."""

import importlib.util
import json
import re
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]
CONTENT = YAML(typ="safe", pure=True).load((REPOSITORY / "prefect.yaml").read_text())


@pytest.mark.parametrize("deployment", CONTENT["deployments"], ids=lambda each: each["name"])
def test_a_deployment_runs_the_flow_one_at_a_time_and_cancels_a_second(deployment):
    assert deployment["entrypoint"] == "flows.augmentation.augmentation"
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert deployment["parameters"]["scheduled"] is True
    assert deployment["work_pool"]["job_variables"]["env"]["DO_NOT_TRACK"] == "1"


def pool_module():
    path = REPOSITORY / "docs" / "kubernetes_pool.py"
    spec = importlib.util.spec_from_file_location("kubernetes_pool", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


POOLS = pool_module()
TEMPLATES = {
    "process": POOLS.default_template("prefect", "process"),
    "docker": POOLS.default_template("prefect-docker", "docker"),
    "kubernetes": POOLS.kubernetes_template(),
}


@pytest.mark.parametrize("deployment", CONTENT["deployments"], ids=lambda each: each["name"])
def test_a_pool_of_its_kind_takes_every_job_variable(deployment):
    schema = TEMPLATES[deployment["name"]]["variables"] | {"additionalProperties": False}
    jsonschema.validate(deployment["work_pool"]["job_variables"], schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"no_such_variable": 1}, schema)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_asks_for_no_variable_that_it_does_not_declare(name):
    template = TEMPLATES[name]
    asked = set(re.findall(r"{{ (\w+) }}", json.dumps(template["job_configuration"])))
    assert asked <= set(template["variables"]["properties"])


def test_a_job_finds_the_workspace_where_its_parameters_say():
    roots = {each["name"]: each["parameters"]["root"] for each in CONTENT["deployments"]}
    docker = CONTENT["deployments"][1]
    assert docker["work_pool"]["job_variables"]["volumes"] == [
        f"{{{{ $EQUIPOISE_WORKSPACE }}}}:{roots['docker']}"
    ]
    pod = TEMPLATES["kubernetes"]["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    (mount,) = pod["containers"][0]["volumeMounts"]
    assert (mount["name"], mount["mountPath"]) == (pod["volumes"][0]["name"], roots["kubernetes"])


def test_the_entrypoint_is_the_flow():
    module, _, name = CONTENT["deployments"][0]["entrypoint"].rpartition(".")
    assert getattr(importlib.import_module(module), name).name == "augmentation"


def test_the_image_leaves_the_command_to_a_pools_worker():
    recipe = (REPOSITORY / "Dockerfile").read_text()
    assert "ENTRYPOINT" not in recipe
    assert 'CMD ["equipoise", "schedule"]' in recipe


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
