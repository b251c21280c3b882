import json

import pytest

from pipeline import synthesis
from pipeline.errors import ArtifactError
from pipeline.gan.checkpoint import CONFIG_FILE, WEIGHTS_FILE


@pytest.fixture
def saved(tmp_path, barely_trained):
    synthesis.save_generator(tmp_path, barely_trained)
    return tmp_path


def test_a_loaded_generator_draws_the_same_bytes(saved, barely_trained):
    loaded = synthesis.load_generator(saved)
    assert loaded.hash == barely_trained.hash
    assert loaded.config == barely_trained.config
    ours, theirs = (synthesis.draw(g, {"0": 5, "6": 9}) for g in (barely_trained, loaded))
    assert (ours.values == theirs.values).all()
    assert ours.provenance.equals(theirs.provenance)


def test_one_flipped_bit_in_the_weights_is_noticed(saved):
    path = saved / WEIGHTS_FILE
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="does not match the hash"):
        synthesis.load_generator(saved)


def test_a_changed_configuration_is_noticed(saved):
    path = saved / CONFIG_FILE
    told = json.loads(path.read_text())
    told["config"]["seed"] += 1
    path.write_text(json.dumps(told))
    with pytest.raises(ArtifactError, match="does not match the hash"):
        synthesis.load_generator(saved)


@pytest.mark.parametrize("name", [WEIGHTS_FILE, CONFIG_FILE])
def test_a_missing_file_is_told(saved, name):
    (saved / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        synthesis.load_generator(saved)


def test_a_truncated_file_is_told(saved):
    path = saved / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ArtifactError, match="damaged"):
        synthesis.load_generator(saved)
