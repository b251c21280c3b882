"""The pictures of a report are chosen by rule, never by taste."""

import numpy as np
import pandas as pd
import pytest

from pipeline.reporting.previews import gallery
from pipeline.storage import ShardWriter, read_schema, read_split
from tests.hand_made import write_finished_stages


@pytest.fixture
def finished(tmp_path):
    return write_finished_stages(tmp_path)


def curation_of(workspace, **columns):
    pool = read_split(workspace.synthetic, "train")
    real = read_split(workspace.prepared, "train")
    frame = pd.DataFrame(
        {
            "id": pool.ids,
            "label": pool.labels,
            "accepted": True,
            "chosen": True,
            "reason": "",
            "score": np.linspace(0.9, 0.1, len(pool)),
            "nearest_real_id": real.ids[0],
            "nearest_ratio": np.linspace(0.1, 0.9, len(pool)),
        }
    )
    return frame.assign(**columns)


def gathered(workspace, curation, *, seed=0):
    found = gallery.gather(workspace, read_schema(workspace.prepared), curation, seed=seed)
    return {one.name: one for one in found.classes}


def test_the_closest_are_those_with_the_smallest_ratio_beside_their_neighbour(finished):
    dog = gathered(finished, curation_of(finished))["dog"]
    ratios = [single.ratio for single in dog.closest]
    assert ratios == sorted(ratios)
    assert len(ratios) == 4
    real = read_split(finished.prepared, "train")
    assert all((single.neighbour == real.values[0]).all() for single in dog.closest)


def test_the_worst_are_the_chosen_ones_with_the_lowest_score(finished):
    curation = curation_of(finished)
    curation.loc[len(curation) - 1, "chosen"] = False
    worst = gathered(finished, curation)["dog"].worst
    expected = curation[(curation["label"] == 1) & curation["chosen"]]["score"].nsmallest(4)
    assert [single.score for single in worst] == pytest.approx(list(expected))


def test_each_reason_of_rejection_is_shown_before_any_twice(finished):
    reasons = ["", "", *["copy"] * 6, "off the manifold", "label"]
    accepted = [not reason for reason in reasons]
    curation = curation_of(finished, reason=reasons, accepted=accepted, chosen=accepted)
    shown = [single.reason for single in gathered(finished, curation)["dog"].rejected]
    assert set(shown[:3]) == {"copy", "off the manifold", "label"}
    assert len(shown) == 4


def test_a_row_that_makes_up_an_exact_number_is_not_shown_as_turned_away(finished):
    curation = curation_of(finished, reason="label not confirmed", accepted=False)
    assert gathered(finished, curation)["dog"].rejected == ()
    assert gathered(finished, curation)["dog"].worst[0].reason == "label not confirmed"


def test_only_chosen_samples_stand_on_the_synthetic_sheet(finished):
    curation = curation_of(finished)
    curation["chosen"] = curation["id"].isin(curation["id"].iloc[[2, 5]])
    assert len(gathered(finished, curation)["dog"].synthetic) == 2
    assert gathered(finished, curation)["cat"].synthetic == ()


def test_the_choice_does_not_depend_on_the_order_of_rows(finished, monkeypatch):
    monkeypatch.setattr(gallery, "MOST_PER_SHEET", 4)
    before = gathered(finished, curation_of(finished))["cat"].real
    real = read_split(finished.prepared, "train")
    for path in (finished.prepared / "train").iterdir():
        path.unlink()
    with ShardWriter(finished.prepared, "train", shard_rows=3) as writer:
        writer.write(real.take(np.arange(len(real))[::-1]))
    after = gathered(finished, curation_of(finished))["cat"].real
    assert len(before) == 4
    assert all((one == other).all() for one, other in zip(before, after, strict=True))


def test_another_seed_chooses_other_pictures(finished, monkeypatch):
    monkeypatch.setattr(gallery, "MOST_PER_SHEET", 4)
    choices = {
        b"".join(p.tobytes() for p in gathered(finished, curation_of(finished), seed=s)["cat"].real)
        for s in range(6)
    }
    assert len(choices) > 1


def test_a_run_without_curation_still_shows_its_samples(finished):
    dog = gathered(finished, pd.DataFrame())["dog"]
    assert len(dog.real) == 2
    assert len(dog.synthetic) == 8
    assert dog.closest == dog.rejected == ()
