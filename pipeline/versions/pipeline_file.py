"""The dvc.yaml of a workspace, this repository's own included.

Its stages are those of `templates/workspace.yaml`. What code they run is watched through
`code.json`, one hash a stage.
"""

import io
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from pipeline.versions.graph import CODE_FILE

HEADER = """\
# The stages, for DVC. Made by `equipoise init`; settings belong into params.yaml.
# `code.json` tells DVC when Equipoise, or a library that it uses, has changed what a stage does.
"""


def template() -> Any:
    """The stages that every workspace has, as plain data."""
    text = (
        files("pipeline.versions").joinpath("templates/workspace.yaml").read_text(encoding="utf-8")
    )
    return YAML(typ="safe", pure=True).load(text)


def template_stages() -> tuple[str, ...]:
    """The names of the stages that every workspace has, in order."""
    return tuple(template()["stages"])


def pipeline_file(*, has_source_path: bool) -> str:
    """The whole dvc.yaml as text.

    No `cmd` holds a parameter: a `${…}` there would be a shell injection. The source's path is a
    dependency, where DVC only hashes it.

    Args:
        has_source_path: Whether the raw data lie at `source.path`, so that DVC watches them.
    """
    content = template()
    for name, stage in content["stages"].items():
        stage["params"] = [*stage["params"], {CODE_FILE: [name]}]
    if has_source_path:
        prepare = content["stages"]["prepare"]
        prepare["deps"] = ["${source.path}", *prepare.get("deps", [])]
    for stage in content["stages"].values():
        for key in ("deps", "params", "outs", "metrics"):
            if key in stage:
                stage[key] = _on_one_line(stage[key])
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 100
    buffer = io.StringIO()
    yaml.dump(content, buffer)
    return HEADER + buffer.getvalue()


def _on_one_line(entries: list[Any]) -> CommentedSeq:
    line = CommentedSeq(entries)
    line.fa.set_flow_style()
    return line
