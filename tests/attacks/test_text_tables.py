"""Broken and hostile text tables: a sentence, or rows; never anything else."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.raw_data import text_file
from tests.sources.remedies import refusal_of
from tests.sources.table_file import plain

BASE = plain(24).to_csv(index=False).encode()
PIECES = [
    *(
        b'"',
        b"\r",
        b"\n",
        b",",
        b";",
        b"\t",
        b"\0",
        b"\xff",
        b"\xe9",
        b"#",
        b"sep=;\n",
        b'"\n"',
        b",,,,",
    ),
    *(
        b"=1",
        b"1e999",
        b"1,037",
        b"1.234,5",
        b"$5",
        b"(3)",
        b"NA",
        b"None",
        b"inf",
        b"-",
        b"%",
        b"+",
    ),
    *(
        b"2024-13-45",
        b"2024-01-01T00:00:00Z",
        b"99999-01-01",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"9" * 30,
    ),
    *(b"1" * 5000, "😀٣".encode(), b"0x10", b"1_000", b"\x1b[31m", "\u202e".encode()),
]
EDITS = st.lists(
    st.tuples(st.integers(0, len(BASE)), st.integers(0, 30), st.sampled_from(PIECES)),
    min_size=1,
    max_size=5,
)


@given(EDITS, st.none() | st.integers(0, len(BASE)))
@example([(0, 0, b"\0")], None)
@example([(0, 0, b"\xff\xfe")], None)
@example([(0, 18, b"\r"), (8, 0, b"\r")], None)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_give_anything_but_a_sentence(tmp_path, edits, cut):
    content = bytearray(BASE)
    for at, taken, piece in edits:
        content[at : at + taken] = piece
    message = refusal_of(text_file(tmp_path / "raw.csv", bytes(content[:cut])))
    assert message is None or message.endswith((".", "?", "more"))


@pytest.mark.parametrize(
    "content", [b"\n", b"\r\r\r", b",", b'"', b'""', b" ", b"\xef\xbb\xbf", b"#", b"sep=;"]
)
def test_almost_nothing_is_refused_in_a_sentence(tmp_path, content):
    assert refusal_of(text_file(tmp_path / "raw.csv", content)).endswith(".")
