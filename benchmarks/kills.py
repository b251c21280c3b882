"""SIGKILL at random moments over whole runs: `python -m benchmarks.kills [FOLDER …] [--kills N]`.

A run of a workspace whose stages compute next to nothing is started, and one of its processes is
killed: the run itself, a guard, DVC, a stage, a worker of its pool, `dvc push`, or the temporary
server. After each kill every promise of a crash is checked; after some, the same command must run
to its end. Each kill is one line of FOLDER/kills.jsonl, from which the same command goes on; the
kills are shared among the folders, each with a workspace of its own, which run at once. The table
at the end, also in `table.md`, says what was killed, how often, and which promises were broken.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from benchmarks.kill_promises import Promises
from benchmarks.kill_stages import DVC_YAML
from pipeline.errors import EquipoiseError
from pipeline.lease import hold
from pipeline.params import load_params
from pipeline.stages.ready import make_ready
from pipeline.versions.dvc_locks import clear_dvc
from pipeline.versions.graph import stage_names
from pipeline.versions.leftovers import clear_git
from pipeline.versions.release import release
from pipeline.versions.setup import make_repository
from pipeline.versions.stage_process import StageCrashError, run_stage
from pipeline.workspace import Workspace

REPOSITORY = Path(__file__).parents[1]
# What a command line holds → which process of a run it is. The first that fits counts.
KINDS = {
    "guard": ("guard.py",),
    "push": ("dvc", "push"),
    "dvc": ("dvc", "repro"),
    "worker": ("multiprocessing.spawn",),
    "stage": ("benchmarks.kill_stages",),
    "server": ("uvicorn",),
}
LOG = "kills.jsonl"
LONGEST_END_SECONDS = 120.0


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        kind: What was killed: a key of `KINDS`, or "run".
        seed: Of the run's params; a new one begins once a version has been released.
        after_seconds: How long the run had lived.
        finished: Whether the same command was then run to its end.
        violations: The promises that did not hold.
    """

    number: int
    kind: str
    seed: int
    after_seconds: float
    finished: bool
    violations: tuple[str, ...]


def main() -> None:
    """Kill as often as the command line says, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*", help="new, or to go on in; all at once")
    parser.add_argument("--kills", type=int, default=200, help="in all folders together")
    parser.add_argument("--seed", type=int, default=20261129)
    arguments = parser.parse_args()
    start = time.monotonic()
    folders = arguments.folders or [Path(tempfile.gettempdir(), f"kills-{n}") for n in (1, 2)]
    share = -(-arguments.kills // len(folders))

    def kill_in(folder: Path) -> None:
        for kill in kills(folder, share, seed=f"{arguments.seed}-{folder.name}", runs=Commanded):
            held = "; ".join(kill.violations) or "all held"
            after = f"{kill.number}: {kill.kind} after {kill.after_seconds:.1f} s"
            sys.stderr.write(f"{folder.name} {after}: {held}\n")

    with ThreadPoolExecutor(len(folders)) as pool:
        list(pool.map(kill_in, folders))
    found = table([kill for folder in folders for kill in read_log(folder)])
    (folders[0] / "table.md").write_text(f"{found}\n")
    print(found)
    sys.stderr.write(f"{(time.monotonic() - start) / 60:.1f} minutes\n")


class Forked:
    """The steps of a run without Prefect, in a child of this process. The quickest to start."""

    kinds = (
        "run",
        "dvc",
        "stage",
        "guard",
        "run",
        "worker",
        "dvc",
        "stage",
        "push",
    )
    longest_seconds = 3.0
    # After how many of the kills the same command is run to its end.
    finished_share = 0.15

    def __init__(self, workspace: Workspace, environment: dict[str, str]):
        self.log = workspace.private / "run.log"
        self.pid = os.fork()
        if not self.pid:
            os.environ.update(environment)
            os._exit(self._run(workspace))
        with contextlib.suppress(PermissionError):
            os.setpgid(self.pid, self.pid)
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def _run(self, workspace: Workspace) -> int:
        with self.log.open("w") as log:
            try:
                os.setpgid(0, 0)
                with hold(workspace, "benchmarks.kills"):
                    # As the flow does, which holds the lease too.
                    clear_git(workspace.root)
                    clear_dvc(workspace.root)
                    params = load_params(workspace.params_file)
                    make_ready(workspace, params)
                    for stage in stage_names(workspace.root):
                        run_stage(workspace, stage, on_line=lambda line: log.write(f"{line}\n"))
                    release(workspace, params)
            except (EquipoiseError, StageCrashError) as error:
                log.write(f"{error}\n")
                return error.exit_code
            except BaseException:
                log.write(traceback.format_exc())
                return 99
        return 0


class Commanded:
    """`equipoise run`, as a user starts it."""

    kinds = ("run", "dvc", "stage", "guard", "worker", "push", "server")
    longest_seconds = 15.0
    finished_share = 0.25

    def __init__(self, workspace: Workspace, environment: dict[str, str]):
        self.log = workspace.private / "run.log"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "run", "--workspace", workspace.root],
                cwd=REPOSITORY,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        return self._process.poll()


Runs = type[Forked] | type[Commanded]


def kills(folder: Path, n_kills: int, *, seed: str, runs: Runs) -> Iterator[Kill]:
    """Kill until `n_kills` stand in the log, and yield each that is new.

    Args:
        folder: Where the workspace and the log lie, or will.
        n_kills: How many in all.
        seed: Of the moments and of what is killed.
        runs: How a run is started.
    """
    workspace = workspace_at(folder / "workspace")
    promises = Promises(workspace, folder / "begun.txt")
    done = read_log(folder)
    while len(done) < n_kills:
        number = len(done)
        chance = random.Random(f"{seed}-{number}")
        if not done or done[-1].finished:
            promises.begin(promises.seed + 1)
        struck = strike(workspace, promises, runs, number, chance)
        last = number + 1 == n_kills
        if last or chance.random() < runs.finished_share:
            struck = replace(
                struck,
                finished=True,
                violations=(*struck.violations, *to_the_end(workspace, promises, runs)),
            )
        done.append(struck)
        with (folder / LOG).open("a") as stream:
            stream.write(json.dumps(asdict(struck)) + "\n")
        yield struck


def strike(
    workspace: Workspace, promises: Promises, runs: Runs, number: int, chance: random.Random
) -> Kill:
    """Start a run, kill one of its processes, and look at all promises."""
    kind = runs.kinds[number % len(runs.kinds)]
    while True:
        wait = chance.uniform(0.0, runs.longest_seconds * (1.0 if kind == "run" else 0.5))
        start = time.monotonic()
        run = runs(workspace, promises.environment)
        refused: list[str] = []
        killed = False
        while run.poll() is None and not killed:
            refused = refused or promises.second_run_problems(run.pid)
            if time.monotonic() - start >= wait:
                victim = victim_of(run.pid, kind)
                if victim is not None:
                    # Not only as it starts, but somewhere in its life.
                    time.sleep(chance.choice([0.0, 0.0, 0.1, 0.3]))
                    killed = kill_process(victim)
            time.sleep(0.01)
        lived = time.monotonic() - start
        problems = [*refused, *wait_for_end(run, promises, own=kind == "run" and killed)]
        problems += promises.after_a_kill()
        if killed:
            return Kill(number, kind, promises.seed, round(lived, 2), False, tuple(problems))
        # It ended before it could be killed; the next one has something to do again.
        if run.poll() == 0:
            problems += promises.after_the_end()
        else:
            problems.append(f"a run ended with {run.poll()}: {run.log.read_text()[-1500:]}")
        if problems:
            return Kill(
                number, f"{kind} (missed)", promises.seed, round(lived, 2), False, tuple(problems)
            )
        promises.begin(promises.seed + 1)


def to_the_end(workspace: Workspace, promises: Promises, runs: Runs) -> list[str]:
    """Run the same command undisturbed; it must end well, with nothing cleaned up by hand."""
    run = runs(workspace, promises.environment)
    while run.poll() is None:
        time.sleep(0.02)
    if run.poll() != 0:
        return [f"the next run ended with {run.poll()}: {run.log.read_text()[-500:]}"]
    return [*promises.after_a_kill(), *promises.after_the_end()]


def victim_of(run: int, kind: str) -> psutil.Process | None:
    """A living process of that kind below the run, or the run itself."""
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(run)
        if kind == "run":
            return root
        for process in root.children(recursive=True):
            if kind_of(process) == kind:
                return process
    return None


def kind_of(process: psutil.Process) -> str | None:
    """What a process of a run is, by its command line."""
    with contextlib.suppress(psutil.Error):
        line = " ".join(process.cmdline())
        return next((k for k, words in KINDS.items() if all(w in line for w in words)), None)
    return None


def kill_process(process: psutil.Process) -> bool:
    """SIGKILL; whether the process still lived."""
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


def wait_for_end(run: Forked | Commanded, promises: Promises, *, own: bool) -> list[str]:
    """Wait until the run and all that it started have ended; what was wrong about that."""
    deadline = time.monotonic() + LONGEST_END_SECONDS
    while run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    problems = []
    code = run.poll()
    if code is None:
        problems.append("the run did not end after one of its processes was killed")
        os.kill(run.pid, signal.SIGKILL)
    elif not own and code not in (0, 1, 2):
        problems.append(f"the run ended with {code} after one of its processes was killed")
    if not own and "That is a defect of the program" in run.log.read_text():
        problems.append(f"the run told a defect: {run.log.read_text()[-500:]}")
    if "Traceback (most recent call last)" in run.log.read_text() and code in (1, 2, 99):
        problems.append(f"the run told a traceback: {run.log.read_text()[-500:]}")
    return problems + promises.orphans()


def workspace_at(root: Path) -> Workspace:
    """The workspace of the kills, made where there is none."""
    if not (root / "params.yaml").exists():
        (root / "source").mkdir(parents=True)
        (root / "source" / "rows.txt").write_text("rows that nobody may change\n")
        (root / "params.yaml").write_text("seed: 0\n")
        (root / "dvc.yaml").write_text(DVC_YAML)
        make_repository(root)
        who = ["-c", "user.name=kills", "-c", "user.email=kills@example.org"]
        for words in (["add", "--all"], [*who, "commit", "--quiet", "--message", "begin"]):
            subprocess.run(["git", *words], cwd=root, check=True)
    return Workspace.at(root)


def read_log(folder: Path) -> list[Kill]:
    """The kills so far."""
    path = folder / LOG
    lines = path.read_text().splitlines() if path.exists() else []
    return [
        Kill(**{**json.loads(line), "violations": tuple(json.loads(line)["violations"])})
        for line in lines
    ]


def table(found: list[Kill]) -> str:
    """What was killed, how often, and how many promises were broken, as Markdown."""
    lines = ["| killed | kills | runs to the end | violations |", "|---|---|---|---|"]
    for kind in dict.fromkeys(kill.kind for kill in found):
        of_kind = [kill for kill in found if kill.kind == kind]
        ends, broken = sum(k.finished for k in of_kind), sum(len(k.violations) for k in of_kind)
        lines.append(f"| {kind} | {len(of_kind)} | {ends} | {broken} |")
    ends, broken = sum(k.finished for k in found), sum(len(k.violations) for k in found)
    lines.append(f"| all | {len(found)} | {ends} | {broken} |")
    lines += [
        f"- {kill.number} ({kill.kind}): {what}" for kill in found for what in kill.violations
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
