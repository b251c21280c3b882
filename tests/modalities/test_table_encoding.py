"""What comes back from codes is valid, whatever the column is."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ArtifactError
from pipeline.modalities.table.copula import copula_rows
from pipeline.modalities.table.design import TableDesign, choose_design
from pipeline.modalities.table.domain import TableDomain
from pipeline.modalities.table.encoding import fit_encoding
from pipeline.modalities.table.level_code import LookupCode
from tests.modalities.hand_made_tables import mixed_table, table_of

LABELS = st.lists(st.integers(0, 1), min_size=2, max_size=30)
KINDS = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "int8": st.integers(-128, 127),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "string": st.text(max_size=3),
    "date32[day]": st.dates(),
    "timestamp[s]": st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2250, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    "timestamp[ns]": st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2250, 1, 1)),
    "timestamp[us, tz=Europe/Berlin]": st.datetimes(
        datetime.datetime(1900, 1, 1),
        datetime.datetime(2250, 1, 1),
        timezones=st.just(datetime.UTC),
    ),
}
TYPES = {
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "int8": pa.int8(),
    "double": pa.float64(),
    "float": pa.float32(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "date32[day]": pa.date32(),
    "timestamp[s]": pa.timestamp("s"),
    "timestamp[ns]": pa.timestamp("ns"),
    "timestamp[us, tz=Europe/Berlin]": pa.timestamp("us", "Europe/Berlin"),
}


def domain_of(samples):
    design = choose_design(samples, networks="auto", width=None, deviation=True)
    return TableDomain(TableDesign.from_json(design.to_json()))


def random_rows(samples, n=200, seed=0):
    """Rows decoded from scores and states that nobody chose."""
    layout = domain_of(samples).layout
    stream = np.random.default_rng(seed)
    scores = stream.normal(size=(n, layout.n_numbers)) * 3
    states = (stream.random((n, len(layout.sizes))) * layout.sizes).astype(np.int64)
    return layout.encoding.decode(scores, states)


def arrow(series: pd.Series) -> pa.ChunkedArray:
    return pa.chunked_array(pa.array(series))


@pytest.mark.parametrize("kind", KINDS)
def test_any_column_with_gaps_comes_back_valid(kind):
    @settings(max_examples=15, deadline=None, database=None)
    @given(data=st.data())
    def holds(data):
        labels = data.draw(LABELS)
        cells = st.one_of(st.none(), KINDS[kind])
        cells = data.draw(st.lists(cells, min_size=len(labels), max_size=len(labels)))
        array = pa.array(cells, TYPES[kind])
        other = list(range(len(labels)))
        samples = table_of({"a": array, "other": other}, labels, classes=("0", "1"))
        domain = domain_of(samples)
        for rows in (
            domain.restore(domain.load(domain.store(samples.values))),
            random_rows(samples, n=40),
        ):
            found = arrow(rows["a"])
            assert found.type == array.type
            assert found.null_count == 0 or array.null_count or kind == "string"
            known, made = array.drop_null().to_pylist(), found.drop_null().to_pylist()
            if kind == "string":
                assert set(made) <= set(known)
            elif made:
                assert min(known) <= min(made)
                assert max(made) <= max(known)

    holds()


def test_rows_come_back_as_they_were():
    samples = mixed_table()
    domain = domain_of(samples)
    rows = domain.restore(domain.load(domain.store(samples.values)))
    assert rows.dtypes.equals(samples.values.dtypes)
    assert list(rows.columns) == list(samples.values.columns)
    for name in rows.columns:
        # Scores are kept in steps of 1/4096.
        if name in ("height", "income", "spent"):
            assert ((rows[name] + 1) / (samples.values[name] + 1) - 1).abs().max() < 5e-3, name
            assert arrow(rows[name]).null_count == arrow(samples.values[name]).null_count
        else:
            assert arrow(rows[name]).equals(arrow(samples.values[name])), name


def test_whole_numbers_of_one_to_five_with_gaps_stay_so():
    cells = [1, 2, 3, 4, 5, None] * 40
    found = arrow(random_rows(table_of({"a": cells}, [0, 1] * 120))["a"])
    assert found.type == pa.int64()
    assert set(found.to_pylist()) <= {1, 2, 3, 4, 5, None}


def test_a_step_and_digits_are_kept():
    stream = np.random.default_rng(0)
    samples = table_of(
        {
            "a": stream.integers(0, 300, 400) * 25 + 7,
            "b": (stream.integers(0, 4000, 400) * 0.05).round(2),
        },
        [0, 1] * 200,
    )
    rows = random_rows(samples)
    whole, part = rows["a"].to_numpy(np.int64), rows["b"].to_numpy(np.float64)
    assert ((whole - 7) % 25 == 0).all()
    assert (np.round(part * 20) / 20 == part).all()


def test_moments_keep_their_granularity_by_the_local_clock():
    days = [datetime.datetime(2020, 1, 1) + datetime.timedelta(days=k) for k in range(366)]
    local = pa.array(days, pa.timestamp("us"))
    import pyarrow.compute as pc

    moments = pc.assume_timezone(local, "Europe/Berlin")
    rows = random_rows(table_of({"a": moments}, [0, 1] * 183))
    back = pc.local_timestamp(pa.array(rows["a"])).to_pylist()
    assert {moment.time() for moment in back} == {datetime.time(0)}


def test_a_category_of_fewer_rows_than_five_is_never_made():
    cells = ["often"] * 50 + ["seldom"] * 4 + ["enough"] * 5
    samples = table_of({"a": cells}, [0] * 30 + [1] * 29)
    domain = domain_of(samples)
    assert "seldom" not in set(domain.restore(domain.load(domain.store(samples.values)))["a"])
    assert set(random_rows(samples)["a"]) == {"often", "enough"}


def test_fifty_texts_of_one_row_each_come_out_as_gaps():
    samples = table_of({"a": [f"person {k}" for k in range(50)], "b": list(range(50))}, [0, 1] * 25)
    assert random_rows(samples)["a"].isna().all()
    assert fit_encoding(samples).left_out == {"a": "rare"}


def test_free_text_is_left_out():
    samples = table_of({"a": ["a word"] * 40}, [0, 1] * 20, kinds={"a": "text"})
    assert fit_encoding(samples).left_out == {"a": "text"}


def test_a_column_that_determines_another_is_made_and_the_other_looked_up():
    samples = mixed_table()
    rows = random_rows(samples)
    pairs = set(zip(rows["grade"], rows["points"], strict=True))
    assert pairs == {("low", 1), ("middle", 2), ("high", 3)}


def test_many_cities_belong_to_one_country_each():
    stream = np.random.default_rng(1)
    city = stream.integers(0, 12, 300)
    samples = table_of(
        {"country": [f"land {c // 4}" for c in city], "city": [f"city {c}" for c in city]},
        stream.integers(0, 2, 300).tolist(),
    )
    rows = random_rows(samples)
    pairs = zip(rows["city"], rows["country"], strict=True)
    assert all(int(city[5:]) // 4 == int(country[5:]) for city, country in pairs)


def test_a_number_whose_gaps_tell_another_column_keeps_all_its_values():
    stream = np.random.default_rng(5)
    sensor = stream.random(400) < 0.8
    degrees = stream.normal(20, 6, 400).round(1)
    samples = table_of(
        {
            "sensor": sensor.tolist(),
            "degrees": [d if s else None for d, s in zip(degrees, sensor, strict=True)],
        },
        [0, 1] * 200,
    )
    made = copula_rows(samples, np.array([200, 200]), seed=0).values
    assert made["degrees"].nunique() > 100
    assert (made["degrees"].isna() == ~made["sensor"].astype(bool)).all()


def test_gaps_that_another_column_tells_are_told_by_it():
    samples = mixed_table()
    rules = {
        code.name: code.rule.source
        for code in fit_encoding(samples).blocks
        if code.rule is not None
    }
    assert rules.pop("income") == "job"
    assert rules in ({"member": "seen"}, {"seen": "member"})


def test_a_state_that_another_column_tells_stands_in_its_rows_alone():
    stream = np.random.default_rng(4)
    line = stream.choice(["none", "slow", "fast"], 300)
    backup = np.where(line == "none", "no line", stream.choice(["yes", "no"], 300))
    samples = table_of({"line": line.tolist(), "backup": backup.tolist()}, [0, 1] * 150)
    made = copula_rows(samples, np.array([200, 200]), seed=0).values
    assert ((made["line"] == "none") == (made["backup"] == "no line")).all()
    assert (made["backup"] == "no line").any()


def test_columns_that_agree_by_chance_are_not_looked_up():
    stream = np.random.default_rng(2)
    samples = table_of({"a": stream.integers(0, 10, 24), "b": ["x"] * 23 + ["y"]}, [0, 1] * 12)
    assert not any(isinstance(code, LookupCode) for code in fit_encoding(samples).columns)


def test_statistics_come_from_the_rows_that_were_given():
    samples = mixed_table()
    part = samples.take(np.arange(100))
    assert domain_of(part).design.to_json() == domain_of(part).design.to_json()
    assert domain_of(part).design.to_json() != domain_of(samples).design.to_json()


def test_rows_that_were_not_in_the_training_become_codes_too():
    samples = mixed_table()
    domain = domain_of(samples.take(np.arange(60)))
    rows = domain.restore(domain.load(domain.store(samples.values)))
    assert rows.dtypes.equals(samples.values.dtypes)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "int1"},
        {"type": "string"},
        {"ranks": [0.5]},
        {"masses": [7.5]},
        {"origin": 2**62, "type": "int8"},
        {"ranks": "many"},
    ],
)
def test_a_design_that_contradicts_itself_is_refused(change):
    content = domain_of(mixed_table()).design.to_json()
    content["encoding"]["columns"][0] |= change
    with pytest.raises(ArtifactError, match="the generator's design"):
        TableDesign.from_json(content)


def test_a_rule_of_states_that_does_not_fit_is_refused():
    content = domain_of(mixed_table()).design.to_json()
    ruled = [c for c in content["encoding"]["columns"] if c.get("rule")]
    assert ruled
    ruled[0]["rule"]["states"].append(True)
    with pytest.raises(ArtifactError, match="rule of states"):
        TableDesign.from_json(content)


def test_a_look_up_by_a_missing_column_is_refused():
    content = domain_of(mixed_table()).design.to_json()
    kept = [c for c in content["encoding"]["columns"] if c["name"] not in ("grade", "points")]
    looked_up = [c for c in content["encoding"]["columns"] if c["form"] == "lookup"]
    content["encoding"]["columns"] = kept + looked_up
    assert looked_up
    with pytest.raises(ArtifactError, match="looked up"):
        TableDesign.from_json(content)
