from pipeline.dataset.difference import RowChange
from pipeline.versions.details import Score
from pipeline.versions.difference import (
    ChangedParam,
    Difference,
    ScorePair,
    changed_params,
    compare_releases,
)
from pipeline.versions.difference_page import ComparedRows, page, score_text, summary
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.release import release
from tests.versions.conftest import finish


def test_params_are_compared_key_by_key_also_where_one_side_lacks_them():
    old = {"seed": 1, "gan": {"steps": 100, "preset": "a"}, "source": {"thin": {"1": 5}}}
    new = {"seed": 2, "gan": {"steps": 100, "preset": "b"}, "source": {"thin": {}}}
    assert changed_params(old, new) == [
        ChangedParam("gan.preset", "a", "b"),
        ChangedParam("seed", 1, 2),
        ChangedParam("source.thin", None, {}),
        ChangedParam("source.thin.1", 5, None),
    ]


def test_two_releases_are_compared_from_a_repository_without_data(released):
    workspace, params = finish(released.root, seed=4, promoted=False)
    release(workspace, params)
    git = Git(workspace.root)
    difference = compare_releases(git, *list_releases(git, "augmented"))
    assert (difference.old, difference.new) == ("v0.1.0", "v0.2.0")
    assert difference.facts["verdict"] == ("helps", "no evidence")
    assert difference.facts["promoted"] == ("yes, #1", "no")
    assert difference.params == [ChangedParam("seed", 0, 4)]
    assert not difference.generator_changed
    (pair,) = difference.scores
    assert (pair.arm, score_text(pair.old)) == ("set_with_gan", "0.830 [0.790, 0.870]")


HOSTILE = "<script>alert(1)</script>"
DIFFERENCE = Difference(
    old="v0.1.0",
    new="v0.2.0",
    facts={"verdict": ("helps", HOSTILE)},
    generator_changed=True,
    params=[ChangedParam("source.path", None, HOSTILE)],
    scores=[ScorePair("cnn", HOSTILE, "accuracy", Score(mean=0.5), None)],
    classes_added=[HOSTILE],
    classes_removed=[],
)


def test_the_page_carries_no_script_whatever_the_names():
    rows = [RowChange(HOSTILE, False, 1, 2, 3)]
    text = page(DIFFERENCE, ComparedRows(rows=rows), name="augmented")
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert text.count("&lt;script&gt;alert(1)") == 5


def test_the_summary_adds_up_the_rows_of_each_origin():
    rows = [
        RowChange("a", False, 1, 2, 3),
        RowChange("b", False, 1, 0, 1),
        RowChange("a", True, 4, 0, 0),
    ]
    assert summary(DIFFERENCE, ComparedRows(rows=rows)).endswith(
        "The synthetic rows come from another generator. Of the real rows 2 were added, 2 removed, "
        "4 kept. Of the synthetic rows 4 were added, 0 removed, 0 kept."
    )


def test_the_summary_tells_what_changed_in_the_recommended_set_though_no_row_is_new():
    compared = ComparedRows(
        rows=[RowChange("a", True, 0, 0, 9)], tested=[RowChange("a", True, 2, 3, 4)]
    )
    assert "Of the rows of `train` 2 were added, 3 removed, 4 kept." in summary(
        DIFFERENCE, compared
    )


def test_a_page_without_data_says_why():
    assert "the remote lacks" in page(DIFFERENCE, ComparedRows(reason="the remote lacks"), name="x")
