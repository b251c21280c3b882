"""The dvc.yaml of a workspace that holds no source code.

Its stages are those of `templates/workspace.yaml`, as are those of this repository's own dvc.yaml.
What the installed package would run is watched through `code.json`, one hash a stage.
"""

import io
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

CODE_FILE = "code.json"
HEADER = """\
# The stages, for DVC. Made by `equipoise init`; settings belong into params.yaml.
# `code.json` tells DVC when the installed Equipoise has changed what a stage does.
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
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 100
    buffer = io.StringIO()
    yaml.dump(content, buffer)
    return HEADER + buffer.getvalue()
