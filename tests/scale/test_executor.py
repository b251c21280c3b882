import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import ServiceError
from pipeline.scale.executor import SameProcessExecutor, open_executor

distributed = pytest.importorskip("distributed")


def process_and_threads(value):
    return value, os.getpid(), os.environ["OMP_NUM_THREADS"]


def fail():
    raise ValueError("no luck")


def test_local_tasks_run_in_other_processes_of_one_thread():
    with open_executor("local", workers=1) as executor:
        value, process, threads = executor.submit(process_and_threads, 7).result()
    assert (value, threads) == (7, "1")
    assert process != os.getpid()


def report_and_stay(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)


ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pipeline.scale.executor import open_executor
from tests.scale.test_executor import report_and_stay

if __name__ == "__main__":
    with open_executor("local", workers=2) as executor:
        for _ in range(2):
            executor.submit(report_and_stay, sys.argv[1])
"""


def wait_until(condition):
    while not condition():
        time.sleep(0.1)


def is_alive(process):
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes through /proc")
def test_workers_end_when_the_process_that_holds_them_is_killed(tmp_path):
    script, seen = tmp_path / "holder.py", tmp_path / "seen"
    script.write_text(HOLDER)
    seen.mkdir()
    # From the root, so that the script finds this file's task without an installation of the tests.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen([sys.executable, str(script), str(seen)], env=environment)
    wait_until(lambda: len(list(seen.iterdir())) == 2 or holder.poll() is not None)
    workers = [int(path.name) for path in seen.iterdir()]
    holder.kill()
    holder.wait()
    assert len(workers) == 2
    wait_until(lambda: not any(map(is_alive, workers)))


def test_the_callers_environment_is_left_as_it_was(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with open_executor("local", workers=1):
        pass
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_tasks_run_on_a_cluster_given_by_address():
    with (
        distributed.LocalCluster(
            n_workers=1,
            processes=False,
            threads_per_worker=1,
            protocol="tcp",
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        open_executor(cluster.scheduler_address) as executor,
    ):
        assert executor.submit(sum, [1, 2, 3]).result(timeout=30) == 6


def test_a_cluster_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("pipeline.scale.executor.CONNECT_SECONDS", 1)
    with (
        pytest.raises(ServiceError, match=r"tcp://127\.0\.0\.1:9 cannot be reached"),
        open_executor("tcp://127.0.0.1:9"),
    ):
        pass


def test_an_error_in_the_same_process_waits_for_whoever_asks():
    future = SameProcessExecutor().submit(fail)
    with pytest.raises(ValueError, match="no luck"):
        future.result()
