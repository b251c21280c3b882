"""Rows that are made keep the rules between columns, whoever makes them."""

from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.column_rules import Comparison, Term, keeps
from pipeline.errors import TrainingError
from pipeline.modalities.registry import modality_of
from pipeline.samples import Column, Samples, Schema
from pipeline.synthesis.draw import first_kept
from pipeline.trial.rule_keeping import made_rows

ORDER = Comparison(
    text="low <= high",
    terms=(Term(column="low", weight=1.0), Term(column="high", weight=-1.0)),
    constant=0.0,
    relation="<=",
)
SCHEMA = Schema(
    modality="table",
    classes=("a", "b"),
    columns=tuple(Column(name=name, kind="integer", type="int64") for name in ("low", "high")),
    rules=(ORDER,),
)


def rows(labels, stream, *, first=0, most=10):
    n = len(labels)
    cells = {name: pa.array(stream.integers(0, most, n)) for name in ("low", "high")}
    draws = np.arange(first, first + n)
    return Samples(
        schema=SCHEMA,
        values=pa.table(cells).to_pandas(types_mapper=pd.ArrowDtype),
        labels=np.asarray(labels, np.int64),
        provenance=pd.DataFrame({"id": [f"x-{k}" for k in draws], "draw": draws}),
    )


def blocks(*, size=64, number=50, **more):
    for k in range(number):
        stream = np.random.default_rng(k)
        yield rows([1] * size, stream, first=k * size, **more)


def joined(parts):
    return np.concatenate([part.provenance["draw"] for part in parts])


def test_the_first_draws_that_keep_the_rules_are_taken_and_keep_their_addresses():
    parts = list(first_kept(blocks(), 100, SCHEMA, "b"))
    assert sum(map(len, parts)) == 100
    assert all(keeps(SCHEMA.rules, part.values).all() for part in parts)
    draws = joined(parts)
    assert (np.diff(draws) > 0).all()
    every = np.concatenate([np.flatnonzero(ORDER.keeps(b.values)) + 64 * k
                            for k, b in enumerate(blocks())])  # fmt: skip
    assert list(draws) == list(every[:100])


def test_more_rows_begin_as_fewer_do():
    fewer, more = (joined(first_kept(blocks(), n, SCHEMA, "b")) for n in (30, 200))
    assert list(more[:30]) == list(fewer)


def test_a_rule_that_hardly_any_draw_keeps_ends_in_one_sentence():
    def hopeless():
        for block in blocks(number=1_000):
            yield Samples(
                SCHEMA, block.values.assign(low=block.values["high"] + 1), block.labels,
                block.provenance,
            )  # fmt: skip

    with pytest.raises(TrainingError, match=r"class 'b' only 0 keep .* `low <= high` is kept by"):
        list(first_kept(hopeless(), 10, SCHEMA, "b"))


def made_by(maker, monkeypatch):
    known = modality_of(SCHEMA)
    monkeypatch.setattr(type(known), "makers", MappingProxyType({"munge": maker}))


def random_rows(real, wanted, *, seed):
    return rows(np.repeat([0, 1], wanted), np.random.default_rng(seed))


REAL = rows([0] * 20 + [1] * 5, np.random.default_rng(0))


def test_cheap_rows_keep_the_rules_and_are_as_many_as_wanted(monkeypatch):
    made_by(random_rows, monkeypatch)
    made = made_rows("munge", REAL, np.array([15, 50]), seed=1)
    assert list(np.bincount(made.labels)) == [15, 50]
    assert keeps(SCHEMA.rules, made.values).all()
    assert len(set(made.ids)) == len(made)


def test_cheap_rows_that_never_keep_the_rules_are_fewer(monkeypatch):
    def broken(real, wanted, *, seed):
        made = random_rows(real, wanted, seed=seed)
        return Samples(
            SCHEMA, made.values.assign(low=99), made.labels, made.provenance
        )  # fmt: skip

    made_by(broken, monkeypatch)
    assert len(made_rows("munge", REAL, np.array([0, 9]), seed=1)) == 0
