"""The whole loop as a newcomer meets it: a fresh clone, one command, then the same command again.

One run of the real flow, with a preset so small that its numbers mean nothing; every property below
looks at what that run left behind, in the order of this file.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[1]
TINY = """
seed: 7
source:
  kind: digits
  thin: {"0": 12, "1": 12, "2": 8, "3": 8, "4": 8, "5": 8, "6": 8, "7": 8, "8": 8, "9": 8}
  split:
    test_per_class: 6
balance: {}
release: {}
gan:
  steps: 20
  batch_samples: 16
trial:
  preset: light
  replicates: 2
  consumers: [logistic, cnn]
  advise: [cnn]
  classifier_steps: 10
  workers: 1
"""


@dataclass(frozen=True)
class Clone:
    """A clone with a branch, a staged file and an edited file of the user's own."""

    root: Path
    before: str

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module of the clone's own package, as its virtual environment would."""
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": binaries, "OMP_NUM_THREADS": "1"}
        # Compiled once, not again by each of some thirty processes.
        for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self) -> subprocess.CompletedProcess[str]:
        return self.command("pipeline.cli", "run")

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=True
        ).stdout

    def hashes(self) -> dict[str, str]:
        """Output → DVC's hash, for every stage."""
        lock = YAML(typ="safe", pure=True).load((self.root / "dvc.lock").read_text())
        outs = [out for stage in lock["stages"].values() for out in stage["outs"]]
        return {out["path"]: out["md5"] for out in outs}

    def standing(self) -> str:
        """Branch, commit, index and work tree, but for the lock that DVC writes."""
        state = self.git("rev-parse", "--abbrev-ref", "HEAD") + self.git("rev-parse", "HEAD")
        status = self.git("status", "--porcelain").replace("?? dvc.lock\n", "")
        return state + status + self.git("diff") + self.git("diff", "--cached")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    root = tmp_path_factory.mktemp("clone")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in filter(None, names.stdout.split("\0")):
        # A lock that an earlier `make run` left is no part of a clone.
        if name != "dvc.lock" and (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)
    (root / "params.yaml").write_text(TINY)
    clone = Clone(root, before="")
    clone.git("init", "--quiet", "--initial-branch", "mine")
    clone.git("config", "user.name", "A. User")
    clone.git("config", "user.email", "user@example.org")
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--message", "clone")
    (root / "staged.txt").write_text("staged")
    clone.git("add", "staged.txt")
    with (root / "README.md").open("a") as readme:
        readme.write("edited\n")
    return Clone(root, before=clone.standing())


@pytest.fixture(scope="module")
def first(clone):
    return clone.run()


def test_one_command_runs_the_loop_and_releases_a_version(clone, first):
    assert first.returncode == 0, first.stderr + first.stdout
    assert "Released augmented v0.1.0" in first.stdout
    assert clone.git("tag", "--list", "augmented@*").split() == ["augmented@v0.1.0"]
    assert clone.git("cat-file", "-t", "augmented@v0.1.0").strip() == "tag"


def test_the_users_branch_index_and_files_stay_as_they_were(clone, first):
    assert clone.standing() == clone.before


def test_the_augmented_set_has_exactly_as_many_of_each_class(clone, first):
    table = pd.read_parquet(clone.root / "data" / "augmented" / "data")
    assert set(table["source"]) >= {"real", "gan"}
    assert (table["is_synthetic"] == (table["source"] != "real")).all()
    assert table[table["in_balanced"]].groupby("label").size().nunique() == 1


def test_the_report_stands_alone_without_a_script(clone, first):
    text = (clone.root / "reports" / "report.html").read_text()
    assert "Content-Security-Policy" in text
    assert "<script" not in text.lower()
    assert not re.search(r"""(?:src|href)=["']?https?:""", text)


def test_dvc_shows_and_compares_the_metrics_and_plots(clone, first):
    shown = json.loads(clone.command("dvc", "metrics", "show", "--json").stdout)
    assert shown[""]["data"]["reports/metrics.json"]["data"]
    compared = clone.command("dvc", "metrics", "diff", "augmented@v0.1.0")
    assert compared.returncode == 0, compared.stderr
    plots = clone.command("dvc", "plots", "show", "--out", "plots-page")
    assert plots.returncode == 0, plots.stderr
    assert "WARNING" not in plots.stderr
    assert "failed" not in plots.stderr
    shutil.rmtree(clone.root / "plots-page")


def test_a_consumer_pulls_the_version_from_a_bare_clone(clone, first, tmp_path):
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", clone.root, tmp_path / "bare.git"], check=True
    )
    from_bare = ("pull", "v0.1.0", "--repo", f"{tmp_path}/bare.git", "--to", f"{tmp_path}/x")
    pulled = clone.command("pipeline.cli", *from_bare, "--rows", "all")
    assert pulled.returncode == 0, pulled.stderr
    assert (tmp_path / "x" / "manifest.json").read_bytes() == (
        clone.root / "data" / "augmented" / "manifest.json"
    ).read_bytes()


def test_the_same_command_again_runs_no_stage_and_makes_no_version(clone, first):
    again = clone.run()
    assert again.returncode == 0, again.stderr
    assert "Nothing changed" in again.stdout
    outcomes = re.findall(r"^(\w+): +(done|unchanged|failed) \(", again.stderr, re.MULTILINE)
    assert {outcome for _, outcome in outcomes} == {"unchanged"}
    assert len(outcomes) == 7
    assert clone.git("tag", "--list", "augmented@*").split() == ["augmented@v0.1.0"]


def test_dvc_by_hand_makes_the_same_bytes_from_the_same_seed(clone, first):
    before = clone.hashes()
    made = clone.command("dvc", "repro", "--force", "--no-run-cache")
    assert made.returncode == 0, made.stderr
    assert {"data/synthetic", "data/augmented", "reports/report.html"} <= set(before)
    assert clone.hashes() == before
