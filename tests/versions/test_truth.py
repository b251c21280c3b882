"""A version says what made it: the release compares, and so does `verify` for those that exist."""

import json

import pytest
from ruamel.yaml import YAML

from pipeline.errors import EquipoiseError, VersionError, WorkspaceError
from pipeline.params import load_params
from pipeline.versions.forgetting import forget_removed
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.lockfile import hash_output
from pipeline.versions.pin import take_pin
from pipeline.versions.record import tag_message
from pipeline.versions.release import release
from pipeline.versions.truth import untruths
from pipeline.versions.verification import verify
from pipeline.workspace import read_json, write_json, write_manifest
from tests.versions.conftest import finish, sh, take_in

YAML_FILE = YAML()


def change_yaml(path, change):
    content = YAML_FILE.load(path)
    change(content)
    YAML_FILE.dump(content, path)


@pytest.fixture
def watched(workspace):
    """The finished run as of a stage that was given the seed and `code.json`, as dvc.lock tells."""
    params = ["seed", "gan", {"code.json": ["all"]}]
    text = "seed: 0\ngan:\n  steps: 40\n"
    workspace.params_file.write_text(text)
    write_json(workspace.root / "code.json", {"all": "abc"})
    change_yaml(
        workspace.root / "dvc.yaml", lambda content: content["stages"]["all"].update(params=params)
    )
    given = {
        "params.yaml": {"seed": 0, "gan": {"steps": 40}},
        "code.json": {"all": "abc"},
    }
    change_yaml(
        workspace.root / "dvc.lock", lambda content: content["stages"]["all"].update(params=given)
    )
    return workspace


def tags(workspace):
    return sh(workspace.root, "git", "tag").split()


def params_say(old, new):
    def act(root):
        path = root / "params.yaml"
        path.write_text(path.read_text().replace(old, new))

    return act


def other_code(root):
    write_json(root / "code.json", {"all": "def"})


def other_command(root):
    change_yaml(root / "dvc.yaml", lambda c: c["stages"]["all"].update(cmd="true"))


def another_stage(root):
    change_yaml(root / "dvc.yaml", lambda c: c["stages"].update(new={"cmd": "x", "outs": ["y"]}))


def stops_watching(root):
    change_yaml(root / "dvc.yaml", lambda c: c["stages"]["all"].update(params=["seed"]))


def writes_elsewhere(root):
    change_yaml(root / "dvc.yaml", lambda c: c["stages"]["all"]["outs"].append("data/more"))


EDITS = [
    (params_say("40", "77"), "`gan.steps` is 77 in params.yaml; the stage `all` ran with 40"),
    (params_say("seed: 0", "seed: 99"), "`seed` is 99 in params.yaml; the stage `all` ran with 0"),
    (params_say("gan:\n  steps: 40\n", "gan: {}\n"), "`gan.steps` is left out in params.yaml"),
    (other_code, "The stage `all` ran with other code than code.json names"),
    (other_command, "dvc.yaml disagrees with dvc.lock about its command"),
    (another_stage, "The stage `new` of dvc.yaml has no entry in dvc.lock: it has not run"),
    (stops_watching, "the params that it watches"),
    (writes_elsewhere, "what it writes"),
]


def test_a_version_whose_settings_are_as_recorded_is_released(watched):
    outcome = release(watched, load_params(watched.params_file))
    assert outcome.is_new
    (one,) = list_releases(Git(watched.root), "augmented")
    assert untruths(Git(watched.root), one) == []


@pytest.mark.parametrize(("act", "told"), EDITS)
def test_settings_edited_after_the_last_stage_are_never_released(watched, act, told):
    act(watched.root)
    with pytest.raises(VersionError) as caught:
        release(watched, load_params(watched.params_file))
    assert told in str(caught.value)
    assert tags(watched) == []


def test_a_run_that_pinned_its_settings_stops_at_the_release(watched):
    pin = take_pin(watched)
    params_say("40", "77")(watched.root)
    with pytest.raises(WorkspaceError, match=r"`gan.steps` of params.yaml is 77 now and was 40"):
        release(watched, pin.params, pin=pin)
    assert tags(watched) == []
    # The remedy of the sentence: the old value, put back.
    params_say("77", "40")(watched.root)
    assert release(watched, pin.params, pin=pin).is_new


def test_what_is_published_are_the_pinned_bytes(watched):
    pin = take_pin(watched)
    watched.params_file.write_text(watched.params_file.read_text() + "run: {max_minutes: 7}\n")
    tag = release(watched, pin.params, pin=pin).tag
    assert "max_minutes" not in sh(watched.root, "git", "show", f"{tag}:params.yaml")


def of_prepared(workspace, facts):
    (workspace.prepared / "manifest.json").unlink()
    write_manifest(workspace.prepared, facts)


def of_generator(workspace, facts):
    workspace.generator.mkdir()
    write_manifest(workspace.generator, facts)


def of_augmented(workspace, facts):
    facts = {**read_json(workspace.augmented / "manifest.json")["facts"], **facts}
    (workspace.augmented / "manifest.json").unlink()
    write_manifest(workspace.augmented, facts)


@pytest.mark.parametrize(
    ("of_folder", "facts", "told"),
    [
        (of_prepared, {"source": {"kind": "idx"}}, '`source.kind` is "digits", and data/prepared'),
        (of_generator, {"seed": 9}, "`seed` is 0, and data/generator was made with 9"),
        (of_augmented, {"seed": 9}, "`seed` is 0, and data/augmented was made with 9"),
        (of_augmented, {"schema": {}}, "data/augmented has another schema than data/prepared"),
    ],
)
def test_manifests_that_say_otherwise_are_never_released(workspace, params, of_folder, facts, told):
    of_folder(workspace, facts)
    take_in(workspace.root)
    with pytest.raises(VersionError) as caught:
        release(workspace, params)
    assert told in str(caught.value)
    assert tags(workspace) == []


def test_a_stage_that_read_another_output_than_stands_there_is_never_released(watched):
    change_yaml(
        watched.root / "dvc.yaml",
        lambda c: c["stages"].update(late={"cmd": "x", "deps": ["data/trial"], "outs": ["late"]}),
    )
    (watched.root / "late").write_text("late")
    entry = {
        "cmd": "x",
        "deps": [{"path": "data/trial", "md5": "0" * 32 + ".dir"}],
        "outs": [{"path": "late", "md5": hash_output(watched.root / "late")[0]}],
    }
    change_yaml(watched.root / "dvc.lock", lambda c: c["stages"].update(late=entry))
    with pytest.raises(VersionError, match="`late` read another data/trial than `all` wrote last"):
        release(watched, load_params(watched.params_file))


def test_a_stage_that_dvc_yaml_no_longer_lists_leaves_nothing_in_a_version(watched):
    old = {"cmd": "x", "outs": [{"path": "data/old", "md5": "0" * 32}]}
    change_yaml(watched.root / "dvc.lock", lambda c: c["stages"].update(old=old))
    params = load_params(watched.params_file)
    with pytest.raises(VersionError):
        release(watched, params)
    forget_removed(watched, ["all"])
    assert release(watched, params).is_new


def test_only_what_stages_wrote_is_published_of_the_reports(workspace, params):
    (workspace.reports / "notes.txt").write_text("mine")
    tag = release(workspace, params).tag
    names = sh(workspace.root, "git", "ls-tree", "-r", "--name-only", tag).split()
    assert "reports/notes.txt" not in names
    assert "reports/metrics.json" in names


def lie(workspace, *, files=None, **record):
    """Release a version as the product once did: its files or its tag say something else."""
    git = Git(workspace.root)
    (one,) = list_releases(git, "augmented")
    sh(workspace.root, "git", "tag", "-d", *tags(workspace))
    index = workspace.root / ".git" / "private"
    sh(workspace.root, "git", "update-ref", "refs/heads/lying", one.commit)
    sh(workspace.root, "git", "symbolic-ref", "HEAD", "refs/heads/lying")
    commit = git.write_commit(files or {}, index=index, replaces=[], message="lie")
    message = tag_message("lie", one.record.model_copy(update=record))
    git.write_tags({"augmented@v0.1.0": message}, commit=commit)
    return list_releases(git, "augmented")


@pytest.mark.parametrize(
    ("told", "lies"),
    [
        (
            "`gan.steps` is 77 in params.yaml; the stage `all` ran with 40",
            {"files": {"params.yaml": b"seed: 0\ngan:\n  steps: 77\n"}},
        ),
        (
            "`seed` is 99 in params.yaml; the stage `all` ran with 0",
            {"files": {"params.yaml": b"seed: 99\ngan:\n  steps: 40\n"}},
        ),
        ("Its tag names the seed 5, its files 0", {"seed": 5}),
        ("Its tag names other params", {"params": "f" * 64}),
        ("Its tag names another schema", {"schema_digest": "f" * 64}),
        ("other code than code.json", {"files": {"code.json": b'{"all": "def"}'}}),
        ("code.json is not JSON", {"files": {"code.json": b"{"}}),
        ("params.yaml", {"files": {"params.yaml": b"seed: ["}}),
        (
            "Its reports/metrics.json is not what the stage wrote",
            {"files": {"reports/metrics.json": b'{"gain_points": 99}'}},
        ),
    ],
)
def test_verify_names_the_version_that_does_not_say_what_made_it(watched, told, lies):
    release(watched, load_params(watched.params_file))
    releases = lie(watched, **lies)
    found = verify(Git(watched.root), releases)
    assert any(told in str(untruth) for untruth in found.untruths), found.untruths
    assert {untruth.version for untruth in found.untruths} == {"v0.1.0"}


def test_a_version_that_does_not_say_what_made_it_is_released_anew_by_the_next_run(watched):
    params = load_params(watched.params_file)
    release(watched, params)
    lie(watched, files={"params.yaml": b"seed: 0\ngan:\n  steps: 77\n"})
    outcome = release(watched, params)
    assert (outcome.is_new, outcome.version) == (True, "v0.1.1")
    newest = list_releases(Git(watched.root), "augmented")[-1]
    assert untruths(Git(watched.root), newest) == []
    assert not release(watched, params).is_new


def test_a_password_in_an_address_is_in_no_file_of_a_version_and_no_contradiction(
    watched, monkeypatch
):
    told = {"git_remote": "https://me:hunter2@example.org/team.git"}
    change_yaml(watched.params_file, lambda c: c.update(release=told))
    change_yaml(watched.root / "dvc.yaml", lambda c: c["stages"]["all"]["params"].append("release"))
    change_yaml(
        watched.root / "dvc.lock",
        lambda c: c["stages"]["all"]["params"]["params.yaml"].update(release=told),
    )
    for name in ("fetch_tags", "publish_tags"):
        monkeypatch.setattr(f"pipeline.versions.release.{name}", lambda *_, **__: None)
    params = load_params(watched.params_file)
    tag = release(watched, params).tag
    names = sh(watched.root, "git", "ls-tree", "-r", "--name-only", tag).split()
    assert {"dvc.lock", "params.yaml", "reports/release.json"} <= set(names)
    assert not [n for n in names if "hunter2" in sh(watched.root, "git", "show", f"{tag}:{n}")]
    (one,) = list_releases(Git(watched.root), "augmented")
    assert untruths(Git(watched.root), one) == []
    assert not release(watched, params).is_new


def test_a_defaults_section_left_empty_is_no_contradiction(workspace, params):
    workspace.params_file.write_text("seed: 0\ngan:\ntrial: {}\n")
    params = load_params(workspace.params_file)
    release(workspace, params)
    (one,) = list_releases(Git(workspace.root), "augmented")
    assert untruths(Git(workspace.root), one) == []


def test_other_params_than_those_on_disk_are_refused(workspace):
    _, params = finish(workspace.root)
    workspace.params_file.write_text("seed: 3\n")
    with pytest.raises(EquipoiseError, match="was edited after it had been read"):
        release(workspace, params)
    assert json.loads((workspace.augmented / "manifest.json").read_text())["facts"]["seed"] == 0
