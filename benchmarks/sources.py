"""Time and peak memory of preparing raw data, each in a process of its own.

    python -m benchmarks.sources                     all figures, on generated data
    python -m benchmarks.sources --mnist DIR         the 20,000 pictures from IDX files of your own
    python -m benchmarks.sources --only table        one of: idx, folder, table
    python -m benchmarks.sources --append FILE       add the rows to a Markdown file

Processor time is what the process and its workers used, whatever else the machine did. Peak memory
is the largest sum of resident memory over them, sampled ten times a second, so pages that they
share count more than once.
"""

import argparse
import json
import platform
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from PIL import Image

SAMPLED_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Figure:
    """One measurement and what is asked of it."""

    what: str
    rows: int
    seconds: float
    processor_seconds: float
    peak_mb: float
    asked: str

    def line(self) -> str:
        return (
            f"| {self.what} | {self.rows:,} | {self.seconds:.1f} s "
            f"| {self.processor_seconds:.1f} s | {self.peak_mb:,.0f} MB | {self.asked} |"
        )


def prepare(workspace: Path, source: dict) -> tuple[float, float, float]:
    """Seconds, seconds of processor time, and peak MB of the prepare stage."""
    before = processor_seconds()
    (workspace / "params.yaml").write_text(json.dumps({"source": source}))
    begin = time.perf_counter()
    process = psutil.Popen([sys.executable, "-m", "pipeline.stages.prepare"], cwd=workspace)
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident(process))
        time.sleep(SAMPLED_EVERY_SECONDS)
    if process.returncode:
        raise SystemExit(f"prepare ended with {process.returncode}")
    seconds = time.perf_counter() - begin
    return seconds, processor_seconds() - before, peak / 2**20


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident(process: psutil.Process) -> int:
    total = 0
    try:
        for one in [process, *process.children(recursive=True)]:
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


def smooth_pictures(n: int, side: int, channels: int, *, seed: int = 0) -> Iterator[np.ndarray]:
    """Pictures of a few smooth spots, so that they compress about as photographs do."""
    stream = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    for _ in range(n):
        picture = np.zeros((side, side, channels))
        for _ in range(4):
            centre, width = stream.random(2), 0.05 + 0.2 * stream.random()
            spot = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / width**2)
            picture += spot[:, :, None] * stream.random(channels)
        noisy = 255 * picture / picture.max() + stream.normal(0, 4, picture.shape)
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def write_idx(root: Path, n: int) -> None:
    root.mkdir()
    images = np.stack([picture[:, :, 0] for picture in smooth_pictures(n, 28, 1)])
    labels = (np.arange(n) % 10).astype(np.uint8)
    for name, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (root / f"train-{name}").write_bytes(header + array.tobytes())


def mnist_training_part(source: Path, root: Path) -> None:
    root.mkdir()
    for path in source.glob("train-*"):
        (root / path.name).symlink_to(path.resolve())


def write_folder(root: Path, n: int) -> None:
    for number, picture in enumerate(smooth_pictures(n, 48, 3)):
        folder = root / f"class{number % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{number:06d}.jpg", quality=85)


def write_table(path: Path, n: int) -> None:
    stream = np.random.default_rng(0)
    columns: dict[str, object] = {f"x{k}": stream.normal(size=n).round(5) for k in range(6)}
    columns |= {f"n{k}": stream.integers(0, 500, n) for k in range(4)}
    columns |= {f"c{k}": stream.choice(["red", "green", "blue", "grey"], n) for k in range(4)}
    columns["label"] = stream.choice(["yes", "no", "maybe"], n, p=[0.7, 0.25, 0.05])
    pd.DataFrame(columns).to_csv(path, index=False)


def idx_figures(folder: Path, mnist: Path | None) -> Iterator[Figure]:
    root = folder / "idx"
    mnist_training_part(mnist, root) if mnist else write_idx(root, 20_000)
    measured = prepare(folder, {"kind": "idx", "path": str(root)})
    what = "MNIST, IDX gzip" if mnist else "generated 28×28 px, IDX"
    yield Figure(what, 20_000, *measured, "at most 10 s, 700 MB")


def folder_figures(folder: Path) -> Iterator[Figure]:
    for n in (25_000, 50_000, 100_000):
        root = folder / f"pictures{n}"
        write_folder(root, n)
        size = {"height_px": 32, "width_px": 32}
        source = {"kind": "image_folder", "path": str(root), "resize": size}
        measured = prepare(folder, source)
        asked = "under 1.5 GB, time linear"
        yield Figure("JPEG 48×48 px colour to 32×32", n, *measured, asked)


def table_figures(folder: Path) -> Iterator[Figure]:
    write_table(folder / "table.csv", 1_000_000)
    source = {"kind": "table", "path": str(folder / "table.csv"), "label_column": "label"}
    measured = prepare(folder, source)
    yield Figure("CSV of 15 columns", 1_000_000, *measured, "under 30 s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["idx", "folder", "table"])
    parser.add_argument("--mnist", type=Path)
    parser.add_argument("--append", type=Path)
    asked = parser.parse_args()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    machine = f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}, {platform.machine()}"
    head = [
        "",
        f"## Preparing raw data ({time.strftime('%Y-%m-%d')}, {commit or 'no commit'}, {machine})",
        "",
        "| data | rows | time | processor | peak memory | asked |",
        "|---|---|---|---|---|---|",
    ]
    lines = [*head]
    print("\n".join(head))
    with tempfile.TemporaryDirectory(prefix="equipoise-benchmark-") as name:
        folder = Path(name)
        kinds = {
            "idx": lambda: idx_figures(folder, asked.mnist),
            "folder": lambda: folder_figures(folder),
            "table": lambda: table_figures(folder),
        }
        for kind, figures in kinds.items():
            if asked.only in (None, kind):
                for figure in figures():
                    lines.append(figure.line())
                    print(lines[-1], flush=True)
    if asked.append:
        with asked.append.open("a") as stream:
            stream.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
