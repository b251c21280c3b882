import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.gan.presets import recipe_for
from pipeline.params import GanParams
from pipeline.scale import precision

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def plain_x86(monkeypatch):
    """A machine without a GPU and without a cap, asked anew."""
    monkeypatch.setattr(precision.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(precision.platform, "machine", lambda: "x86_64")
    for name in precision.CAPS:
        monkeypatch.delenv(name, raising=False)
    decided = precision.bf16_is_native
    decided.cache_clear()
    yield
    decided.cache_clear()


def machine(monkeypatch, *, onednn, processor, faster=None):
    def measured():
        assert faster is not None, "nothing was to be measured"
        return faster

    monkeypatch.setattr(precision, "onednn_has_bf16", lambda: onednn)
    monkeypatch.setattr(precision, "processor_has_bf16", lambda: processor)
    monkeypatch.setattr(precision, "bf16_is_faster", measured)
    return precision.bf16_is_native()


@pytest.mark.parametrize(
    ("onednn", "processor", "native"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
    ids=["AVX512-BF16", "AVX-512 without BF16", "oneDNN without", "AVX2"],
)
def test_bf16_is_native_where_the_library_and_the_processor_both_have_it(
    monkeypatch, onednn, processor, native
):
    assert machine(monkeypatch, onednn=onednn, processor=processor) is native


@pytest.mark.parametrize("faster", [True, False])
def test_under_a_cap_on_the_library_a_measurement_decides(monkeypatch, faster):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")
    assert machine(monkeypatch, onednn=True, processor=True, faster=faster) is faster


@pytest.mark.parametrize("faster", [True, False])
def test_on_another_kind_of_processor_a_measurement_decides(monkeypatch, faster):
    monkeypatch.setattr(precision.platform, "machine", lambda: "arm64")
    assert machine(monkeypatch, onednn=True, processor=False, faster=faster) is faster


@pytest.mark.parametrize("native", [True, False])
def test_a_gpu_says_itself_whether_it_has_bf16(monkeypatch, native):
    monkeypatch.setattr(precision.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        precision.torch.cuda, "is_bf16_supported", lambda including_emulation: native
    )
    assert machine(monkeypatch, onednn=not native, processor=not native) is native


def test_the_decision_is_made_once_a_process(monkeypatch):
    assert machine(monkeypatch, onednn=True, processor=True)
    monkeypatch.setattr(precision, "onednn_has_bf16", lambda: False)
    assert precision.bf16_is_native()


def test_measuring_draws_nothing_from_the_common_stream():
    precision.torch.manual_seed(7)
    expected = precision.torch.rand(1)
    precision.torch.manual_seed(7)
    precision.bf16_is_faster()
    assert precision.torch.rand(1) == expected


def precision_for(networks, **params):
    return recipe_for(GanParams(**params), networks=networks).precision


def test_auto_is_bf16_for_convolutions_where_it_is_native_and_fp32_elsewhere(monkeypatch):
    for native, found in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(precision, "bf16_is_native", lambda native=native: native)
        assert precision_for("convolutional") == found
        assert precision_for("convolutional", precision="auto") == found


def test_fully_connected_networks_are_fp32_whatever_the_machine_has(monkeypatch):
    monkeypatch.setattr(precision, "bf16_is_native", lambda: True)
    assert precision_for("mlp") == "fp32"


@pytest.mark.parametrize("named", ["fp32", "bf16"])
def test_what_params_yaml_names_wins_over_the_machine(monkeypatch, named):
    for native in (True, False):
        monkeypatch.setattr(precision, "bf16_is_native", lambda native=native: native)
        assert precision_for("convolutional", precision=named) == named


def test_a_process_from_which_bf16_is_taken_away_takes_fp32():
    """The library itself is asked: nothing is put in its place."""
    program = (
        "from pipeline.gan.presets import recipe_for\n"
        "from pipeline.params import GanParams\n"
        "print(recipe_for(GanParams(), networks='convolutional').precision)"
    )
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "fp32"
