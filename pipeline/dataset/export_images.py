"""An image set as one folder a class, one PNG a row, and a table of what is known of each."""

import csv
import re
from pathlib import Path

from pipeline.codecs.png import encode_png
from pipeline.dataset.cells import provenance_rows
from pipeline.dataset.selection import selected_shards
from pipeline.dataset.wanted import Selection
from pipeline.formulas import harmless
from pipeline.storage import read_schema

LONGEST_NAME = 100
# Names of devices on Windows, whatever their suffix.
RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.IGNORECASE)


def export_images(source: Path, target: Path, selection: Selection) -> None:
    """Write `<class>/<id>.png` and `metadata.csv` of a set of images."""
    schema = read_schema(source)
    folders = unique_names(schema.classes)
    with (target / "metadata.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        taken: set[str] = set()
        for samples in selected_shards(source, selection):
            header, rows = provenance_rows(samples)
            if not taken:
                writer.writerow(["file_name", "label", *header])
            for image, label, row_id, row in zip(
                samples.values, samples.labels, samples.ids, rows, strict=True
            ):
                name = _free(f"{folders[label]}/{file_name(str(row_id))}", taken)
                path = target / f"{name}.png"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(encode_png(image))
                writer.writerow([f"{name}.png", harmless(schema.classes[label]), *row])


def file_name(text: str) -> str:
    """Text from outside as the name of a file: no separator, no leading dot or dash, not long."""
    clean = re.sub(r"[^\w .-]", "_", text).strip(" ").lstrip(".-") or "_"
    clean = clean.encode()[:LONGEST_NAME].decode(errors="ignore").rstrip(" .") or "_"
    return f"_{clean}" if RESERVED.fullmatch(clean.split(".")[0].strip()) else clean


def unique_names(texts: tuple[str, ...]) -> list[str]:
    """A file name for each text, all of them different, also where case does not count."""
    taken: set[str] = {"metadata.csv", "readme.md", "manifest.json"}
    return [_free(file_name(text), taken) for text in texts]


def _free(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate.casefold() in taken:
        candidate, number = f"{name}-{number}", number + 1
    taken.add(candidate.casefold())
    return candidate
