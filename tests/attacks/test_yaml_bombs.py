"""YAML that takes minutes or gigabytes to read ends in one sentence, before a value is built."""

import os
import subprocess

import pytest

from pipeline import yaml_limits, yaml_text
from pipeline.errors import EquipoiseError, ParamsError, VersionError, WorkspaceError
from pipeline.params import load_params
from pipeline.versions.dvc import run_dvc
from pipeline.versions.graph import require_watched_params, stage_names
from pipeline.versions.lockfile import read_outputs
from pipeline.versions.stage_process import run_stage
from tests.toy_workspace import toy_workspace, writes

DOUBLING = "a0: &a0 {k0: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}\n" for n in range(1, 40)
)
BOMBS = {
    "references": "a0: &a0 [x, x]\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
    "merges": DOUBLING,
    "merges in blocks": "a0: &a0\n  k0: 1\n"
    + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n  k{n}: 1\n" for n in range(1, 40)),
    "a merge with itself": "a: &a {<<: *a}",
    "a list in itself": "a: &a [*a]",
    "a chain of references": "a0: &a0 [x]\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 150)),
    "brackets": "a: " + "[" * 5000,
    "closed brackets": "a: " + "[" * 5000 + "]" * 5000,
    "brackets with values": "a: " + "[1, " * 5000,
    "braces": "a: " + "{a: " * 5000,
    "deep blocks": "\n".join(" " * depth + "a:" for depth in range(1000)),
    "dashes": "- " * 5000,
    "question marks": "? " * 5000,
    "a list of 1 MB": "a: [" + "1," * 500_000 + "]",
    "a mapping of 1 MB": "".join(f"key{n}: 1\n" for n in range(80_000)),
}
LONG_NUMBERS = {
    "digits": "9" * 5000,
    "fewer digits": "9" * 4000,
    "hexadecimal": "0x" + "f" * 100_000,
    "octal": "0o" + "7" * 100_000,
    "binary": "0b" + "1" * 100_000,
    "underscores": "1" + "_0" * 5000,
    "a fraction": "1." + "3" * 100_000,
    "an exponent": "1e" + "9" * 5000,
    "a time": "2001-12-14 21:59:43." + "9" * 100_000,
    "a tagged text": '!!int "' + "9" * 5000 + '"',
}


def refusal(text):
    with pytest.raises(ParamsError) as caught:
        yaml_text.parse_mapping(text.encode("utf-8", "surrogatepass"), where="params.yaml")
    assert len(str(caught.value)) < 400
    return str(caught.value)


@pytest.fixture
def no_building(monkeypatch):
    """Building a value fails, as it would for what the limits should have refused."""

    def build(*_):
        raise AssertionError("a value was built")

    monkeypatch.setattr(yaml_text.YAML, "load", build)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_after_few_events_and_before_a_value_is_built(
    name, no_building, monkeypatch
):
    taken = []
    take = yaml_limits._Counts.take
    monkeypatch.setattr(
        yaml_limits._Counts, "take", lambda self, event: (taken.append(1), take(self, event))
    )
    message = refusal(BOMBS[name])
    assert "holds over 20,000 values or nests more than 16 deep" in message
    assert len(taken) <= yaml_limits.MAXIMUM_VALUES + 100


@pytest.mark.parametrize("name", LONG_NUMBERS)
def test_a_long_number_is_refused_before_it_is_built(name, no_building):
    assert "at most 64 are read" in refusal(f"seed: {LONG_NUMBERS[name]}")


def test_a_long_text_of_digits_in_quotes_is_a_text():
    found = yaml_text.parse_mapping(b'a: "' + b"9" * 5000 + b'"', where="params.yaml")
    assert found == {"a": "9" * 5000}


def test_a_tag_of_a_megabyte_is_refused_before_it_is_read(no_building):
    assert "begins with `!`, as a tag does" in refusal("a: !" + "x" * 1_000_000 + " 1")


@pytest.mark.parametrize("tag", ["!!binary", "!!set", "!!omap", "!x", "!<tag:x>", "!!python/none"])
def test_only_tags_of_plain_values_are_read(tag, no_building):
    assert "is not read, since it could run code" in refusal(f"a: {tag} x")


@pytest.mark.parametrize("text", ["# a comment\n%YAML 1.1\n---\nseed: 010", "%YAML 1.1\n---\na: 1"])
def test_an_old_yaml_is_refused_wherever_its_line_stands(text):
    assert "asks for an old YAML" in refusal(text)


def test_documents_without_end_are_refused_at_the_second(no_building):
    assert "a second document begins here" in refusal("---\n" * 200_000)


@pytest.mark.parametrize("text", ['a: "\\0"', '"\\0": 1', 'a: "\\ud800"', 'a: [{b: "x\\0"}]'])
def test_a_text_that_no_file_can_hold_is_refused(text):
    assert "holds a zero byte or half of a character" in refusal(text)


def test_a_name_given_twice_is_refused_instead_of_warned_about(recwarn):
    assert "the name `&a` is given a second time" in refusal("a: &a 1\nb: &a 2\nc: *a")
    assert not recwarn


def test_a_key_of_200_000_characters_is_shown_short():
    assert "is no text" in refusal("? [" + "x" * 200_000 + "]\n: 1")


def test_references_and_merges_of_usual_size_are_read():
    text = b"a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]"
    found = yaml_text.parse_mapping(text, where="params.yaml")
    assert found == {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": [{"x": 1}, {"x": 1}]}


def test_params_that_are_a_pipe_are_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "params.yaml")
    with pytest.raises(ParamsError, match="no regular file"):
        load_params(tmp_path / "params.yaml")


@pytest.fixture
def workspace(tmp_path):
    return toy_workspace(tmp_path, stages={"a": writes("a")})


@pytest.fixture
def no_dvc(monkeypatch):
    """DVC fails when it is called."""
    real = subprocess.Popen

    class Popen(real):
        def __init__(self, command, *arguments, **options):
            assert "dvc" not in command, command
            super().__init__(command, *arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", Popen)


@pytest.mark.parametrize("name", ["dvc.yaml", "dvc.lock", "params.yaml", "raw.dvc", "x/dvc.yaml"])
def test_dvc_is_not_called_while_it_would_read_a_bomb(workspace, name, no_dvc):
    (workspace.root / name).parent.mkdir(exist_ok=True)
    (workspace.root / name).write_text(DOUBLING)
    with pytest.raises(EquipoiseError, match="holds over 20,000 values"):
        run_stage(workspace, "a")
    with pytest.raises(EquipoiseError, match="holds over 20,000 values"):
        run_dvc(workspace.root, "status", "--json")


@pytest.mark.parametrize("name", ["dvc.yaml", "dvc.lock", "raw.dvc", "below/dvc.yaml"])
@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_dvc_is_not_called_while_it_would_read_to_no_end(workspace, name, kind, no_dvc):
    path = workspace.root / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "device":
        path.symlink_to("/dev/zero")
    elif "/" in name or name == "raw.dvc":
        pytest.skip("git does not list pipes, and DVC does not look for them")
    else:
        os.mkfifo(path)
    with pytest.raises(EquipoiseError, match="is no regular file"):
        run_dvc(workspace.root, "status", "--json")


def test_the_advice_for_a_damaged_file_of_dvc_works(workspace):
    lock = workspace.root / "dvc.lock"
    lock.write_text(BOMBS["brackets"])
    with pytest.raises(WorkspaceError, match=r"or delete it: a dvc\.lock is written anew"):
        run_stage(workspace, "a")
    lock.unlink()
    assert not run_stage(workspace, "a").cached


@pytest.mark.parametrize("name", ["references", "merges", "brackets", "a chain of references"])
def test_stages_and_locks_are_read_under_the_same_limits(tmp_path, name, no_building):
    (tmp_path / "dvc.yaml").write_text(BOMBS[name])
    with pytest.raises(WorkspaceError, match="holds over 20,000 values"):
        stage_names(tmp_path)
    with pytest.raises(VersionError, match=r"is not a dvc\.lock"):
        read_outputs(BOMBS[name], where="dvc.lock")


@pytest.mark.parametrize(
    "text", ["stages: []", "stages: {a: 1}", "stages: {a: [x]}", "stages: 1", "stages: {}", "[]"]
)
def test_stages_of_another_shape_are_refused(tmp_path, text):
    (tmp_path / "params.yaml").write_text("seed: 1")
    (tmp_path / "dvc.yaml").write_text(text)
    with pytest.raises(WorkspaceError, match="missing, damaged or lists no stages"):
        require_watched_params(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "stages: {a: {outs: [1]}}",
        "stages: {a: {outs: {path: x}}}",
        "stages: {a: {outs: [{path: 1, md5: x}]}}",
        "stages: {a: {outs: [{path: x, md5: [1]}]}}",
        "stages: [a]",
    ],
)
def test_locks_of_another_shape_are_refused(text):
    with pytest.raises(VersionError, match=r"is not a dvc\.lock|which DVC never writes"):
        read_outputs(text, where="dvc.lock")
