"""What only the card tells changes no prepared byte."""

import pytest

from pipeline.errors import ParamsError
from pipeline.params import SourceParams, load_params
from pipeline.stages import prepare
from pipeline.versions.pipeline_file import template
from pipeline.workspace import Workspace, sha256_of
from tests.raw_data import image_folder


def workspace(at, text):
    at.mkdir(parents=True, exist_ok=True)
    (at / "params.yaml").write_text(text)
    return Workspace.at(at), load_params(at / "params.yaml")


@pytest.mark.parametrize("where", ["source", "release"])
def test_a_licence_is_known_and_prepares_the_same_bytes(tmp_path, where):
    raw = image_folder(tmp_path / "raw")
    found = []
    for name, line in (("plain", ""), ("licensed", "  licence: CC-BY-4.0\n")):
        text = f"source:\n  kind: image_folder\n  path: {raw}\n"
        text += line if where == "source" else f"release:\n  name: augmented\n{line}"
        made, params = workspace(tmp_path / name, text)
        prepare.run(made, params)
        found.append(sha256_of(made.prepared / "manifest.json"))
    assert params.licence == "CC-BY-4.0"
    assert found[0] == found[1]


def test_the_stages_before_the_set_do_not_depend_on_the_section_of_the_licence():
    stages = template()["stages"]
    for name in ("prepare", "train", "generate", "evaluate"):
        assert "release" not in stages[name]["params"]
    for name in ("assemble", "report"):
        assert "release" in stages[name]["params"]


def test_two_licences_that_differ_are_refused(tmp_path):
    text = "source:\n  licence: MIT\nrelease:\n  licence: CC0-1.0\n"
    with pytest.raises(ParamsError, match=r"keep `release\.licence` alone") as caught:
        workspace(tmp_path, text)
    assert caught.value.exit_code == 2


def test_no_other_fact_of_the_card_stands_in_the_source():
    facts = {"title", "description", "homepage", "citation", "author", "url", "contact"}
    assert not facts & set(SourceParams.model_fields)
