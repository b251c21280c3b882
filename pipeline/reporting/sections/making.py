"""How the version was made, and how to reproduce and pull it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.reporting import numbers
from pipeline.reporting.blocks import Block, Code, Fold, Grid, Section, Slot, Text, only
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table

COMMANDS = """\
# take the data of a version
equipoise pull {name}@vX.Y.Z --to ./{name}
# the same with plain DVC, without this package
dvc get REPOSITORY data/augmented --rev {name}@vX.Y.Z
# make it again, byte for byte on the same machine
git checkout {name}@vX.Y.Z
equipoise run"""


def build(material: Material) -> Section:
    """Data, seed, generator, software; commands; every parameter to unfold."""
    blocks: list[Block | None] = [
        Grid(facts_table(material)),
        Slot("run"),
        Text("To pull it or to reproduce it:"),
        Code(tuple(COMMANDS.format(name=material.name).split("vX.Y.Z"))),
        Fold("Every parameter", only([Grid(params_table(material))])),
        Fold("What each stage recorded", only([Grid(stages_table(material))])),
    ]
    return Section("making", "How it was made", only(blocks))


def facts_table(material: Material) -> Table:
    """The few facts that everybody asks for."""
    params = material.params
    facts: dict[str, Any] = {
        "Data": f"{params.source.kind}, "
        f"{numbers.counted(len(material.schema.classes), 'class', 'classes')}",
        "Licence of the data": params.source.licence or "not stated",
        "Root seed": params.seed,
        "Recipe of the generator": params.gan.preset,
        "Generator (SHA-256)": material.generator.get("hash", "–"),
    }
    versions = material.generator.get("config", {}).get("versions", {})
    facts |= {f"Version of {name}": version for name, version in sorted(versions.items())}
    return _pairs("facts", "Where this version comes from", facts)


def params_table(material: Material) -> Table:
    """Every parameter of params.yaml with the value that was used."""
    values = material.params.model_dump(mode="json")
    return _pairs("params", "Parameters, defaults included", dict(_flat(values)))


def stages_table(material: Material) -> Table:
    """The facts of every stage's manifest."""
    return _pairs("stages", "What each stage's manifest records", dict(_flat(material.facts)))


def _pairs(key: str, caption: str, values: Mapping[str, Any]) -> Table:
    return Table(
        key=key,
        caption=caption,
        columns=(Column("What"), Column("Value")),
        rows=tuple(
            (Cell(numbers.visible(name)), Cell(numbers.visible(value) or "–", str(value)))
            for name, value in values.items()
        ),
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{name}.")
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, "–" if value is None else str(value)
