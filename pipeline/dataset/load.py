"""A pulled version in one line of Python.

    load_frame("DIR")                   a pandas data frame
    load_torch("DIR")                   a torch Dataset whose images decode when asked for
    datasets.load_dataset("DIR")        Hugging Face's own, which needs nothing from here

The weights of the recommended mix come along in each of them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq

from pipeline.errors import VersionError
from pipeline.storage import TABLE_PROVENANCE_PREFIX, read_schema
from pipeline.workspace import verify_manifest

if TYPE_CHECKING:
    from pipeline.dataset.torch_dataset import AugmentedDataset


def load_frame(directory: Path | str, *, synthetic: bool | None = None) -> pd.DataFrame:
    """Every row, with `class_name` beside the label; images stay encoded as PNG bytes in `image`.

    Args:
        directory: A pulled version, as Parquet.
        synthetic: True for synthetic rows only, False for real rows only.

    Raises:
        VersionError: the folder is not a pulled version in Parquet.
    """
    folder = _checked(Path(directory))
    schema = read_schema(folder)
    frame: pd.DataFrame = pq.read_table(folder / "train").to_pandas()
    if schema.modality == "image":
        frame["image"] = [cell["bytes"] for cell in frame["image"]]
    prefix, label = "", "label"
    if schema.modality == "table":
        prefix, label = TABLE_PROVENANCE_PREFIX, schema.label_column
    frame[f"{prefix}class_name"] = [schema.classes[k] for k in frame[label]]
    if synthetic is not None:
        frame = frame[frame[f"{prefix}is_synthetic"] == synthetic].reset_index(drop=True)
    return frame


def load_torch(
    directory: Path | str, *, transform: Callable[[Any], Any] | None = None
) -> "AugmentedDataset":
    """A torch Dataset of the images; see `pipeline.dataset.torch_dataset`.

    Raises:
        VersionError: the folder is not a pulled image version in Parquet.
    """
    from pipeline.dataset.torch_dataset import AugmentedDataset

    return AugmentedDataset(_checked(Path(directory)), transform=transform)


def _checked(directory: Path) -> Path:
    if not any((directory / "train").glob("*.parquet")):
        raise VersionError(
            f"{directory} is not a version pulled as Parquet: it has no train/*.parquet. Get one "
            "with `equipoise pull --to DIR`."
        )
    verify_manifest(directory)
    return directory
