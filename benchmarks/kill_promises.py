"""What must hold after a SIGKILL at any moment, in the workspace of `benchmarks.kills`."""

import hashlib
import json
import os
import secrets
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from benchmarks.kill_stages import BEGUN_VARIABLE, computed
from pipeline.dataset.load import load_frame
from pipeline.errors import EquipoiseError, WorkspaceError
from pipeline.lease import read_holder, refuse_if_held
from pipeline.params import load_params
from pipeline.stages import assemble
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.lockfile import AUGMENTED, LOCK, Output, hash_output, read_outputs
from pipeline.versions.pull import pull
from pipeline.versions.verification import verify
from pipeline.workspace import Workspace, sha256_of, verify_manifest, write_bytes, writing
from pipeline.yaml_text import read_mapping
from tests.hand_made import write_finished_stages

TOKEN_VARIABLE = "EQUIPOISE_KILLS_TOKEN"
ROWS_PER_CLASS = {0: 6, 1: 6}
ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
# A guard gives its group five seconds to end.
LONGEST_ORPHAN_SECONDS = 20.0


class Promises:
    """The promises of a crash, and what is needed to look at them.

    Args:
        workspace: Of the kills.
        begun: A file in which every stage says that it began.
    """

    def __init__(self, workspace: Workspace, begun: Path):
        self._workspace = workspace
        self._git = Git(workspace.root)
        self._begun = begun
        self._token = secrets.token_hex(8)
        self._finished: dict[str, int] = {}
        self._source = sha256_of(workspace.root / "source" / "rows.txt")
        self._head = self._git.head()
        self.seed = load_params(workspace.params_file).seed
        self._expected = self._digest_without_a_kill() if self.seed else ""

    @property
    def environment(self) -> dict[str, str]:
        """What the runs are told, so that their processes are known again."""
        repository = str(Path(__file__).parents[1])
        return {
            TOKEN_VARIABLE: self._token,
            BEGUN_VARIABLE: str(self._begun),
            "PYTHONPATH": repository,
        }

    def begin(self, seed: int) -> None:
        """Give the next run something to do: another seed, of which a new version comes."""
        self.seed = seed
        write_bytes(self._workspace.params_file, f"seed: {seed}\n".encode())
        self._begun.write_text("")
        self._finished = {}
        self._expected = self._digest_without_a_kill()

    def second_run_problems(self, run: int) -> list[str]:
        """Whether a second run is refused while the first one, process `run`, holds the lease."""
        holder = read_holder(self._workspace)
        if holder is None or holder.pid != run:
            return []
        try:
            refuse_if_held(self._workspace)
        except WorkspaceError as error:
            return [] if str(run) in str(error) else [f"the refusal does not name {run}: {error}"]
        still = read_holder(self._workspace)
        gone = still is None or not psutil.pid_exists(run)
        return [] if gone else ["a second run was not refused"]

    def orphans(self) -> list[str]:
        """Processes of the run that are still there after the time that their guard gives them."""
        deadline = time.monotonic() + LONGEST_ORPHAN_SECONDS
        while (left := self._living()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in left:
            process.kill()
        return [f"an orphan was left: {process.name()} {process.pid}" for process in left]

    def after_a_kill(self) -> list[str]:
        """The promises that hold at every moment."""
        problems = []
        if sha256_of(self._workspace.root / "source" / "rows.txt") != self._source:
            problems.append("the source changed")
        if self._git.head() != self._head:
            problems.append("the user's branch moved")
        problems += self._partial()
        problems += self._begun_again()
        problems += self._damaged_versions()
        return problems

    def after_the_end(self) -> list[str]:
        """The promises of a run that ended by itself."""
        problems = []
        releases = list_releases(self._git, "augmented")
        newest = releases[-1] if releases else None
        found = {output.path: output.md5 for output in self._outputs()}
        if newest is None or newest.record is None or newest.record.seed != self.seed:
            problems.append("the run ended well and released no version of its own")
        elif newest.record.outputs != {path: md5 for path, md5 in found.items() if "data/" in path}:
            problems.append("the version is not what the workspace holds")
        if found.get(AUGMENTED) != self._expected:
            problems.append("the data are not those of a run that was never killed")
        return problems

    def _damaged_versions(self) -> list[str]:
        releases = list_releases(self._git, "augmented")
        if not releases:
            return []
        try:
            found = verify(self._git, releases[-1:], read_data=True)
            problems = [f"verify: {one}" for one in (*found.untruths, *found.problems)]
            with tempfile.TemporaryDirectory() as folder:
                pull(self._git, releases[-1], Path(folder, "pulled"))
                labels = load_frame(Path(folder, "pulled"))["label"]
                counts = {int(label): int(n) for label, n in labels.value_counts().items()}
        except EquipoiseError as error:
            return [f"the last version cannot be used: {error}"]
        return problems if counts == ROWS_PER_CLASS else [*problems, f"the counts are {counts}"]

    def _partial(self) -> list[str]:
        """Whatever stands under a final name is whole, or is what DVC was about to remove.

        Before a stage runs again DVC removes its outputs file by file. What is left of one then is
        refused by every reader, and the next run replaces it.
        """
        problems = []
        for folder in (self._workspace.root / "data").glob("[!.]*"):
            try:
                if folder.is_dir():
                    verify_manifest(folder)
            except EquipoiseError as error:
                if not self._is_being_removed(folder):
                    problems.append(f"partial under a final name: {error}")
        return problems

    def _is_being_removed(self, folder: Path) -> bool:
        """Whether a folder holds a part of the output that dvc.lock names, and nothing else."""
        lock = self._workspace.root / LOCK
        stages = read_mapping(lock)["stages"] if lock.exists() else {}
        path = folder.relative_to(self._workspace.root).as_posix()
        known = [
            out["md5"] for s in stages.values() for out in s.get("outs", ()) if out["path"] == path
        ]
        cache = self._workspace.root / ".dvc" / "cache" / "files" / "md5"
        if not known or not (listing := cache / known[0][:2] / known[0][2:]).is_file():
            return False
        named = {entry["relpath"]: entry["md5"] for entry in json.loads(listing.read_text())}
        left = [file for file in folder.rglob("*") if file.is_file()]
        return len(left) < len(named) and all(
            named.get(file.relative_to(folder).as_posix())
            == hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
            for file in left
        )

    def _begun_again(self) -> list[str]:
        """No stage that dvc.lock holds as finished with these params begins again."""
        lines = self._begun.read_text().splitlines() if self._begun.exists() else []
        times = Counter(line.split()[0] for line in lines if line.endswith(f" {self.seed}"))
        again = [stage for stage, before in self._finished.items() if times[stage] > before]
        lock = self._workspace.root / LOCK
        stages = read_mapping(lock)["stages"] if lock.exists() else {}
        self._finished = {
            name: times[name]
            for name, stage in stages.items()
            if stage["params"]["params.yaml"]["seed"] == self.seed
        }
        return [f"the stage {stage} was finished, and began again" for stage in again]

    def _living(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(
                    TOKEN_VARIABLE
                ) == self._token and process.status() not in (
                    psutil.STATUS_ZOMBIE,
                    psutil.STATUS_DEAD,
                ):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return [process for process in found if process.pid != os.getpid()]

    def _digest_without_a_kill(self) -> str:
        """Compute what the stages will write, and the hash of the set that comes of it."""
        folder = computed(self._workspace, self.seed)
        if not folder.exists():
            with writing(folder) as made:
                scratch = write_finished_stages(made, seed=self.seed)
                assemble.run(scratch, load_params(scratch.params_file))
        return hash_output(folder / "data" / "augmented")[0]

    def _outputs(self) -> list[Output]:
        path = self._workspace.root / LOCK
        return read_outputs(path.read_bytes(), where=LOCK) if path.exists() else []
