"""Every bad IDX input, one test each, by the sentence that a user reads."""

import gzip
import struct

import numpy as np
import pytest

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.storage import from_arrow
from tests.raw_data import idx_bytes, idx_folder, picture

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def looked_at(root):
    params = SourceParams(kind="idx", path=str(root))
    source = open_source(params, root=root.parent, scratch=root.parent / "scratch")
    return source, source.survey()


@pytest.fixture
def root(tmp_path):
    return idx_folder(tmp_path / "raw")


@pytest.fixture
def refusal(root):
    def told():
        with pytest.raises(SourceError) as caught:
            looked_at(root)
        return str(caught.value)

    return told


def images(n=50):
    return np.stack([picture(number)[:, :, 0] for number in range(n)])


def test_pictures_are_read_bit_for_bit(root):
    source, survey = looked_at(root)
    samples = from_arrow(next(iter(source.read(np.arange(50)))), survey.schema)
    assert (samples.values[..., 0] == images()).all()
    assert (samples.labels == np.arange(50) % 3).all()


def test_gzip_reads_as_plain_does(root, tmp_path):
    zipped = looked_at(idx_folder(tmp_path / "zipped", zipped=True))[1]
    assert list(zipped.rows["id"]) == list(looked_at(root)[1].rows["id"])


def test_a_folder_without_idx_files_is_refused(tmp_path):
    (tmp_path / "raw").mkdir()
    with pytest.raises(SourceError, match="holds no files named like"):
        looked_at(tmp_path / "raw")


def test_a_wrong_magic_is_refused(root, refusal):
    (root / IMAGES).write_bytes(b"PK\x03\x04" + b"x" * 100)
    assert f"{IMAGES} begins with the bytes 50 4b 03 04; an IDX file begins with 00 00" in refusal()


def test_an_unknown_type_byte_is_refused(root, refusal):
    (root / IMAGES).write_bytes(idx_bytes(images(), code=0x0A))
    assert f"{IMAGES} has the unknown type byte 0x0A at byte 2" in refusal()


@pytest.mark.parametrize("n_bytes", [0, 3, 9])
def test_a_short_header_is_refused(root, refusal, n_bytes):
    (root / IMAGES).write_bytes(idx_bytes(images())[:n_bytes])
    message = refusal()
    assert (
        f"{IMAGES} has {n_bytes} bytes, too few" in message or "ends inside its header" in message
    )


def test_fewer_data_than_promised_are_refused(root, refusal):
    (root / IMAGES).write_bytes(idx_bytes(images())[:-5])
    assert f"{IMAGES} has 7,195 bytes of data where its header promises 7,200" in refusal()


def test_a_promise_of_more_than_any_disk_is_refused_at_once(root, refusal):
    (root / IMAGES).write_bytes(struct.pack(">HBB3I", 0, 8, 3, 4_000_000_000, 28, 28))
    assert "has 0 bytes of data where its header promises 3,136,000,000,000" in refusal()


def test_a_zipped_promise_of_more_than_can_be_is_refused_at_once(root, refusal):
    header = struct.pack(">HBB3I", 0, 8, 3, 4_000_000_000, 28, 28)
    (root / IMAGES).write_bytes(gzip.compress(header))
    assert "more than its" in refusal()


def test_trailing_bytes_are_refused(root, refusal):
    (root / IMAGES).write_bytes(idx_bytes(images()) + b"more")
    assert f"{IMAGES} has 4 bytes after the 7,200 that its header promises" in refusal()


def test_trailing_bytes_in_gzip_are_refused(root, refusal):
    (root / IMAGES).write_bytes(gzip.compress(idx_bytes(images()) + b"more"))
    assert "has bytes after the 7,200 that its header promises" in refusal()


def test_a_dimension_of_zero_is_refused(root, refusal):
    (root / IMAGES).write_bytes(idx_bytes(np.zeros((0, 12, 12), np.uint8)))
    assert "has a dimension of zero (shape (0, 12, 12))" in refusal()


def test_unequal_counts_are_refused(root, refusal):
    (root / LABELS).write_bytes(idx_bytes(np.zeros(49, np.uint8)))
    assert f"{IMAGES} holds 50 pictures and {LABELS} 49 labels" in refusal()


def test_swapped_files_are_told(root, refusal):
    pictures, labels = (root / IMAGES).read_bytes(), (root / LABELS).read_bytes()
    (root / IMAGES).write_bytes(labels)
    (root / LABELS).write_bytes(pictures)
    assert "the two are swapped: exchange their names" in refusal()


def test_gzip_without_the_suffix_is_read_by_content(root):
    (root / IMAGES).write_bytes(gzip.compress(idx_bytes(images())))
    notices = looked_at(root)[1].notices
    assert [notice.kind for notice in notices] == ["warning"]
    assert f"{IMAGES} is gzip, unlike its name" in notices[0].message


def test_the_suffix_without_gzip_is_read_by_content(root):
    (root / IMAGES).rename(root / f"{IMAGES}.gz")
    assert "is not gzip, unlike its name" in looked_at(root)[1].notices[0].message


def test_a_truncated_gzip_is_refused(root, refusal):
    (root / IMAGES).write_bytes(gzip.compress(idx_bytes(images()))[:-400])
    assert f"{IMAGES} is a damaged or truncated gzip file" in refusal()


def test_a_bad_checksum_is_refused(root, refusal):
    content = bytearray(gzip.compress(idx_bytes(images())))
    content[-6] ^= 0xFF
    (root / IMAGES).write_bytes(bytes(content))
    assert f"{IMAGES} is a damaged or truncated gzip file" in refusal()


def test_a_gap_in_the_labels_is_closed_and_the_mapping_told(root):
    (root / LABELS).write_bytes(idx_bytes(np.where(np.arange(50) % 2, 7, 2).astype(np.uint8)))
    survey = looked_at(root)[1]
    assert survey.schema.classes == ("2", "7")
    assert "mapped: 2 → 0, 7 → 1" in survey.notices[0].message
    assert survey.notices[0].kind == "converted"


def test_floating_point_pictures_are_refused(root, refusal):
    (root / IMAGES).write_bytes(idx_bytes(images().astype(">f4"), code=0x0D))
    assert "holds values of type float32; unsigned bytes" in refusal()


def test_pictures_without_labels_are_refused(root, refusal):
    (root / LABELS).unlink()
    assert f"{IMAGES} has no file of labels beside it; put {LABELS} there" in refusal()


def test_one_label_only_is_refused(root, refusal):
    (root / LABELS).write_bytes(idx_bytes(np.zeros(50, np.uint8)))
    assert "There is one label only (0); two are needed" in refusal()


def test_the_same_picture_under_two_labels_is_refused(root, refusal):
    same = images()
    same[1] = same[0]
    (root / IMAGES).write_bytes(idx_bytes(same))
    assert f"{IMAGES}[0] and {IMAGES}[1] are the same picture in two classes" in refusal()


def test_train_and_t10k_are_used_as_given(root):
    test = np.stack([picture(number)[:, :, 0] for number in range(500, 530)])
    (root / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(test))
    (root / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes((np.arange(30) % 3).astype(np.uint8)))
    splits = looked_at(root)[1].rows["split"]
    assert splits.value_counts().to_dict() == {"train": 50, "test": 30}
