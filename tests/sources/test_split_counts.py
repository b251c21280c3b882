"""A class with too few rows: what keeps its rows together, and remedies that work."""

import pytest

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.splitting import split_rows
from tests.sources.table_file import looked_at


def test_equal_rows_of_a_table_are_told_without_a_line_that_parts_only_images(tmp_path):
    file = tmp_path / "raw.csv"
    file.write_text("\n".join(["colour,size,income", *["red,1,a", "blue,2,b"] * 20]))
    _, survey = looked_at(file)
    with pytest.raises(SourceError) as refused:
        split_rows(survey, SourceParams(kind="table", path=str(file), label_column="income"))
    message = str(refused.value)
    assert "its 20 rows stay together in 1 cluster" in message
    assert "near_duplicates" not in message
    assert ", or leave the class out." in message
