"""Our generator against the references, at equal CPU time on one core.

    python -m benchmarks.gan search --task digits --seconds 20
    python -m benchmarks.gan quality --task digits --seconds 60 --seeds 3
    python -m benchmarks.gan speed --task mnist --data FOLDER
    python -m benchmarks.gan threads --task mnist --data FOLDER
    python -m benchmarks.gan smoke          # the large-picture path, two steps, any machine

Time is CPU time of one thread, not wall time: on a shared machine the wall clock measures the
neighbours. Each training runs in a process of its own, so that its peak memory is its own. Steps
are set from a measured rate beforehand, so that a result depends on the rate alone.
"""

import argparse
import itertools
import json
import platform
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks import gan_speed
from benchmarks.gan_data import Task, load_task
from benchmarks.gan_scores import Judge
from pipeline import synthesis
from pipeline.cores import usable_cores
from pipeline.gan.material import LabelledTensors
from pipeline.gan.presets import recipe_for
from pipeline.gan.training import Job
from pipeline.modalities.image.design import choose_design, natural_kind
from pipeline.modalities.image.domain import ImageDomain
from pipeline.params import GanParams

RESULTS = Path(__file__).parent / "results"
SEARCH_SEED = 100
# What any team would try first: class-balanced batches (always), learning rate, width, a penalty.
GRIDS: dict[str, dict[str, tuple[object, ...]]] = {
    "vanilla": {
        "learning_rate": (2e-4, 1e-3),
        "gamma_real": (0.05, 0.3),
        "width": (256, 512),
    },
    "dcgan": {
        "learning_rate": (2e-4, 1e-3),
        "gamma_real": (0.05, 0.3),
        "width": (32, 64),
    },
    "cvae": {
        "learning_rate": (5e-4, 1e-3, 2e-3, 4e-3),
        "width": (256, 512),
    },
}
# name → params. The tuned references are the rows of `search` with the best rare coverage; of the
# autoencoder also the one with the best KID, which is another.
CONTENDERS: dict[str, dict[str, object]] = {
    "ours": {"preset": "residual"},
    "vanilla": {"preset": "vanilla"},
    "dcgan": {"preset": "dcgan"},
    "cvae": {"preset": "cvae"},
    "vanilla-tuned": {
        "preset": "vanilla",
        "balanced": True,
        "learning_rate": 1e-3,
        "gamma_real": 0.3,
        "width": 256,
    },
    "dcgan-tuned": {
        "preset": "dcgan",
        "balanced": True,
        "learning_rate": 1e-3,
        "gamma_real": 0.3,
        "width": 32,
    },
    "cvae-tuned": {"preset": "cvae", "balanced": True, "learning_rate": 5e-4, "width": 512},
    "cvae-tuned-kid": {"preset": "cvae", "balanced": True, "learning_rate": 1e-3, "width": 256},
}


def job_for(task: Task, params: GanParams) -> Job:
    """A training without watching or held-out samples, for rates."""
    shape = task.train.schema.image_shape
    assert shape is not None
    recipe = recipe_for(params, networks=natural_kind(shape))
    design = choose_design(
        shape,
        n_classes=len(task.train.schema.classes),
        networks=recipe.networks,
        width=recipe.width,
        deviation=recipe.deviation,
    )
    domain = ImageDomain(design)
    data = LabelledTensors(domain.store(task.train.values), torch.from_numpy(task.train.labels))
    return Job(data, domain, replace(recipe, watch_every_steps=0), 0, task.train.schema.classes)


def train_and_score(arguments: argparse.Namespace) -> dict[str, object]:
    """One contender, one seed, in this process."""
    torch.set_num_threads(1)
    task = load_task(arguments.task, seed=arguments.seed, folder=arguments.data)
    told = CONTENDERS[arguments.contender] | json.loads(arguments.change)
    params = GanParams.model_validate(told)
    job = job_for(task, params)
    each = gan_speed.cpu_seconds_a_step({"ours": gan_speed.our_step(job)}, seconds=3)["ours"]
    steps = max(50, int(arguments.seconds / each.mean()))
    params = params.model_copy(update={"steps": steps, "watch_every_steps": max(1, steps // 4)})
    start = time.process_time()
    fitted = synthesis.train_generator(task.train, params, seed=arguments.seed)
    spent = time.process_time() - start
    each = int(np.bincount(task.unseen.labels).max())
    start = time.process_time()
    fakes = synthesis.draw(fitted, dict.fromkeys(task.train.schema.classes, each))
    rate_drawn = len(fakes) / (time.process_time() - start)
    judge = Judge(task, seed=arguments.seed)
    sheets = RESULTS / "sheets" / f"{arguments.task}-{arguments.contender}-{arguments.seed}"
    if arguments.sheets:
        synthesis.write_sheets(sheets, fitted, task.unseen)
    return {
        "contender": arguments.contender,
        "seed": arguments.seed,
        "steps": steps,
        "cpu_seconds": round(spent, 1),
        "steps_per_cpu_second": round(steps / spent, 1),
        "samples_per_cpu_second": round(rate_drawn),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **{name: round(float(value), 4) for name, value in judge.score(fakes).items()},
        "floor": {name: round(float(value), 4) for name, value in judge.floor().items()},
        "ending": fitted.config["ending"]["reason"],
    }


def quality(arguments: argparse.Namespace) -> None:
    """Every contender, every seed, each in its own process."""
    rows = []
    jobs = [
        (contender, seed)
        for seed in range(arguments.seeds)
        for contender in arguments.contenders.split(",")
    ]
    change = json.loads(arguments.change)
    with ThreadPoolExecutor(arguments.processes) as pool:
        for row in pool.map(
            lambda job: run_one(arguments, job[0], seed=job[1], change=change), jobs
        ):
            rows.append(row)
            print(json.dumps(rows[-1]), flush=True)
    write_results(f"gan-{arguments.task}{arguments.suffix}", arguments, rows)
    show(rows)


def search(arguments: argparse.Namespace) -> None:
    """Every setting of the grid for every reference, on a seed that `quality` does not use."""
    rows = []
    for preset, grid in GRIDS.items():
        for values in itertools.product(*grid.values()):
            change = dict(zip(grid, values, strict=True)) | {"balanced": True}
            rows.append(run_one(arguments, preset, seed=SEARCH_SEED, change=change))
            rows[-1]["change"] = change
            print(json.dumps(rows[-1]), flush=True)
    write_results(f"gan-search-{arguments.task}", arguments, rows)
    for preset in GRIDS:
        best = max(
            (row for row in rows if row["contender"] == preset),
            key=lambda row: row["rare_coverage_all_unseen"],
        )
        print(preset, best["change"], best["rare_coverage_all_unseen"])


def run_one(
    arguments: argparse.Namespace, contender: str, *, seed: int, change: dict[str, object]
) -> dict:
    """One training in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.gan", "one", "--task", arguments.task]
    command += ["--contender", contender, "--seed", str(seed), "--change", json.dumps(change)]
    command += ["--seconds", str(arguments.seconds)]
    command += ["--data", str(arguments.data)] if arguments.data else []
    command += ["--sheets"] if arguments.sheets and seed == 0 else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def show(rows: list[dict]) -> None:
    """Means over seeds, as a Markdown table."""
    names = [
        "rare_coverage_all_unseen",
        "rare_coverage",
        "coverage",
        "precision",
        "agreement",
        "worst_agreement",
    ]
    names += ["domain_fid", "domain_kid", "copies", "steps_per_cpu_second", "peak_memory_mb"]
    print("| | " + " | ".join(names) + " |\n|---" * 1 + "|---" * len(names) + "|")
    for contender in dict.fromkeys(row["contender"] for row in rows):
        mine = [row for row in rows if row["contender"] == contender]
        cells = [f"{np.mean([row[name] for row in mine]):.3g}" for name in names]
        print(f"| {contender} | " + " | ".join(cells) + " |")
    floor = {name: np.mean([row["floor"].get(name, np.nan) for row in rows]) for name in names}
    print("| reals | " + " | ".join(f"{floor[name]:.3g}" for name in names) + " |")


def speed(arguments: argparse.Namespace) -> None:
    """Ours beside the textbook loop in the same run, and the share of the ceiling."""
    torch.set_num_threads(1)
    task = load_task(arguments.task, seed=0, folder=arguments.data)
    job = job_for(task, GanParams.model_validate(json.loads(arguments.change)))
    steps = {"ours": gan_speed.our_step(job), "textbook": gan_speed.textbook_step(job)}
    each = gan_speed.cpu_seconds_a_step(steps, seconds=arguments.seconds)
    rates = {name: float(1 / np.median(rounds)) for name, rounds in each.items()}
    flops = gan_speed.flops_of(steps["ours"], every=job.recipe.penalty_every_steps)
    precision = torch.bfloat16 if job.recipe.precision == "bf16" else torch.float32
    ceiling = gan_speed.convolution_ceiling(precision)
    row = {
        "steps_per_cpu_second": {name: round(rate, 2) for name, rate in rates.items()},
        "ratio": round(float(np.median(each["textbook"] / each["ours"])), 2),
        "gflop_per_step": round(flops / 1e9, 3),
        "ceiling_gflop_per_second": round(ceiling / 1e9, 1),
        "share_of_ceiling": round(flops * rates["ours"] / ceiling, 3),
        "precision": job.recipe.precision,
    }
    row |= sampling_rate(task)
    print(json.dumps(row, indent=2))
    write_results(f"gan-speed-{arguments.task}{arguments.suffix}", arguments, [row])


def threads(arguments: argparse.Namespace) -> None:
    """A step of one thread beside steps of several, in turns; and what the main thread does alone.

    The wall clock tells of idle cores only. The bound is from processor time, which other work on
    the machine hardly changes: what no lane does, and an equal share of the rest.
    """
    torch.set_num_threads(1)
    task = load_task(arguments.task, seed=0, folder=arguments.data)
    job = job_for(task, GanParams.model_validate(json.loads(arguments.change)))
    steps = {n: gan_speed.our_step(replace(job, threads=n)) for n in (1, 2, 4, 8)}
    times = gan_speed.times_of_steps(steps, rounds=5, round_steps=job.recipe.penalty_every_steps)
    bound = {n: alone + (cpu - alone) / n for n, (_, cpu, alone) in times.items()}
    rows = [
        {
            "threads": n,
            "wall_ms": round(1e3 * wall, 1),
            "cpu_ms": round(1e3 * cpu, 1),
            "main_thread_ms": round(1e3 * alone, 1),
            "times_one_by_the_clock": round(times[1][0] / wall, 2),
            "times_one_at_best": round(times[1][1] / bound[n], 2),
        }
        for n, (wall, cpu, alone) in times.items()
    ]
    print(json.dumps({"precision": job.recipe.precision, "rows": rows}, indent=2))


def sampling_rate(task: Task, *, rounds: int = 3) -> dict[str, float]:
    """Samples drawn a second of wall time, one block at a time and one on each core, best of a few.

    The weights do not matter, so they are those of a training of two steps.
    """
    fitted = synthesis.train_generator(task.train, GanParams(steps=2), seed=0)
    wanted = dict.fromkeys(task.train.schema.classes, 1024)
    rates: dict[str, float] = {}
    for threads in (1, usable_cores()):
        seconds = []
        for _ in range(rounds):
            start = time.perf_counter()
            drawn = sum(
                len(block) for block in synthesis.draw_blocks(fitted, wanted, threads=threads)
            )
            seconds.append(time.perf_counter() - start)
        rates[f"samples_per_second_{threads}_threads"] = round(drawn / min(seconds))
    return rates


def smoke(_arguments: argparse.Namespace) -> None:
    """The path of large pictures at 64×64 and batch 256 (16 without a GPU), a few steps."""
    on_gpu = torch.cuda.is_available()
    stream = np.random.default_rng(0)
    task = load_task("digits", seed=0, folder=None)
    large = task.train.values.repeat(8, axis=1).repeat(8, axis=2).repeat(3, axis=3)
    schema = task.train.schema.model_copy(update={"image_shape": (64, 64, 3)})
    samples = replace(task.train, schema=schema, values=large + stream.integers(0, 2, large.shape))
    samples = replace(samples, values=samples.values.clip(0, 255).astype(np.uint8))
    params = GanParams(steps=100 if on_gpu else 4, batch_samples=256 if on_gpu else 16)
    start = time.perf_counter()
    fitted = synthesis.train_generator(samples, params, seed=0)
    print(f"{params.steps} steps in {time.perf_counter() - start:.1f} s, {fitted.hash[:12]}")
    assert len(synthesis.draw(fitted, {"3": 5})) == 5


def write_results(name: str, arguments: argparse.Namespace, rows: list[dict]) -> None:
    """Rows with date, machine and command, to be committed."""
    RESULTS.mkdir(exist_ok=True)
    told = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": f"{platform.machine()}, {platform.system()}, {cpu_name()}, one thread",
        "torch": torch.__version__,
        "seconds": arguments.seconds,
        "rows": rows,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


COMMANDS = {
    "search": search,
    "quality": quality,
    "speed": speed,
    "threads": threads,
    "smoke": smoke,
}


def cpu_name() -> str:
    """What the processor calls itself."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(": ")[1] for line in lines if "model name" in line), "unknown")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=[*COMMANDS, "one"])
    parser.add_argument("--task", choices=["digits", "mnist", "clothing"], default="digits")
    parser.add_argument("--data", type=Path, help="folder that holds mnist/ and clothing/")
    parser.add_argument("--seconds", type=float, default=60.0, help="CPU seconds a training")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1, help="trainings at a time")
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--contender", default="ours")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--change", default="{}", help="JSON over the contender's params")
    parser.add_argument("--suffix", default="", help="of the results file's name")
    parser.add_argument("--sheets", action="store_true", help="write sheets of seed 0")
    arguments = parser.parse_args()
    if arguments.command == "one":
        print(json.dumps(train_and_score(arguments)))
    else:
        COMMANDS[arguments.command](arguments)


if __name__ == "__main__":
    main()
