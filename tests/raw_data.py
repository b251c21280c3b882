"""Small raw data sets of every format, written by the tests that read them."""

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from pipeline.codecs.png import encode_png
from pipeline.dataset.assemble import assemble
from pipeline.dataset.write import write_set
from pipeline.samples import Samples, Schema
from tests.hand_made import curation_of, trial_result

SIDE_PX = 12


def picture(number: int, *, side: int = SIDE_PX, colour: bool = False) -> np.ndarray:
    """A picture like no other: noise from its own seed."""
    stream = np.random.default_rng(number)
    return stream.integers(0, 256, (side, side, 3 if colour else 1), np.uint8)


def save(path: Path, pixels: np.ndarray, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(path, **options)


def image_folder(root: Path, counts=None, *, start: int = 0) -> Path:
    """<root>/<class>/<n>.png, 30 cats and 20 dogs where nothing else is asked."""
    number = start
    for name, count in (counts or {"cat": 30, "dog": 20}).items():
        for _ in range(count):
            save(root / name / f"{number:04d}.png", picture(number))
            number += 1
    return root


def split_folder(root: Path) -> Path:
    image_folder(root / "train", {"cat": 12, "dog": 8})
    image_folder(root / "validation", {"cat": 3, "dog": 3}, start=100)
    image_folder(root / "test", {"cat": 4, "dog": 4}, start=200)
    return root


def idx_bytes(array: np.ndarray, *, code: int = 0x08) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()


def idx_folder(root: Path, *, n: int = 50, zipped: bool = False, start: int = 0) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    images = np.stack([picture(start + k)[:, :, 0] for k in range(n)])
    labels = (np.arange(n) % 3).astype(np.uint8)
    for name, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
        content = idx_bytes(array)
        if zipped:
            (root / f"train-{name}.gz").write_bytes(gzip.compress(content))
        else:
            (root / f"train-{name}").write_bytes(content)
    return root


def frame(n: int = 60, *, start: int = 0) -> pd.DataFrame:
    rows = []
    for k in range(start, start + n):
        stream = np.random.default_rng(k)
        rows.append(
            {
                "age": int(stream.integers(18, 40)),
                "height": round(float(stream.normal(170, 10)), 6),
                "weight": round(float(stream.normal(70, 12)), 6),
                "town": str(stream.choice(["Bern", "Oslo", "Rom"])),
                "member": str(stream.choice(["true", "false"])),
                "since": f"20{stream.integers(10, 24)}-0{stream.integers(1, 10)}-11",
                "patient": f"p{k // 3}",
                "income": "high" if k % 3 == 0 else "low",
            }
        )
    return pd.DataFrame(rows)


def csv_file(path: Path, data: pd.DataFrame | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (frame() if data is None else data).to_csv(path, index=False)
    return path


def text_file(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def picture_table(numbers, labels, **more) -> pa.Table:
    contents = [encode_png(picture(number)) for number in numbers]
    paths = [f"{number:04d}.png" for number in numbers]
    image = pa.StructArray.from_arrays(
        [pa.array(contents, pa.binary()), pa.array(paths)], names=["bytes", "path"]
    )
    table = pa.table({"image": image, "label": pa.array(labels, pa.int64()), **more})
    features = {
        "image": {"_type": "Image"},
        "label": {"_type": "ClassLabel", "names": ["cat", "dog"]},
    }
    return table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )


def parquet_folder(root: Path, *, n: int = 50) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    table = picture_table(range(n), [k % 2 for k in range(n)])
    pq.write_table(table, root / "data-00000-of-00001.parquet")
    return root


def released_folder(root: Path, *, n: int = 50) -> Path:
    """A released version: `n` real rows in groups of three, and ten that a generator drew."""
    real = Samples(
        schema=Schema(modality="image", classes=("cat", "dog"), image_shape=(SIDE_PX, SIDE_PX, 1)),
        values=np.stack([picture(number) for number in range(n)]),
        labels=np.arange(n, dtype=np.int64) % 2,
        provenance=pd.DataFrame(
            {
                "id": [f"real-{number}" for number in range(n)],
                "source_path": [f"{number:04d}.png" for number in range(n)],
                "group": [f"patient {number // 3}" for number in range(n)],
            }
        ),
    )
    drawn = real.take(slice(0, 10))
    pool = Samples(
        schema=drawn.schema,
        values=255 - drawn.values,
        labels=drawn.labels,
        provenance=pd.DataFrame(
            {"id": [f"drawn-{k}" for k in range(10)], "generator": "0f3a", "draw": range(10)}
        ),
    )
    rows = {"real": n // 2, "gan": 3}
    result = trial_result(in_set={"cat": {**rows, "real": n - n // 2}, "dog": rows})
    released = assemble(
        real,
        pool,
        curation=curation_of(pool, chosen=[True] * 10),
        requested={"cat": 5, "dog": 5},
        result=result,
    )
    write_set(root, released, result, name="augmented", seed=0)
    return root
