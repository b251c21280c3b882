"""A stranger's folder holds modules and settings under names that libraries look for there"""

import shutil
import sys

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.versions.dvc import run_dvc
from pipeline.versions.setup import make_repository
from tests.versions.conftest import sh

IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@b")
# Modules that DVC, git's helpers or this product import, ours among them.
MODULES = ("dvc", "json", "logging", "sitecustomize", "usercustomize", "pipeline", "flows", "numpy")
READING = (
    ["versions"],
    ["versions", "--json"],
    ["pull", "augmented@v0.1.0", "--to", "pulled"],
    ["verify", "v0.1.0"],
    ["report", "v0.1.0"],
    ["doctor"],
    ["gc", "--keep", "1"],
    ["run", "--dry-run"],
    ["remote", "show"],
    ["init", "elsewhere", "--from", "."],
)


@pytest.fixture
def sprung(released, tmp_path, monkeypatch):
    """Where each module of a stranger's, imported from the workspace, leaves its name."""
    notes = tmp_path / "sprung"
    for name in MODULES:
        text = f"open({str(notes)!r}, 'a').write('{name}\\n')\n"
        (released.root / f"{name}.py").write_text(text)
    sh(released.root, "git", "add", ".")
    sh(released.root, "git", *IDENTITY, "commit", "-qm", "modules")
    monkeypatch.chdir(released.root)
    return notes


@pytest.mark.parametrize("line", READING, ids=" ".join)
def test_a_command_that_reads_imports_no_module_of_the_workspace(released, sprung, line):
    told = CliRunner().invoke(app, line)
    assert told.exit_code in (0, 2), told.output
    assert not sprung.exists(), sprung.read_text()


PLAN = """\
from pathlib import Path
from flows.settings import configure, import_prefect
from pipeline.workspace import Workspace
configure(Workspace.at(Path()))
import_prefect()
from prefect import flow
from prefect.logging.configuration import setup_logging
from prefect.settings import get_current_settings
setup_logging()
print(get_current_settings().logging.config_path)
"""
SETTINGS_OF_PREFECT = {
    "prefect.toml": '[logging]\nconfig_path = "{}"\n',
    "pyproject.toml": '[tool.prefect.logging]\nconfig_path = "{}"\n',
    ".env": "PREFECT_LOGGING_CONFIG_PATH={}\n",
}


@pytest.mark.parametrize("name", SETTINGS_OF_PREFECT)
def test_prefect_takes_no_settings_from_the_current_folder(finished_run, tmp_path, name):
    called = tmp_path / "called"
    (tmp_path / "logging.yml").write_text(
        "version: 1\nhandlers:\n  one:\n    '()': os.system\n"
        f"    command: touch {called}\nloggers:\n  prefect: {{handlers: [one]}}\n"
    )
    shutil.copy(finished_run / "params.yaml", tmp_path)
    (tmp_path / name).write_text(SETTINGS_OF_PREFECT[name].format(tmp_path / "logging.yml"))
    shown = sh(tmp_path, sys.executable, "-P", "-c", PLAN)
    assert not called.exists()
    assert shown.strip() == str(tmp_path / ".equipoise" / "prefect" / "logging.yml")


@pytest.mark.parametrize("name", ["prefect/logging.yml", "prefect/profiles.toml"])
@pytest.mark.parametrize("line", [["run"], ["schedule", "--every", "1d"]], ids=" ".join)
def test_settings_that_came_with_a_clone_are_not_its_users(finished_run, tmp_path, name, line):
    clone = tmp_path / "clone"
    shutil.copytree(finished_run, clone, symlinks=True)
    (clone / ".equipoise" / name).parent.mkdir(parents=True)
    (clone / ".equipoise" / name).write_text("")
    shutil.rmtree(clone / ".dvc")
    sh(clone, "git", "add", "--all", "--force")
    sh(clone, "git", *IDENTITY, "commit", "-qm", "home of Prefect")
    told = CliRunner().invoke(app, [*line, "--workspace", str(clone)])
    assert told.exit_code == 2
    assert "git rm -r --cached .equipoise" in told.output


def test_dvc_imports_no_module_of_the_workspace(released, sprung):
    run_dvc(released.root, "version")
    assert not sprung.exists(), sprung.read_text()


def test_looking_for_ignored_files_imports_no_module_of_the_workspace(released, sprung):
    (released.root / ".dvcignore").write_text("*.tmp\n")
    told = CliRunner().invoke(app, ["doctor"])
    assert "DVC" in told.output
    assert not sprung.exists(), sprung.read_text()


@pytest.mark.parametrize("target", ["key", "/dev/zero"])
def test_a_link_in_place_of_a_gitignore_brings_no_other_file_in(released, tmp_path, caplog, target):
    (tmp_path / "key").write_text("secret\n")
    ignored = released.root / ".gitignore"
    ignored.unlink()
    ignored.symlink_to(tmp_path / target)
    make_repository(released.root)
    assert not ignored.is_symlink()
    assert "secret" not in ignored.read_text()
    assert "is a link" in caplog.text
    assert (tmp_path / "key").read_text() == "secret\n"
