from pipeline.results import read_result, write_result
from tests.example_result import example_result


def test_a_result_survives_writing_and_reading(tmp_path):
    result = example_result()
    write_result(tmp_path, result)
    assert read_result(tmp_path) == result
