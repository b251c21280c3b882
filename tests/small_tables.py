"""Small tables with every kind of column, made by rule."""

import dataclasses

import numpy as np
import pandas as pd

from pipeline.column_types import arrow_to_frame, frame_to_arrow
from pipeline.samples import Column, Samples, Schema

COLUMNS = (
    Column(name="age", kind="integer", type="int32"),
    Column(name="income", kind="continuous", type="double", has_missing=True),
    Column(name="job", kind="categorical", type="string", categories=("a", "b", "c")),
    Column(name="city", kind="categorical", type="string", categories=("x", "y")),
    Column(name="member", kind="boolean", type="bool"),
    Column(name="since", kind="datetime", type="timestamp[us]"),
)


def table(n, *, seed, labels=None):
    """Income goes with age, the job with the class, and the city with the job."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n) if labels is None else np.asarray(labels)
    age = rng.integers(18, 80, n)
    income = age * 100.0 + rng.normal(0, 500, n)
    income[rng.random(n) < 0.1] = np.nan
    jobs = np.where(labels == 0, rng.choice(list("ab"), n), rng.choice(list("bc"), n))
    cities = np.where(rng.random(n) < 0.8, np.where(jobs == "a", "x", "y"), "x")
    frame = pd.DataFrame(
        {
            "age": age,
            "income": income,
            "job": jobs,
            "city": cities,
            "member": rng.random(n) < 0.3,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 999, n), "D"),
        }
    )
    schema = Schema(modality="table", classes=("no", "yes"), columns=COLUMNS, label_column="paid")
    values = arrow_to_frame(frame_to_arrow(frame, COLUMNS), COLUMNS)
    names = pd.DataFrame({"id": [f"{seed}-{row}" for row in range(n)]})
    return Samples(schema, values, labels.astype(np.int64), names)


def with_column(samples, name, column):
    """The same rows with another column in that place."""
    values = samples.values.copy()
    values[name] = pd.Series(column).reset_index(drop=True)
    typed = arrow_to_frame(frame_to_arrow(values, samples.schema.columns), samples.schema.columns)
    return dataclasses.replace(samples, values=typed)


def shuffled(samples, name):
    """The same rows with the cells of one column dealt out anew."""
    order = np.random.default_rng(0).permutation(len(samples))
    return with_column(samples, name, samples.values[name].iloc[order].reset_index(drop=True))
