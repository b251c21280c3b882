"""What the stages' own manifests say of how they were made, beside what a release would say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.params import Params
from pipeline.storage import read_schema
from pipeline.versions.agreement import differences, shown
from pipeline.workspace import MANIFEST, Workspace, read_json


def contradictions(workspace: Workspace, params: Params) -> Iterator[str]:
    """Every difference between the params and the manifests, and among these, a sentence each.

    Raises:
        ArtifactError: a manifest or schema is damaged.
    """
    prepared, generator = _facts(workspace.prepared), _facts(workspace.generator)
    synthetic, augmented = _facts(workspace.synthetic), _facts(workspace.augmented)
    said = params.source.model_dump(mode="json", exclude={"path"})
    made = prepared.get("source", {})
    for key, new, old in differences({name: said.get(name) for name in made}, made, "source"):
        yield f"`{key}` is {shown(new)}, and data/prepared was made with {shown(old)}."
    for where, facts in (("data/generator", generator), ("data/augmented", augmented)):
        if facts.get("seed", params.seed) != params.seed:
            yield f"`seed` is {params.seed}, and {where} was made with {facts['seed']}."
    trained = generator.get("generator")
    if trained is not None and synthetic.get("generator", trained) != trained:
        yield "data/synthetic was drawn by another generator than that in data/generator."
    drawn = {synthetic["generator"]} if "generator" in synthetic else None
    if drawn is not None and not set(augmented.get("generators", ())) <= drawn:
        yield "data/augmented has rows of another generator than data/synthetic."
    schema = augmented.get("schema")
    if schema is not None and schema != read_schema(workspace.prepared).model_dump(mode="json"):
        yield "data/augmented has another schema than data/prepared."


def _facts(directory: Path) -> dict[str, Any]:
    if not (directory / MANIFEST).is_file():
        return {}
    return dict(read_json(directory / MANIFEST).get("facts", {}))
