"""An augmented set in the form a consumer asked for: Parquet, images, CSV or NumPy arrays."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.dataset.card_header import with_header_of_part
from pipeline.dataset.export_csv import export_csv
from pipeline.dataset.export_images import export_images
from pipeline.dataset.export_numpy import export_numpy
from pipeline.dataset.layout import (
    EARLIER_FOLDER,
    ROWS,
    globs_of,
    is_earlier,
    name_by_content,
    require_rows,
    row_files,
)
from pipeline.dataset.membership import RowCounts
from pipeline.dataset.recipe_file import RECIPE_FILE
from pipeline.dataset.selection import count_selected, selected_tables
from pipeline.dataset.wanted import Format, Rows, Selection
from pipeline.errors import VersionError
from pipeline.storage import SCHEMA_FILE
from pipeline.workspace import MANIFEST, read_json, write_bytes, write_manifest

Exporter = Callable[[Path, Path, Selection], None]
CARD = "README.md"


def export_parquet(source: Path, target: Path, selection: Selection) -> None:
    """The selected rows in the layout of the set."""
    shutil.copyfile(source / SCHEMA_FILE, target / SCHEMA_FILE)
    if not selection.classes and not is_earlier(source):
        for path in row_files(source, selection.rows):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        return
    for name, table in selected_tables(source, selection):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target / name, compression="zstd")
    if not is_earlier(target):
        name_by_content(target)


EXPORTERS: dict[Format, Exporter] = {
    "parquet": export_parquet,
    "images": export_images,
    "csv": export_csv,
    "numpy": export_numpy,
}


def export(source: Path, target: Path, form: Format, selection: Selection) -> None:
    """Write the selected rows of an augmented set into an empty folder, with card and manifest.

    Args:
        source: An augmented set, already verified, that holds at least the selected rows.
        target: An existing, empty folder.
        form: One of `EXPORTERS`.
        selection: Which rows.

    Raises:
        VersionError: the form cannot hold such data, a class is unknown, the set does not have such
            rows, or no row is selected.
    """
    require_rows(source, read_json(source / MANIFEST)["facts"], selection.rows)
    # Everything in an earlier release's set is what it recommended, with weights.
    whole = selection.rows == "all" or (is_earlier(source) and selection.rows == "train")
    if form == "parquet" and whole and not selection.classes:
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    configs = _counts(source, selection, ROWS if whole else (selection.rows,))
    EXPORTERS[form](source, target, selection)
    if (source / RECIPE_FILE).is_file():
        shutil.copyfile(source / RECIPE_FILE, target / RECIPE_FILE)
    if (source / CARD).is_file():
        text = (source / CARD).read_text(encoding="utf-8")
        note = _note(form, selection, configs[selection.rows])
        globs = _globs(target, configs) if form == "parquet" else {}
        write_bytes(target / CARD, with_header_of_part(text, globs, note=note).encode())
    facts = {"rows": selection.rows, "classes": list(selection.classes)}
    write_manifest(target, {"format": form, "selection": facts, "configs": configs})


def _counts(source: Path, selection: Selection, held: tuple[Rows, ...]) -> dict[Rows, RowCounts]:
    """Config → class → source → rows, of the configs that the part holds, if they have rows."""
    found = {rows: count_selected(source, Selection(rows, selection.classes)) for rows in held}
    found = {rows: counts for rows, counts in found.items() if _total(counts)}
    if selection.rows not in found:
        named = " or ".join(repr(name) for name in selection.classes) or "any class"
        raise VersionError(f"There is no row of {named} among the rows `{selection.rows}`.")
    return found


def _globs(target: Path, configs: dict[Rows, RowCounts]) -> dict[str, list[str]]:
    if is_earlier(target):
        return {"default": [f"{EARLIER_FOLDER}/*.parquet"]}
    names = [path.relative_to(target).as_posix() for path in row_files(target, "all")]
    return {rows: globs_of(names, rows) for rows in configs}


def _note(form: Format, selection: Selection, counts: RowCounts) -> str:
    """What a part holds, in a paragraph."""
    # Names of classes come from outside, and a paragraph is no place for their markup.
    classes = f" of {len(selection.classes)} classes" if len(selection.classes) > 1 else ""
    classes = " of one class" if len(selection.classes) == 1 else classes
    return (
        f"**A part of the version.** This folder holds the rows `{selection.rows}`{classes}: "
        f"{_total(counts):,} rows, as {form}. The card below is that of the whole version."
    )


def _total(counts: RowCounts) -> int:
    return sum(sum(of_class.values()) for of_class in counts.values())
