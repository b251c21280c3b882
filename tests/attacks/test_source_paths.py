"""Raw data below a folder with an odd name: written so that params.yaml and DVC read it back."""

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import SourceError
from pipeline.params import load_params
from pipeline.sources.recognise import recognise
from pipeline.versions.dvc import run_dvc
from tests.raw_data import image_folder


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\x7fb", "a\u2028b"])
def test_a_line_break_or_control_character_is_refused(tmp_path, name):
    image_folder(tmp_path / name)
    with pytest.raises(SourceError, match="holds a line break or control character; rename"):
        recognise(tmp_path / name)


@pytest.mark.parametrize("inside", [True, False])
def test_dvc_finds_the_data_whatever_the_folder_is_called(tmp_path, inside):
    name = ' cats 🐈 "q" it\'s: #1 100% ~ {x} & *y'
    root = tmp_path / "ws"
    raw = image_folder((root if inside else tmp_path) / name, {"cat": 8, "dog": 8})
    done = CliRunner().invoke(app, ["init", str(root), "--from", str(raw)])
    assert done.exit_code == 0, done.output
    path = load_params(root / "params.yaml").source.path
    assert (root / path).samefile(raw)
    assert "prepare" in run_dvc(root, "status", "--json")
