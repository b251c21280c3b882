"""An augmented set in the form a consumer asked for: Parquet, images, CSV or NumPy arrays."""

import shutil
from collections.abc import Callable
from pathlib import Path

from pipeline.dataset.export_csv import export_csv
from pipeline.dataset.export_images import export_images
from pipeline.dataset.export_numpy import export_numpy
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Format, Selection
from pipeline.storage import SCHEMA_FILE, ShardWriter
from pipeline.workspace import MANIFEST, write_manifest

Exporter = Callable[[Path, Path, Selection], None]


def export_parquet(source: Path, target: Path, selection: Selection) -> None:
    """The set as it was released, or the selected rows in the same layout."""
    if selection.takes_all:
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    shutil.copyfile(source / SCHEMA_FILE, target / SCHEMA_FILE)
    with ShardWriter(target, "train") as writer:
        for samples in selected_shards(source, selection):
            writer.write(samples)


EXPORTERS: dict[Format, Exporter] = {
    "parquet": export_parquet,
    "images": export_images,
    "csv": export_csv,
    "numpy": export_numpy,
}


def export(source: Path, target: Path, form: Format, selection: Selection) -> None:
    """Write the selected rows of an augmented set into an empty folder, with a manifest.

    Args:
        source: A complete augmented set, already verified.
        target: An existing, empty folder.
        form: One of `EXPORTERS`.
        selection: Which rows.

    Raises:
        VersionError: the form cannot hold such data, or a class is unknown.
    """
    EXPORTERS[form](source, target, selection)
    card = source / "README.md"
    if card.is_file() and not (target / card.name).exists():
        shutil.copyfile(card, target / card.name)
    if not (target / MANIFEST).exists():
        classes = list(selection.classes)
        write_manifest(
            target, {"format": form, "synthetic": selection.synthetic, "classes": classes}
        )
