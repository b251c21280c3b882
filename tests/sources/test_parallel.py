"""Work shared among processes gives what one process gives."""

import functools

import pytest

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources import parallel
from pipeline.sources.open import open_source
from pipeline.sources.parallel import chunks, map_in_order
from tests.light_work import double, end_abruptly
from tests.raw_data import image_folder


def test_results_come_in_order_whatever_the_processes_do():
    assert list(map_in_order(double, range(60), workers=2)) == list(range(0, 120, 2))


def test_items_are_taken_no_faster_than_results_are():
    taken = []

    def items():
        for number in range(200):
            taken.append(number)
            yield number

    results = map_in_order(double, items(), workers=2)
    next(results)
    assert len(taken) <= parallel.WORTH_STARTING_CHUNKS + 2 * parallel.WAITING_PER_WORKER


def test_a_killed_process_is_told_in_a_sentence():
    with pytest.raises(SourceError, match="probably because memory ran out"):
        list(map_in_order(end_abruptly, range(60), workers=2))


def test_few_items_start_no_process(monkeypatch):
    monkeypatch.setattr(parallel, "ProcessPoolExecutor", None)
    assert list(map_in_order(functools.partial(max, 3), range(5))) == [3, 3, 3, 3, 4]


def test_chunks_hold_everything_once():
    assert list(chunks(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_folder_decoded_by_processes_is_the_same_as_by_one(tmp_path, monkeypatch):
    root = image_folder(tmp_path / "raw")
    params = SourceParams(kind="image_folder", path=str(root))

    def survey():
        return open_source(params, root=tmp_path, scratch=tmp_path / "scratch").survey()

    alone = survey().rows
    monkeypatch.setattr(parallel, "WORTH_STARTING_CHUNKS", 1)
    monkeypatch.setattr(parallel, "usable_cores", lambda: 2)
    assert survey().rows.equals(alone)
