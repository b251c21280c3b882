"""A finished run in a git and DVC workspace, made once and copied for each test that writes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.params import Params, load_params
from pipeline.stages.assemble import run as assemble
from pipeline.versions.lockfile import hash_output, listing_bytes
from pipeline.versions.release import release
from pipeline.versions.store import LocalStore
from pipeline.workspace import Workspace, sha256_of, write_json
from tests.hand_made import write_finished_stages

ROOT = Path(__file__).parents[2]
DVC_YAML = """\
stages:
  all:
    cmd: 'false'
    outs: [data/prepared, data/synthetic, data/trial, data/augmented]
    metrics:
      - reports/metrics.json: {cache: false}
artifacts:
  augmented:
    path: data/augmented
    type: dataset
"""


def sh(directory, *command):
    finished = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def dvc(directory, *arguments):
    return sh(directory, sys.executable, "-m", "dvc", *arguments)


def finish(root, *, seed=0, promoted=True, gain=3.0):
    """Write the stages' folders and their dvc.lock and cache, as if the stages had run."""
    workspace = write_finished_stages(root, seed=seed, promoted=promoted)
    params = load_params(workspace.params_file)
    assemble(workspace, params)
    write_json(workspace.metrics_file, {"gain_points": gain})
    take_in(root)
    return workspace, params


def take_in(root):
    """What `dvc commit --force` does, in a moment; a test holds it to the real command."""
    cache = LocalStore(root / ".dvc" / "cache")
    stage = YAML(typ="safe", pure=True).load((root / "dvc.yaml").read_text())["stages"]["all"]
    outs = []
    for path in [*stage["outs"], "reports/metrics.json"]:
        md5, files = hash_output(root / path)
        out = {"path": path, "hash": "md5", "md5": md5, "size": sum(f.size_bytes for f in files)}
        if md5.endswith(".dir"):
            out["nfiles"] = len(files)
            listing = root / ".dvc" / "tmp" / "listing"
            listing.parent.mkdir(exist_ok=True)
            listing.write_bytes(listing_bytes(files))
            cache.put(md5, listing)
            for file in files:
                cache.put(file.md5, root / path / file.path)
        outs.append(out)
    outs.sort(key=lambda out: out["path"])
    lock = {"schema": "2.0", "stages": {"all": {"cmd": "false", "outs": outs}}}
    with (root / "dvc.lock").open("w") as stream:
        yaml = YAML()
        yaml.default_flow_style = False
        yaml.dump(lock, stream)


def users_state(root):
    """HEAD, branch, index and every file outside of generated folders."""
    files = {
        path.relative_to(root): sha256_of(path)
        for path in root.rglob("*")
        if path.is_file() and not {".git", ".equipoise", "tmp", "cache"} & set(path.parts)
    }
    return (
        sh(root, "git", "rev-parse", "HEAD", "--abbrev-ref", "HEAD"),
        sh(root, "git", "ls-files", "--stage"),
        sh(root, "git", "branch", "--all"),
        sh(root, "git", "status", "--porcelain"),
        files,
    )


@pytest.fixture(scope="session", autouse=True)
def private_site_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.mktemp("site-cache")))
        patch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path_factory.mktemp("global-config")))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        yield


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, private_site_cache) -> Path:
    root = tmp_path_factory.mktemp("finished")
    sh(root, "git", "init", "--quiet", "--initial-branch=main")
    (root / ".dvc").mkdir()
    for name in (".dvc/config", ".dvc/.gitignore", ".gitignore"):
        shutil.copy(ROOT / name, root / name)
    (root / "dvc.yaml").write_text(DVC_YAML)
    finish(root)
    sh(root, "git", "add", ".")
    sh(root, "git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "begin")
    return root


@pytest.fixture
def workspace(finished_run, tmp_path) -> Workspace:
    shutil.copytree(finished_run, tmp_path / "workspace", symlinks=True)
    return Workspace(tmp_path / "workspace")


@pytest.fixture(scope="session")
def released_run(finished_run, tmp_path_factory) -> Path:
    """The finished run, released as v0.1.0 (promoted), to be read only."""
    root = tmp_path_factory.mktemp("released") / "workspace"
    shutil.copytree(finished_run, root, symlinks=True)
    release(Workspace(root), load_params(root / "params.yaml"))
    return root


@pytest.fixture
def released(released_run, tmp_path) -> Workspace:
    """A copy of a released workspace, with a copy of its remote."""
    shutil.copytree(released_run, tmp_path / "workspace", symlinks=True)
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def params(finished_run) -> Params:
    return load_params(finished_run / "params.yaml")
