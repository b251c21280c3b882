"""A folder of pictures and a table to spoil, and what is said of them."""

import pandas as pd
import pytest

from pipeline.errors import ParamsError, SourceError
from tests.raw_data import csv_file, image_folder, text_file
from tests.sources import picture_folder, table_file


@pytest.fixture
def root(tmp_path):
    return image_folder(tmp_path / "raw")


@pytest.fixture
def refusal(root):
    def told(**settings):
        with pytest.raises(SourceError) as caught:
            picture_folder.looked_at(root, **settings)
        return str(caught.value)

    return told


@pytest.fixture
def notices(root):
    def told(**settings):
        return [
            (notice.kind, notice.message)
            for notice in picture_folder.looked_at(root, **settings)[1].notices
        ]

    return told


@pytest.fixture
def path(tmp_path):
    return tmp_path / "raw.csv"


@pytest.fixture
def table_refusal(path):
    def told(content, **settings):
        if isinstance(content, pd.DataFrame):
            csv_file(path, content)
        else:
            text_file(path, content)
        with pytest.raises((SourceError, ParamsError)) as caught:
            table_file.looked_at(path, **settings)
        return str(caught.value)

    return told
