"""A part of an augmented set, with a card and a manifest that say what it holds. Light to load."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.dataset.card_header import with_header_of_part
from pipeline.dataset.layout import (
    EARLIER_FOLDER,
    globs_of,
    is_among,
    is_earlier,
    require_rows,
    row_files,
)
from pipeline.dataset.wanted import Format, RowCounts, Rows, Selection
from pipeline.errors import ArtifactError
from pipeline.outside import Count
from pipeline.workspace import MANIFEST, read_json, write_bytes, write_manifest

CARD = "README.md"


def is_plain(source: Path, form: Format, selection: Selection) -> bool:
    """Whether a selection is whole files of a set, so that no row has to be read."""
    return form == "parquet" and not selection.classes and not is_earlier(source)


def copy_part(source: Path, target: Path, rows: Rows) -> None:
    """Copy the files that hold some rows of a set into an empty folder, with card and manifest.

    Args:
        source: An augmented set, already verified, that has at least the files of these rows.
        target: An existing, empty folder.

    Raises:
        VersionError: the set has no such rows.
        ArtifactError: its manifest does not count its rows.
    """
    facts = read_json(source / MANIFEST)["facts"]
    require_rows(source, facts, rows)
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_file() and is_among(name, rows) and name not in (CARD, MANIFEST):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
    describe_part(source, target, "parquet", Selection(rows), {rows: _counts(facts, rows)})


def describe_part(
    source: Path,
    target: Path,
    form: Format,
    selection: Selection,
    configs: Mapping[Rows, RowCounts],
) -> None:
    """Write the card and the manifest of a part whose other files are there.

    Args:
        configs: Of each config that the part holds, its rows.
    """
    if (source / CARD).is_file():
        text = (source / CARD).read_text(encoding="utf-8", errors="replace")
        globs = _globs(target, configs) if form == "parquet" else {}
        note = _note(form, selection, configs[selection.rows])
        write_bytes(target / CARD, with_header_of_part(text, globs, note=note).encode())
    asked = {"rows": selection.rows, "classes": list(selection.classes)}
    write_manifest(target, {"format": form, "selection": asked, "configs": configs})


def total(counts: RowCounts) -> int:
    """Rows of all classes and sources."""
    return sum(sum(of_class.values()) for of_class in counts.values())


def _counts(facts: Mapping[str, Any], rows: Rows) -> RowCounts:
    try:
        found: RowCounts = TypeAdapter(dict[str, dict[str, Count]]).validate_python(
            facts.get("configs", {}).get(rows), strict=True
        )
    except (ValidationError, AttributeError):
        raise ArtifactError(
            f"{MANIFEST} of this version does not count its rows `{rows}`. It was not made by this "
            "product; take another version."
        ) from None
    return found


def _globs(target: Path, configs: Mapping[Rows, RowCounts]) -> dict[str, list[str]]:
    if is_earlier(target):
        return {"default": [f"{EARLIER_FOLDER}/*.parquet"]}
    names = [path.relative_to(target).as_posix() for path in row_files(target, "all")]
    return {rows: globs_of(names, rows) for rows in configs}


def _note(form: Format, selection: Selection, counts: RowCounts) -> str:
    """What a part holds, in a paragraph; names of classes come from outside, and stay out of it."""
    classes = len(selection.classes)
    of_classes = f" of {classes} classes" if classes > 1 else " of one class" if classes else ""
    return (
        f"**A part of the version.** This folder holds the rows `{selection.rows}`{of_classes}: "
        f"{total(counts):,} rows, as {form}. The card below is that of the whole version."
    )
