"""Each config of a set holds exactly what it promises, through the readers that people use."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from datasets import get_dataset_config_names, load_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dataset.assemble import assemble
from pipeline.dataset.layout import globs_of, is_among, row_files
from pipeline.dataset.load import load_frame
from pipeline.dataset.write import write_set
from pipeline.params import Params
from pipeline.stages.assemble import run
from pipeline.workspace import read_json
from tests.hand_made import CLASSES, curation_of, images, pool_images, real_images, trial_result
from tests.hand_made import write_finished_stages as finished

CONFIGS = ("train", "balanced", "synthetic", "all")
CHEAP = images(
    [0, 0, 1, 1, 0, 1, 1, 1],
    ids=[f"cheap-{k}" for k in range(8)],
    origin=["classical"] * 4 + ["taught"] * 4,
    proposed_by=[None] * 4 + ["smote"] * 4,
)
AVAILABLE = {"classical": (2, 2), "taught": (1, 3)}


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "datasets.config.HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("hugging-face"))
        )
        yield


@pytest.fixture(scope="module")
def augmented(tmp_path_factory):
    rows = {"real": 2, "gan": 4, "classical": 1, "taught": 2}
    workspace = finished(
        tmp_path_factory.mktemp("workspace"),
        cheap=CHEAP,
        in_set={"cat": {"real": 6}, "dog": rows},
    )
    run(workspace, Params())
    return workspace.augmented


def loaded(directory, *config):
    return load_dataset(str(directory), *config, split="train")


@st.composite
def trials(draw):
    """What curation accepted and chose of the pool, and the counts of the recommended set."""
    pool = pool_images()
    accepted = np.array(draw(st.lists(st.booleans(), min_size=10, max_size=10)))
    chosen = np.array(draw(st.lists(st.booleans(), min_size=10, max_size=10)))
    in_set = {}
    for label, (name, n_real) in enumerate(zip(CLASSES, (6, 2), strict=True)):
        most = {"gan": int(accepted[pool.labels == label].sum())}
        most |= {origin: counts[label] for origin, counts in AVAILABLE.items()}
        counts = {origin: draw(st.integers(0, n)) for origin, n in most.items()}
        in_set[name] = {"real": n_real, **counts}
    return accepted, chosen, in_set


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trials())
def test_for_any_counts_each_config_holds_exactly_what_it_promises(trial):
    accepted, chosen, in_set = trial
    real, pool = real_images(), pool_images()
    promised = {"train": set(real.ids), "balanced": set(real.ids) | set(pool.ids[chosen])}
    for label, name in enumerate(CLASSES):
        usable = pool.ids[accepted & (pool.labels == label)]
        promised["train"] |= set(usable[: in_set[name]["gan"]])
        for origin in AVAILABLE:
            own = (CHEAP.provenance["origin"] == origin).to_numpy() & (CHEAP.labels == label)
            promised["train"] |= set(CHEAP.ids[own][: in_set[name][origin]])
    promised["all"] = promised["train"] | promised["balanced"]
    promised["synthetic"] = promised["all"] & set(pool.ids)
    requested = {n: int(chosen[pool.labels == k].sum()) for k, n in enumerate(CLASSES)}
    result = trial_result(in_set=in_set)
    samples = assemble(
        real,
        pool,
        curation=curation_of(pool, chosen=chosen).assign(accepted=accepted),
        requested=requested,
        result=result,
        cheap=CHEAP,
    )
    with tempfile.TemporaryDirectory() as folder:
        write_set(Path(folder, "set"), samples, result, name="augmented", seed=0)
        found = {
            config: list(loaded(Path(folder, "set"), config)["id"])
            for config in get_dataset_config_names(folder + "/set")
        }
        facts = read_json(Path(folder, "set", "manifest.json"))["facts"]
    assert found.keys() == {config for config in CONFIGS if promised[config]}
    for config, ids in found.items():
        assert len(ids) == len(set(ids))
        assert set(ids) == promised[config]
        counts = facts["configs"][config].values()
        assert sum(sum(of_class.values()) for of_class in counts) == len(ids)


def test_the_recommended_set_is_loaded_where_no_config_is_named(augmented):
    assert list(loaded(augmented)["id"]) == list(loaded(augmented, "train")["id"])


def test_the_library_reads_pictures_class_names_and_memberships(augmented):
    rows = loaded(augmented, "all")
    assert rows.features["label"].names == ["cat", "dog"]
    assert rows[0]["image"].size == (8, 8)
    assert rows[0]["source"] == "real"
    assert set(rows["source"]) == {"real", "gan", "classical", "taught"}
    for config in ("train", "balanced"):
        marked = {row["id"] for row in rows if row[f"in_{config}"]}
        assert marked == set(loaded(augmented, config)["id"])


@pytest.mark.parametrize("config", CONFIGS)
def test_our_own_loader_gives_the_rows_that_the_library_gives(augmented, config):
    frame = load_frame(augmented, rows=config)
    assert frame["id"].tolist() == list(loaded(augmented, config)["id"])


def test_pandas_alone_reads_the_recommended_set(augmented):
    frame = pd.read_parquet(augmented / "data", filters=[("in_train", "==", True)])
    assert set(frame["id"]) == set(loaded(augmented)["id"])


def test_what_a_teacher_said_is_read_by_the_library(tmp_path):
    kind = pd.ArrowDtype(pa.list_(pa.field("element", pa.float32())))
    taught = images([1, 1], ids=["taught-0", "taught-1"], origin=["taught"] * 2)
    told = pd.Series([[0.25, 0.75], [0.5, 0.5]], dtype=kind)
    taught.provenance["teacher_probabilities"] = told
    in_set = {"cat": {"real": 6}, "dog": {"real": 2, "taught": 2}}
    workspace = finished(tmp_path, cheap=taught, in_set=in_set)
    run(workspace, Params())
    cells = loaded(workspace.augmented)["teacher_probabilities"]
    assert list(cells)[:8] == [None] * 8
    assert list(cells)[8:] == [[0.25, 0.75], [0.5, 0.5]]


def test_a_set_without_gan_rows_has_no_config_for_them(tmp_path):
    real, pool = real_images(), pool_images()
    result = trial_result(in_set={"cat": {"real": 6}, "dog": {"real": 2}})
    samples = assemble(
        real, pool, curation=curation_of(pool, chosen=False), requested={}, result=result
    )
    write_set(tmp_path / "set", samples, result, name="augmented", seed=0)
    assert get_dataset_config_names(str(tmp_path / "set")) == ["train", "balanced", "all"]


def test_real_rows_come_first_and_sources_keep_their_order(augmented):
    sources = [path.parent.name for path in row_files(augmented, "all")]
    assert list(dict.fromkeys(sources)) == ["real", "gan", "classical", "taught"]


def test_no_file_is_named_as_a_split_is(augmented):
    # Other readers would take a split's name for the split, and part the rows by it.
    words = {"train", "training", "validation", "valid", "dev", "test", "testing", "eval"}
    for path in row_files(augmented, "all"):
        name = path.relative_to(augmented).as_posix()
        assert not words & set(name.replace("/", "-").replace(".", "-").split("-"))


def test_files_that_hold_no_rows_are_needed_for_every_config():
    for name in ("README.md", "schema.json", "train/part-00000.parquet", "data/x.parquet"):
        assert all(is_among(name, config) for config in CONFIGS)


def test_a_glob_stands_for_all_shards_of_a_part():
    names = [f"data/gan/both-0123abcd-0000{k}.parquet" for k in range(3)]
    names += ["data/real/both-0123abcd-00000.parquet"]
    assert globs_of(names, "balanced") == [
        "data/real/both-0123abcd-*.parquet",
        "data/gan/both-0123abcd-*.parquet",
    ]


def test_another_version_in_a_folder_of_the_same_name_is_not_taken_for_the_first(tmp_path):
    # The library caches a local folder by its name and the globs of its card.
    found = []
    for seed in (0, 1):
        workspace = finished(tmp_path / str(seed), seed=seed)
        run(workspace, Params(seed=seed))
        found.append(loaded(workspace.augmented)["image"][0].tobytes())
    assert found[0] != found[1]
