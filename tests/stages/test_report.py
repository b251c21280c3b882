"""The stage `report` on the folders of a finished run."""

import re

import pytest

from pipeline.errors import ArtifactError
from pipeline.params import load_params
from pipeline.stages import assemble, report
from tests.hand_made import write_finished_stages


@pytest.fixture
def finished(tmp_path):
    workspace = write_finished_stages(tmp_path)
    assemble.run(workspace, load_params(workspace.params_file))
    return workspace


def rendered(workspace) -> str:
    report.run(workspace, load_params(workspace.params_file))
    return workspace.report_file.read_text(encoding="utf-8")


def test_a_finished_run_gives_a_page_with_the_verdict_on_top(finished):
    page = rendered(finished)
    headline = re.search(r"<h1>(.*?)</h1>", page)[1]
    assert "+3.0 points" in headline
    assert "+0.5 to +5.5" in headline
    assert headline.endswith("it helps, and is promoted<!--promoted-as-->.")


def test_the_same_files_give_the_same_bytes(finished):
    assert rendered(finished) == rendered(finished)


def test_real_and_synthetic_pictures_stand_on_the_page(finished):
    page = rendered(finished)
    assert 'alt="6 real samples of class cat"' in page
    assert 'alt="4 synthetic samples of class dog"' in page


def test_added_rows_are_counted_in_the_augmented_dataset(finished):
    row = re.search(r'id="table-balance".*?dog.*?</tr>', rendered(finished), re.DOTALL)[0]
    assert re.findall(r'<data value="(\d+)"', row.rpartition("<tr")[2]) == ["2", "4", "6"]


def test_a_missing_trial_is_refused_with_a_sentence(finished):
    (finished.trial / "result.json").unlink()
    with pytest.raises(ArtifactError, match=r"result\.json is missing"):
        rendered(finished)
    assert not finished.report_file.exists()
