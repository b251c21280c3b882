from types import SimpleNamespace

import pytest

from pipeline import cores

GIBIBYTE = 2**30


@pytest.fixture
def machine(monkeypatch):
    def set_to(*, n_cores, memory_bytes):
        monkeypatch.setattr(cores, "usable_cores", lambda: n_cores)
        monkeypatch.setattr(cores, "usable_bytes", lambda: memory_bytes)

    return set_to


def test_there_is_one_process_a_core(machine):
    machine(n_cores=8, memory_bytes=64 * GIBIBYTE)
    assert cores.processes_at_once() == 8


def test_no_more_processes_than_there_is_memory_for(machine):
    machine(n_cores=8, memory_bytes=3 * GIBIBYTE)
    assert cores.processes_at_once() == 4
    assert cores.processes_at_once(bytes_each=GIBIBYTE) == 1


def test_one_process_there_always_is(machine):
    machine(n_cores=8, memory_bytes=2**20)
    assert cores.processes_at_once() == 1


def test_what_params_yaml_asks_for_is_what_there_is(machine):
    machine(n_cores=2, memory_bytes=2**20)
    assert cores.processes_at_once(5) == 5


def test_a_process_alone_has_all_cores_and_processes_of_torchrun_share_them(machine, monkeypatch):
    machine(n_cores=8, memory_bytes=64 * GIBIBYTE)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    assert cores.threads_here() == 8
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert cores.threads_here() == 2
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "16")
    assert cores.threads_here() == 1


def test_a_container_s_limit_of_memory_counts_where_it_is_less(monkeypatch, tmp_path):
    total = SimpleNamespace(total=64 * GIBIBYTE)
    monkeypatch.setattr(cores.psutil, "virtual_memory", lambda: total)
    limited, unlimited = tmp_path / "limited", tmp_path / "unlimited"
    limited.write_text(f"{2 * GIBIBYTE}\n")
    unlimited.write_text("max\n")
    monkeypatch.setattr(cores, "MEMORY_LIMITS", (unlimited, tmp_path / "missing"))
    assert cores.usable_bytes() == 64 * GIBIBYTE
    monkeypatch.setattr(cores, "MEMORY_LIMITS", (limited, unlimited))
    assert cores.usable_bytes() == 2 * GIBIBYTE


def test_a_limit_of_cores_counts_where_it_is_less(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert cores.usable_cores() == 1
