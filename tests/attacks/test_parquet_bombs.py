"""Small Parquet files that ask for much memory: refused in one sentence, before it is allocated."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.sources import parquet_file
from pipeline.sources.parquet_file import ParquetError, iterate, judge, open_part, read_columns
from pipeline.sources.parquet_pages import PageError, refuse_unsound_footer
from tests.sources.remedies import each_remedy, refusal_of

MEGABYTE = 2**20
LABELS = ["a", "b"]


def labels(n):
    return pa.DictionaryArray.from_arrays(np.arange(n, dtype=np.int32) % 2, LABELS)


def written(path, column, **options):
    table = pa.table({"x": column, "y": np.arange(len(column)) % 7, "income": labels(len(column))})
    pq.write_table(table, path, compression="zstd", **options)
    return path


def repeated(value, n):
    return pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), [value])


def dictionary_bomb(path):
    """3 GB of text in about a kilobyte: one value of a megabyte, three thousand times."""
    return written(path, repeated("x" * (MEGABYTE - 1), 3000))


def bytes_bomb(path):
    return written(path, repeated(b"x" * (MEGABYTE - 1), 3000))


def long_value_bomb(path):
    return written(path, repeated("x" * (40 * MEGABYTE), 16))


def json_bomb(path):
    storage = pa.array(['"' + "x" * 500_000 + '"'] * 600, pa.string())
    return written(path, pa.ExtensionArray.from_storage(pa.json_(), storage))


def prefix_bomb(path):
    """Each value repeats all of the one before it, which takes no bytes in the page."""
    values = pa.array(["x" * 500_000 + str(k) for k in range(600)])
    return written(path, values, use_dictionary=False, column_encoding={"x": "DELTA_BYTE_ARRAY"})


def run_bomb(path):
    """Forty million equal numbers in a few pages."""
    zeros = np.zeros(10_000_000, np.int64)
    table = pa.table({"x": zeros, "income": zeros.astype(np.int8)})
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(4):
            writer.write_table(table, row_group_size=len(zeros))
    return path


def gap_bomb(path):
    table = pa.table(
        {"x": pa.nulls(40_000_000, pa.string()), "income": pa.nulls(40_000_000, pa.int8())}
    )
    pq.write_table(table, path, compression="zstd")
    return path


def page_bomb(path):
    """A page whose header promises eight times what is in it, under a footer that knows nothing."""
    texts = pa.array(["x" * 600] * 20_000)
    written(path, texts, use_dictionary=False, data_page_size=2**26, write_batch_size=20_000)
    content = bytearray(path.read_bytes())
    at = pq.ParquetFile(path).metadata.row_group(0).column(0).data_page_offset
    # Field 1 (the page's type), then field 2: its size, a varint of four bytes here.
    assert content[at] == 0x15
    assert content[at + 2] == 0x15
    assert [byte >> 7 for byte in content[at + 3 : at + 7]] == [1, 1, 1, 0]
    content[at + 3 : at + 7] = b"\xfe\xff\xff\x7f"
    path.write_bytes(bytes(content))
    return path


BOMBS = [
    dictionary_bomb,
    bytes_bomb,
    long_value_bomb,
    json_bomb,
    prefix_bomb,
    run_bomb,
    gap_bomb,
    page_bomb,
]


@pytest.mark.parametrize("make", BOMBS)
def test_a_bomb_is_refused_in_one_sentence(tmp_path, make):
    message = refusal_of(make(tmp_path / "raw.parquet"))
    assert message is not None
    assert message.count("\n  - ") == 1
    assert "promises" in message or "has a cell of" in message


@pytest.mark.parametrize("make", [dictionary_bomb, long_value_bomb, prefix_bomb])
def test_a_bomb_in_a_column_that_is_left_out_harms_nobody(tmp_path, make):
    file = make(tmp_path / "raw.parquet")
    assert file.stat().st_size < 200_000
    assert refusal_of(file, table={"leave_out": ["x"]}) is None
    if make is long_value_bomb:
        assert [said for _, _, said in each_remedy(file)] == [None]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc here")
def test_all_of_them_together_take_less_than_a_gigabyte(tmp_path):
    files = [str(make(tmp_path / f"{make.__name__}.parquet")) for make in BOMBS]
    program = (
        "import json, re, sys\n"
        "from tests.sources.remedies import refusal_of\n"
        "from pathlib import Path\n"
        "said = [refusal_of(Path(name)) for name in json.loads(sys.argv[1])]\n"
        # Not `getrusage`, whose peak a process takes over from the one that started it.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]\n"
        "print(json.dumps([said, int(peak)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(files)],
        capture_output=True,
        text=True,
        check=True,
    )
    said, kilobytes = json.loads(done.stdout)
    assert all(said)
    assert kilobytes < MEGABYTE


def test_an_honest_table_that_compresses_well_is_read(tmp_path):
    n = 300_000
    file = written(tmp_path / "raw.parquet", repeated("Bern", n))
    assert file.stat().st_size * 100 < n * 20
    assert refusal_of(file) is None


def test_batches_of_pictures_are_small_where_one_large_picture_is_repeated(tmp_path):
    file = written(tmp_path / "raw.parquet", repeated(b"x" * (20 * MEGABYTE), 12))
    part = open_part(file)
    assert judge(file, part, ["x"]).batch_rows(64) == 3
    assert max(batch.num_rows for batch in iterate(file, part, ["x"], 64)) == 3


def test_many_columns_are_refused(tmp_path):
    table = pa.table({f"c{k}": [1] for k in range(2_001)})
    pq.write_table(table, tmp_path / "raw.parquet")
    assert "has 2,001 columns; at most 2,000" in refusal_of(tmp_path / "raw.parquet", label="c0")


def test_many_empty_row_groups_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_file, "MAXIMUM_ROW_GROUPS", 50)
    table = pa.table({"x": [1], "income": ["a"]})
    with pq.ParquetWriter(tmp_path / "raw.parquet", table.schema) as writer:
        for _ in range(60):
            writer.write_table(table.slice(0, 0), row_group_size=1)
            writer.write_table(table)
    assert "row groups; at most 50" in refusal_of(tmp_path / "raw.parquet")


def test_a_large_footer_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_file, "MAXIMUM_FOOTER_BYTES", 500)
    file = written(tmp_path / "raw.parquet", pa.array(range(40)))
    assert "has a footer of" in refusal_of(file)


def test_nested_repetition_is_refused_before_it_is_read(tmp_path, monkeypatch):
    lists = pa.array([[[[0] * 50] * 20] * 10] * 40)
    file = written(tmp_path / "raw.parquet", lists)
    part = open_part(file)
    monkeypatch.setattr(part, "iter_batches", None, raising=False)
    with pytest.raises(ParquetError, match="nested column 'x'"):
        read_columns(file, part, ["x"])
    assert [said for _, _, said in each_remedy(file)] == [None]


def test_pages_that_hold_fewer_values_than_rows_are_damage(tmp_path):
    file = written(tmp_path / "raw.parquet", pa.array(np.arange(4000) % 9), use_dictionary=False)
    content = bytearray(file.read_bytes())
    at = pq.ParquetFile(file).metadata.row_group(0).column(0).data_page_offset
    content[at + 2 : at + 8] = b"\xff" * 6
    file.write_bytes(bytes(content))
    assert "is damaged inside" in refusal_of(file)


def test_texts_that_are_no_utf8_are_damage(tmp_path):
    offsets, texts = np.array([0, 2, 4], np.int32), b"\x80aok"
    bad = pa.StringArray.from_buffers(2, pa.py_buffer(offsets), pa.py_buffer(texts))
    file = written(tmp_path / "raw.parquet", pa.chunked_array([bad] * 20))
    assert "Invalid UTF8" in refusal_of(file)


def test_counts_of_levels_that_do_not_fit_the_schema_are_refused_before_they_end_the_process(
    tmp_path,
):
    """Arrow lets no exception out of a column's metadata: the process would be aborted."""
    column = pa.array(["a", "b"] * 20)
    pq.write_table(pa.table({"x": column}), tmp_path / "gaps.parquet")
    required = pa.schema([pa.field("x", pa.string(), nullable=False)])
    pq.write_table(pa.table({"x": column}, schema=required), tmp_path / "none.parquet")
    footer = parquet_file._footer(tmp_path / "gaps.parquet")
    refuse_unsound_footer(footer, pq.ParquetFile(tmp_path / "gaps.parquet").schema)
    with pytest.raises(PageError, match="counts of a column's levels"):
        refuse_unsound_footer(footer, pq.ParquetFile(tmp_path / "none.parquet").schema)


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_anywhere_gives_anything_but_a_sentence(tmp_path, data):
    file = tmp_path / "raw.parquet"
    written(file, pa.array([f"t{k % 9}" for k in range(60)]))
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.none() | st.integers(0, len(content)))
    file.write_bytes(bytes(content[:cut]))
    message = refusal_of(file)
    assert message is None or message.count("\n  - ") >= 1
