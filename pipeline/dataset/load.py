"""A pulled version in one line of Python.

    load_frame("DIR")                   a pandas data frame
    load_torch("DIR")                   a torch Dataset; images decode when asked for
    datasets.load_dataset("DIR")        Hugging Face's own, which needs nothing from here

Each gives the rows of `train`, the recommended set: a plain fit on them needs no weights. Others
are had by name: load_frame("DIR", rows="balanced"), load_dataset("DIR", "balanced"). Of a version
that an earlier release made, `train` and `all` are all of its rows with the weights that it
recommends, `balanced` its real and GAN rows, and `synthetic` its GAN rows.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.dataset.forms.registry import form_of
from pipeline.dataset.layout import EARLIER_FOLDER, FOLDER, require_rows, row_files
from pipeline.dataset.selection import label_column, prefix_of, selected_table
from pipeline.dataset.wanted import Rows, Selection
from pipeline.errors import VersionError
from pipeline.storage import read_schema
from pipeline.workspace import verify_manifest

if TYPE_CHECKING:
    from pipeline.dataset.torch_rows import AugmentedDataset


def load_frame(directory: Path | str, *, rows: Rows = "train") -> pd.DataFrame:
    """The rows, with `class_name` beside the label; images stay encoded as PNG bytes in `image`.

    Columns of a table keep their types: whole numbers and flags with gaps are of the nullable types
    of pandas. What is known of each row stands in columns `equipoise.…`, `class_name` among them.

    Args:
        directory: A pulled version, as Parquet.
        rows: "train", "balanced", "synthetic" or "all"; see above.

    Raises:
        VersionError: the folder is not a pulled version in Parquet, or it does not hold such rows.
    """
    folder = checked(Path(directory), rows)
    schema = read_schema(folder)
    frame = form_of(schema).frame(selected_table(folder, Selection(rows)))
    names = [schema.classes[k] for k in frame[label_column(schema)]]
    frame[f"{prefix_of(schema)}class_name"] = names
    return frame


def load_torch(
    directory: Path | str,
    *,
    rows: Rows = "train",
    transform: Callable[[Any], Any] | None = None,
    recipe: bool = False,
    seed: int = 0,
) -> "AugmentedDataset":
    """A torch Dataset of the rows; see `pipeline.dataset.torch_images` and `torch_table`.

    Args:
        directory: A pulled version, as Parquet.
        rows: "train", "balanced", "synthetic" or "all"; see above.
        transform: Makes an item of an image, uint8 [height, width, channels], or of a row of a
            table, float64 [columns].
        recipe: Augment and sample as the trial advises for its network; `recipe.json` tells how.
        seed: Of the augmentation.

    Raises:
        VersionError: the folder is not a pulled version in Parquet, or it does not hold such
            rows, or no recipe.
    """
    folder = checked(Path(directory), rows)
    dataset = form_of(read_schema(folder)).torch()
    return dataset(folder, rows=rows, transform=transform, recipe=recipe, seed=seed)


def checked(directory: Path, rows: Rows) -> Path:
    """The folder, once it is proven to be a pulled version that holds these rows.

    Raises:
        VersionError: it is none, or does not hold them.
        ArtifactError: a file is damaged.
    """
    if not row_files(directory, "all"):
        raise VersionError(
            f"{directory} is not a version pulled as Parquet: it has neither {FOLDER}/*/*.parquet "
            f"nor {EARLIER_FOLDER}/*.parquet. Get one with `equipoise pull --to DIR`."
        )
    require_rows(directory, verify_manifest(directory), rows)
    return directory
