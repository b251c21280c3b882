"""An augmented set in the form a consumer asked for: Parquet, images, CSV or NumPy arrays."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.dataset.export_csv import export_csv
from pipeline.dataset.export_images import export_images
from pipeline.dataset.export_numpy import export_numpy
from pipeline.dataset.forms.registry import form_of
from pipeline.dataset.layout import ROWS, is_earlier, name_by_content, require_rows
from pipeline.dataset.part import copy_part, describe_part, is_plain, total
from pipeline.dataset.recipe_file import RECIPE_FILE
from pipeline.dataset.selection import count_selected, selected_tables
from pipeline.dataset.wanted import Format, RowCounts, Rows, Selection
from pipeline.errors import VersionError
from pipeline.storage import SCHEMA_FILE, read_schema
from pipeline.workspace import MANIFEST, read_json

Exporter = Callable[[Path, Path, Selection], None]


def export_parquet(source: Path, target: Path, selection: Selection) -> None:
    """The selected rows in the layout of the set, each file without those that are not."""
    shutil.copyfile(source / SCHEMA_FILE, target / SCHEMA_FILE)
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
    own = form_of(read_schema(source))
    if form not in own.formats:
        raise VersionError(own.refusal(form))
    if is_plain(source, form, selection):
        copy_part(source, target, selection.rows)
        return
    configs = _counts(source, selection, ROWS if whole else (selection.rows,))
    EXPORTERS[form](source, target, selection)
    if (source / RECIPE_FILE).is_file():
        shutil.copyfile(source / RECIPE_FILE, target / RECIPE_FILE)
    describe_part(source, target, form, selection, configs)


def _counts(source: Path, selection: Selection, held: tuple[Rows, ...]) -> dict[Rows, RowCounts]:
    """Config → class → source → rows, of the configs that the part holds, if they have rows."""
    found = {rows: count_selected(source, Selection(rows, selection.classes)) for rows in held}
    found = {rows: counts for rows, counts in found.items() if total(counts)}
    if selection.rows not in found:
        named = " or ".join(repr(name) for name in selection.classes) or "any class"
        raise VersionError(f"There is no row of {named} among the rows `{selection.rows}`.")
    return found
