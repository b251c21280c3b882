"""Texts that git, DVC or ssh would take for an option, or run a program for."""

import ast
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.addresses import GitAddress
from pipeline.cli import app
from pipeline.errors import ParamsError, VersionError
from pipeline.params import ReleaseParams, load_params
from pipeline.versions.dvc import dvc_environment
from pipeline.versions.git import Git
from pipeline.versions.git_remote import fetch_tags, publish_tags
from pipeline.versions.listing import artefact_names, list_releases
from pipeline.versions.operands import InTree, PathPattern, Pattern, Remote, Revision
from pipeline.versions.release import release
from pipeline.versions.stage_process import stage_environment
from tests.versions.conftest import sh

ROOT = Path(__file__).parents[2]
HOSTILE = [
    "--upload-pack=touch {mark}",
    "--receive-pack=touch {mark}",
    "-u touch {mark}",
    "-",
    "ext::sh -c touch% {mark}",
    "EXT::sh -c touch% {mark}",
    "fd::0",
    "helper+x::{mark}",
    "ssh://-oProxyCommand=touch%20{mark}/x",
    "ssh://%2doProxyCommand=touch%20{mark}/x",
    "ssh://me@-oProxyCommand=touch%20{mark}/x",
    "ssh://-oProxyCommand=x@host/x",
    "git+ssh://-oProxyCommand=touch%20{mark}/x",
    "-oProxyCommand=touch {mark}:x",
    "me@-oProxyCommand=touch:x",
    "host:-oProxyCommand=x",
    "[-oProxyCommand=x]:x",
    "me@[-oProxyCommand=x]:x",
    "s3://bucket/x",
    "ftp://host/x",
    "origin\n--upload-pack=x",
    "https://host/%0a--upload-pack=x",
    "\x1b[2J",
    "",
    " origin",
]
LONG = ["a" * 300, "a:" + "a" * 300, "a" * 5000]
FINE = [
    "origin",
    "team/data",
    "/srv/team data/x.git",
    "../x.git",
    "git@github.com:team/x.git",
    "[::1]:x.git",
    "ssh://git@host:22/x.git",
    "https://me:word@host/x.git",
    "git://host/x",
    "file:///srv/x.git",
]


@pytest.fixture
def mark(tmp_path):
    """A file that exists once a command of the attacker has run."""
    path = tmp_path / "the-attacker-was-here"
    yield path
    assert not path.exists()


@pytest.mark.parametrize("text", HOSTILE)
def test_params_refuse_it_in_a_sentence_that_names_what_is_valid(tmp_path, mark, text):
    path = tmp_path / "params.yaml"
    quoted = text.format(mark=mark).encode("unicode_escape").decode()
    path.write_text(f'release: {{git_remote: "{quoted}"}}\n')
    with pytest.raises(ParamsError, match=r"release\.git_remote.*valid is the name of a"):
        load_params(path)


@pytest.mark.parametrize("text", FINE)
def test_addresses_that_git_may_be_given_are_taken_as_they_are(text):
    assert GitAddress(text).text == text
    assert ReleaseParams(git_remote=text).git_remote == text


@pytest.mark.parametrize("text", [text for text in HOSTILE if text])
def test_the_call_itself_refuses_what_passed_by_the_params(workspace, mark, text):
    git, address = Git(workspace.root), text.format(mark=mark)
    with pytest.raises(VersionError, match="The git remote"):
        fetch_tags(git, address, "augmented")
    with pytest.raises(VersionError, match="The git remote"):
        publish_tags(git, address, "augmented", on_line=print)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_command_line_refuses_it_with_exit_code_2(workspace, mark, monkeypatch, text):
    monkeypatch.chdir(workspace.root)
    told = CliRunner().invoke(app, ["versions", "--repo", text.format(mark=mark)])
    assert told.exit_code == 2
    assert "valid is" in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize("text", [*LONG, "/dev/null", "file://", "%00", "~", ".git/HEAD"])
def test_odd_places_are_a_sentence_as_well(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, ["versions", "--repo", text])
    assert told.exit_code == 2
    assert "Traceback" not in told.output


def test_a_remote_that_is_configured_with_a_hostile_address_runs_nothing(workspace, mark):
    sh(workspace.root, "git", "remote", "add", "team", f"ext::sh -c touch% {mark}")
    text = workspace.params_file.read_text()
    workspace.params_file.write_text(f"{text}release: {{git_remote: team}}\n")
    params = load_params(workspace.params_file)
    with pytest.raises(VersionError, match="transport 'ext' not allowed"):
        release(workspace, params)


def test_the_users_own_narrower_list_of_transports_counts(workspace, monkeypatch):
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "https")
    with pytest.raises(VersionError, match="transport 'file' not allowed"):
        fetch_tags(Git(workspace.root), str(workspace.root), "augmented")


def test_dvc_and_the_stages_may_use_no_other_transport_either(workspace):
    for environment in (dvc_environment(workspace.root), stage_environment(workspace.root)):
        assert environment["GIT_ALLOW_PROTOCOL"] == "file:git:http:https:ssh"


@pytest.mark.parametrize(
    "text",
    ["--output=x", "-x", "HEAD:params.yaml", "HEAD^{/begin}", "@{-1}", "HEAD~1", "a..b", "a b", ""],
)
def test_a_revision_is_a_plain_name(workspace, text):
    git = Git(workspace.root)
    for ask in (git.commit_of, git.files, lambda revision: git.read(revision, "params.yaml")):
        with pytest.raises(VersionError, match="not the plain name"):
            ask(text)


@pytest.mark.parametrize("text", ["augmented@v0.1.0", "augmented#promoted#1", "HEAD", "a" * 40])
def test_names_of_tags_and_hashes_are_revisions(text):
    assert Revision(text).text == text


@pytest.mark.parametrize("text", ["/etc/passwd", "../x", "a/../../x", "a\0b", ""])
def test_a_path_stays_inside_the_repository(text):
    with pytest.raises(VersionError, match="not a path inside"):
        InTree(text)
    with pytest.raises(VersionError, match="not a path inside"):
        PathPattern.at(text)


@pytest.mark.parametrize("path", ["--help", "-x", ":(exclude)params.yaml", "*.yaml", "a b"])
def test_a_path_is_taken_letter_by_letter(workspace, path):
    (workspace.root / path).write_text("1")
    sh(workspace.root, "git", "--literal-pathspecs", "add", "--", path)
    sh(workspace.root, "git", "-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "x")
    git = Git(workspace.root)
    assert git.files("HEAD", path) == [path]
    assert git.read("HEAD", path) == b"1"
    assert git.run("ls-files", "--full-name", PathPattern.at(path)) == path


@pytest.mark.parametrize("name", ["--format=x", "*", "a\nb", "x/y", "", "UP", "a" * 64])
def test_a_name_on_the_command_line_is_a_name(workspace, monkeypatch, name):
    monkeypatch.chdir(workspace.root)
    told = CliRunner().invoke(app, ["versions", f"--name={name}"])
    if name:  # Without a name the one in params.yaml counts.
        assert told.exit_code == 2
        assert "is not a name under which a set is released" in told.output


@pytest.mark.parametrize(
    "tag",
    [
        "augmented@v1.0.0;x",
        "augmented@v٣.0.0",
        "augmented@v1.0",
        "augmented@v01.0.0",
        "augmented@v" + "9" * 120 + ".0.0",
        "augmented#promoted#" + "9" * 200,
        "augmented#promoted#٣",
        "Evil@v1.0.0",
        "x'y@v1.0.0",
        "x@y@v1.0.0",
    ],
)
def test_tags_of_a_strangers_that_are_none_of_ours_are_no_matter(released, tag):
    before = list_releases(Git(released.root), "augmented")
    sh(released.root, "git", "tag", tag)
    assert list_releases(Git(released.root), "augmented") == before
    assert artefact_names(Git(released.root)) == ["augmented"]


def test_patterns_and_remotes_are_checked_when_they_are_made():
    for text in ("refs/tags/--x y", "--all", "tags/x", "refs/tags/a:b", "refs/tags/*x"):
        with pytest.raises(VersionError):
            Pattern(text)
    with pytest.raises(VersionError):
        Remote("--all")


def calls_in(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def sources():
    return [*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "flows").rglob("*.py")]


def test_one_door_leads_to_git_and_dvc():
    spawning = {"Popen", "run", "call", "check_call", "check_output", "system", "popen"}
    doors = {
        "pipeline/versions/call.py",  # git and DVC
        "pipeline/process_group.py",  # stages and servers, under the guard
        "pipeline/guard.py",
    }
    own_python = {"pipeline/commands/schedule.py", "flows/supervisor.py"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for call in calls_in(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in spawning
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("subprocess", "os")
    }
    assert found - own_python <= doors
    callers = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for call in calls_in(path)
        if isinstance(call.func, ast.Name) and call.func.id == "run_command"
    }
    assert callers == {"pipeline/versions/git_call.py", "pipeline/versions/dvc.py"}


def test_every_plain_argument_of_git_is_spelled_out_in_the_source():
    strange = [
        f"{path.name}:{call.lineno}: {ast.unparse(argument)}"
        for path in sources()
        for call in calls_in(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("run", "run_bytes", "succeeds")
        and ast.unparse(call.func.value) in ("git", "tree", "self", "there", "Git(root)")
        for argument in call.args
        if isinstance(argument, ast.JoinedStr | ast.BinOp | ast.Attribute | ast.Subscript)
    ]
    assert strange == []
