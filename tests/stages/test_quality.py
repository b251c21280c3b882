"""What the task beside the trial tells of a pool, whatever kind of data it has."""

import pytest

from pipeline.errors import ParamsError
from pipeline.params import Params
from pipeline.stages.evaluate import inception_file
from pipeline.stages.quality import judge_pool_quality
from pipeline.workspace import Workspace
from tests.small_tables import table
from tests.trial.stand_ins import digits, renamed

FEATURES = {"fid", "kid", "precision", "recall", "density", "coverage", "diversity"}
BOTH = FEATURES | {"tstr", "tstr_auc", "detection"}
COLUMNS = {"ks", "tv", "missing", "pairs"}


def judged(train, unseen, pool):
    found = judge_pool_quality(train=train, unseen=unseen, pool=pool, steps=20, seed=1)
    return found, {row["metric"]: row for row in found["fidelity"] if row["class_name"] is None}


def test_a_table_is_judged_by_features_columns_and_a_classifier():
    found, rows = judged(table(200, seed=0), table(200, seed=1), renamed(table(80, seed=2), "made"))
    assert set(rows) == BOTH | COLUMNS | {f"{name}_worst" for name in COLUMNS}
    assert "fully connected network" in rows["fid"]["features"]
    assert "random forest" in rows["tstr"]["features"]
    assert all(row["floor"] is not None for row in rows.values() if row["value"] is not None)
    assert {row["name"] for row in found["columns"]["columns"]} == {
        "age", "income", "job", "city", "member", "since",
    }  # fmt: skip
    assert found["copies"]["tested"] == 80


def test_images_are_judged_by_features_and_a_classifier_alone():
    pool = renamed(digits([15] * 4, skip=60), "made")
    found, rows = judged(digits([15] * 4), digits([30] * 4, skip=30), pool)
    assert set(rows) == BOTH
    assert "CNN" in rows["detection"]["features"]
    assert found["columns"]["columns"] == []


def test_weights_of_a_network_for_pictures_are_refused_for_tables(tmp_path):
    params = Params.model_validate({"trial": {"inception_weights": "weights.pth"}})
    with pytest.raises(ParamsError, match=r"network for pictures, and these data are tables"):
        inception_file(Workspace(tmp_path), params, table(3, seed=0).schema)
