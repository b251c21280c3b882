"""IDX files as EMNIST, QMNIST and their like name them."""

import gzip

import numpy as np
import pytest

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.sources.recognise import recognise
from tests.raw_data import idx_bytes, picture


def write(root, images_name, labels_name, *, n=30, start=0, labels=None):
    root.mkdir(parents=True, exist_ok=True)
    images = np.stack([picture(start + k)[:, :, 0] for k in range(n)])
    values = (np.arange(n) % 3).astype(np.uint8) if labels is None else labels
    code = 0x08 if values.dtype == np.uint8 else 0x0C
    for name, array, kind in ((images_name, images, 8), (labels_name, values, code)):
        content = idx_bytes(array.astype(array.dtype.newbyteorder(">")), code=kind)
        (root / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def survey_of(root):
    assert recognise(root).kind == "idx"
    params = SourceParams(kind="idx", path=str(root))
    return open_source(params, root=root.parent, scratch=root.parent / "scratch").survey()


def pair(prefix, ending=".gz"):
    return f"{prefix}-images-idx3-ubyte{ending}", f"{prefix}-labels-idx1-ubyte{ending}"


@pytest.mark.parametrize(
    ("train", "test"),
    [
        *(
            (f"emnist-{name}-train", f"emnist-{name}-test")
            for name in ("letters", "balanced", "byclass", "bymerge", "digits", "mnist")
        ),
        ("train", "t10k"),
        ("kmnist-train", "kmnist-test"),
    ],
)
def test_official_names_tell_the_splits(tmp_path, train, test):
    root = tmp_path / "raw"
    write(root, *pair(train))
    write(root, *pair(test), n=12, start=100)
    survey = survey_of(root)
    assert survey.rows["split"].value_counts().to_dict() == {"train": 30, "test": 12}
    is_told = any("transposed" in notice.message for notice in survey.notices)
    assert is_told == ("emnist" in train)


def test_several_data_sets_in_one_folder_are_asked_about_and_moving_them_works(tmp_path):
    root = tmp_path / "raw"
    for number, name in enumerate(("digits", "letters")):
        for k, split in enumerate(("train", "test")):
            write(root, *pair(f"emnist-{name}-{split}"), start=100 * number + 40 * k)
    with pytest.raises(SourceError, match="2 data sets \\(emnist-digits, emnist-letters\\)"):
        recognise(root)
    own = root / "own"
    own.mkdir()
    for path in root.glob("emnist-digits-*"):
        path.rename(own / path.name)
    assert set(survey_of(own).rows["split"]) == {"train", "test"}


def test_the_labels_of_qmnist_are_read(tmp_path):
    root = tmp_path / "raw"
    for split, start in (("train", 0), ("test", 100)):
        labels = np.full((30, 8), 99, np.int32)
        labels[:, 0] = np.arange(30) % 3
        write(
            root,
            f"qmnist-{split}-images-idx3-ubyte.gz",
            f"qmnist-{split}-labels-idx2-int.gz",
            start=start,
            labels=labels,
        )
    survey = survey_of(root)
    assert survey.schema.classes == ("0", "1", "2")
    assert set(survey.rows["split"]) == {"train", "test"}
    assert any("as of QMNIST" in notice.message for notice in survey.notices)


def test_the_same_file_packed_and_unpacked_is_asked_about(tmp_path):
    root = tmp_path / "raw"
    write(root, *pair("train"))
    write(root, *pair("train", ""), start=100)
    with pytest.raises(SourceError, match="mean the same file; delete one"):
        recognise(root)
    (root / "train-images-idx3-ubyte").unlink()
    (root / "train-labels-idx1-ubyte").unlink()
    assert len(survey_of(root).rows) == 30
