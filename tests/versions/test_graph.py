"""dvc.yaml holds what the flow and the stages rely on."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.errors import ParamsError, WorkspaceError
from pipeline.versions.graph import require_watched_params, stage_names, watches_code

REPOSITORY = Path(__file__).parents[2]
STAGES = YAML(typ="safe", pure=True).load((REPOSITORY / "dvc.yaml").read_text())["stages"]


def test_a_stage_is_listed_after_those_whose_outputs_it_reads():
    written: set[str] = set()
    everything = {path for stage in STAGES.values() for path in outputs(stage)}
    for name in stage_names(REPOSITORY):
        read = set(STAGES[name].get("deps", [])) & everything
        assert read <= written, name
        written |= set(outputs(STAGES[name]))


@pytest.mark.parametrize("name", STAGES)
def test_no_command_carries_a_parameter(name):
    # `${…}` in a command line would let params.yaml run anything in a shell.
    assert "${" not in STAGES[name]["cmd"]
    assert STAGES[name]["cmd"] == f"python -m pipeline.stages.{name}"


@pytest.mark.parametrize(
    ("params", "watched"), [("[seed]", False), ("[seed, code.json: [a]]", True)]
)
def test_a_dvc_yaml_says_whether_it_watches_code(tmp_path, params, watched):
    (tmp_path / "dvc.yaml").write_text(f"stages:\n  a: {{cmd: a, params: {params}}}\n")
    assert watches_code(tmp_path) is watched


def test_a_section_that_a_stage_watches_may_not_be_left_out(tmp_path):
    (tmp_path / "dvc.yaml").write_text("stages:\n  a: {cmd: a, params: [seed, gan]}\n")
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    with pytest.raises(ParamsError, match=r"`gan` is missing; add `gan: \{\}`"):
        require_watched_params(tmp_path)
    (tmp_path / "params.yaml").write_text("seed: 1\ngan: {}\n")
    require_watched_params(tmp_path)


@pytest.mark.parametrize("content", [None, "", "stages:", "stages: {}", "a: [", "[1]"])
def test_a_damaged_dvc_yaml_is_told_with_the_way_out(tmp_path, content):
    if content is not None:
        (tmp_path / "dvc.yaml").write_text(content)
    with pytest.raises(WorkspaceError, match="missing, damaged or lists no stages"):
        stage_names(tmp_path)


def outputs(stage: dict) -> list[str]:
    entries = [entry for key in ("outs", "metrics", "plots") for entry in stage.get(key, [])]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]
