"""How long a new user waits: `python -m benchmarks.first_hour [--photographs N] [--files N]`.

Makes photographs of its own in a temporary folder, then measures each command in a process of its
own: by the clock and, because other work on a machine changes that, by the processor.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = 10
LARGE = 6
SIDE_PX, LARGE_SIDE_PX = 100, 3024


def photograph(stream: np.random.Generator, kind: int, side_px: int) -> Image.Image:
    """A smooth random field of a class's own texture, with the noise of a camera."""
    field = stream.normal(0, 1, (6 + kind % 3, 6 + kind % 5, 3))
    low = Image.fromarray(np.clip(128 + 50 * field, 0, 255).astype(np.uint8))
    smooth = np.asarray(low.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC), float)
    noisy = smooth + stream.normal(0, 8, smooth.shape)
    image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    if side_px == SIDE_PX:
        return image
    return image.resize((side_px, side_px), Image.Resampling.BICUBIC)


def make_photographs(root: Path, n: int) -> Path:
    """`n` JPEG files in ten nearly equal classes, a few of them as large as a telephone's."""
    stream = np.random.default_rng(0)
    shares = stream.uniform(0.92, 1.08, CLASSES)
    counts = np.floor(n * shares / shares.sum()).astype(int)
    counts[0] += n - counts.sum()
    for kind, count in enumerate(counts):
        folder = root / f"class{kind}"
        folder.mkdir(parents=True)
        for k in range(count):
            side = LARGE_SIDE_PX if k == 0 and kind < LARGE else SIDE_PX
            photograph(stream, kind, side).save(folder / f"{k:06d}.jpg", quality=90)
    return root


def multiplied(root: Path, source: Path, n: int) -> Path:
    """`n` names for the small photographs of `source`, as hard links: files without their disk."""
    files = [path for path in sorted(source.rglob("*.jpg")) if path.stat().st_size < 100_000]
    for k in range(n):
        file = files[k % len(files)]
        target = root / file.parent.name / f"{k // len(files):04d}-{file.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, target)
    return root


def measure(label: str, *arguments: object) -> None:
    """Run a command of Equipoise and print what it took."""
    command = [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    wall, after = time.perf_counter() - begin, os.times()
    processor = sum(after[2:4]) - sum(before[2:4])
    if done.returncode:
        sys.exit(f"{label} failed:\n{done.stdout}{done.stderr}")
    chatter = len(done.stderr.splitlines())
    print(f"| {label} | {wall:.1f} | {processor:.1f} | {chatter} |", flush=True)


def setting(workspace: Path, old: str, new: str) -> None:
    """Change a line of params.yaml."""
    path = workspace / "params.yaml"
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, default=2_062)
    parser.add_argument("--files", type=int, default=100_000)
    asked = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="first-hour-"))
    try:
        photographs = make_photographs(scratch / "photographs", asked.photographs)
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print("| command | s of the clock | s of the processor | lines on standard error |")
        print("|---|---|---|---|")
        few, many = scratch / "few", scratch / "many"
        measure(f"init, {asked.photographs:,} photographs", "init", few, "--from", photographs)
        measure("dry run after init", "run", "-w", few, "--dry-run")
        shutil.rmtree(few / ".equipoise" / "plan")
        measure("dry run, nothing remembered", "run", "-w", few, "--dry-run")
        setting(few, "strategy: equalise  ", "strategy: ratio\n  ratio: 2.0")
        measure("dry run, other `balance`", "run", "-w", few, "--dry-run")
        setting(few, "_px: 32", "_px: 48")
        measure("dry run, other size", "run", "-w", few, "--dry-run")
        if asked.files:
            links = multiplied(scratch / "links", photographs, asked.files)
            measure(f"init, {asked.files:,} files", "init", many, "--from", links)
            shutil.rmtree(many / ".equipoise" / "plan")
            measure("dry run, nothing remembered", "run", "-w", many, "--dry-run")
            measure("dry run, once more", "run", "-w", many, "--dry-run")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
