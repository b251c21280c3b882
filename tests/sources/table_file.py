"""Looking at a table, as its tests do."""

import numpy as np
import pandas as pd

from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.storage import from_arrow
from tests.raw_data import csv_file, frame, text_file


def looked_at(path, *, label="income", **settings):
    settings = {"kind": "table", "path": str(path), "label_column": label} | settings
    params = SourceParams.model_validate(settings)
    source = open_source(params, root=path.parent, scratch=path.parent / "scratch")
    return source, source.survey()


def values(source, survey):
    return from_arrow(next(iter(source.read(np.arange(len(survey.rows))))), survey.schema).values


def plain(n=40):
    return frame(n).drop(columns="patient")


def notices(path, content, **settings):
    csv_file(path, content) if isinstance(content, pd.DataFrame) else text_file(path, content)
    return [(found.kind, found.message) for found in looked_at(path, **settings)[1].notices]


def said(found, kind, words):
    return any(kind == one and words in message for one, message in found)


def kinds(survey):
    return {column.name: column.kind for column in survey.schema.columns}
