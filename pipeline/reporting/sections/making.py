"""How the version was made, and how to reproduce and pull it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline import numbers
from pipeline.reporting.blocks import Block, Code, Fold, Grid, Section, Slot, Text, only
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, name_cell

# What each split is for, in the order in which they are told.
SPLITS = {
    "train": "of the dataset",
    "validation": "for replicates",
    "test": "scored once",
    "withheld": "for the ceiling",
}
NOTHING = "–"
PRECISIONS = {"fp32": "fp32", "bf16": "bf16, with weights in fp32"}
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
        Grid(splits_table(material)),
        Slot("run"),
        Text("To pull it or to reproduce it:", "heading"),
        Code(tuple(COMMANDS.format(name=material.name).split("vX.Y.Z"))),
        Fold("Every parameter", only([Grid(params_table(material))])),
        Fold("What each stage wrote", only([Grid(folders_table(material))])),
    ]
    return Section("making", "How it was made", only(blocks))


def facts_table(material: Material) -> Table:
    """The few facts that everybody asks for."""
    params = material.params
    facts: dict[str, Any] = {
        "Data": f"{params.source.kind}, "
        f"{numbers.counted(len(material.schema.classes), 'class', 'classes')}",
        "Version of the data (SHA-256)": material.fingerprints.get("prepared", "–"),
        "Licence of the data": params.licence or "not stated",
        "Root seed": params.seed,
        "Recipe of the generator": params.gan.preset,
        "Generator (SHA-256)": material.generator.get("hash", "–"),
    }
    config = material.generator.get("config", {})
    precision = config.get("recipe", {}).get("precision")
    if precision is not None:
        facts["Precision of its training"] = PRECISIONS.get(precision, precision)
    if "threads" in config:
        facts["Threads of its training"] = config["threads"]
    versions = config.get("versions", {})
    facts |= {f"Version of {name}": version for name, version in sorted(versions.items())}
    return _pairs("facts", "Where this version comes from", facts)


def params_table(material: Material) -> Table:
    """Every parameter of params.yaml that has a value, and the names of those that have none."""
    values = dict(_flat(material.params.model_dump(mode="json")))
    unset = numbers.listed([name for name, value in values.items() if value == NOTHING])
    table = _pairs(
        "params",
        "Parameters, defaults included",
        {name: value for name, value in values.items() if value != NOTHING},
    )
    return replace(table, note=f"Left to the preset and to the data: {unset}." if unset else "")


def splits_table(material: Material) -> Table:
    """How many real rows of each class went where."""
    counts = material.split.get("counts", {})
    kept = [name for name in SPLITS if any(counts.get(name, {}).values())]
    return Table(
        key="splits",
        caption="Real rows of every class, by split",
        columns=(
            Column("Class"),
            *(Column(name.capitalize(), "number", hint=SPLITS[name]) for name in kept),
        ),
        rows=tuple(
            (name_cell(name), *(_count(counts[split].get(name, 0)) for split in kept))
            for name in (material.schema.classes if kept else ())
        ),
    )


def folders_table(material: Material) -> Table:
    """A fingerprint of every folder: the hash of its manifest, which lists every file's own."""
    table = _pairs(
        "folders",
        "The folder of every stage, by the SHA-256 of its manifest.json",
        {f"data/{stage}": digest for stage, digest in material.fingerprints.items()},
    )
    note = "Each manifest lists the SHA-256 of every file in its folder; equal fingerprints mean "
    return replace(table, note=f"{note}equal bytes.")


def _count(n: int) -> Cell:
    return Cell(numbers.count(n), n)


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
            yield name, ", ".join(map(repr, value)) or NOTHING
        else:
            yield name, NOTHING if value in (None, {}) else str(value)
