"""Every remedy that the refusal of a table names is applied, and works."""

import pytest

from tests.raw_data import csv_file
from tests.sources.remedies import each_remedy
from tests.sources.table_file import plain


def changed(column, cells):
    data = plain()
    if column in data:
        data = data.astype({column: object})
    data[column] = [cells[k % len(cells)] for k in range(len(data))]
    return data


FAULTS = {
    "an identifier": (plain().assign(number=range(40)), {}),
    "gaps that are refused": (
        changed("height", [1.5, None, 2.5]),
        {"table": {"missing": "refuse"}},
    ),
    "infinite cells": (changed("height", ["inf", "1.5"]), {}),
    "a number beyond 2^53": (changed("age", [2**53 + 1, 1]), {}),
    "dates of two orders": (changed("since", ["2024-01-31", "31/01/2024"]), {}),
    "a date that does not exist": (changed("since", ["2024-02-30", "2024-01-01"]), {}),
    "dates and texts": (changed("since", ["2024-02-20", "2024-01-01", "later"]), {}),
    "numbers and texts": (changed("height", ["1.5", "2.5", "tall"]), {}),
    "times with and without zone": (
        changed("since", ["2024-01-01T10:00Z", "2024-01-01T11:00"]),
        {},
    ),
    "a comma of two readings": (changed("height", ["1,037", "2,500"]), {}),
    "two currencies": (changed("height", ["$5", "€6"]), {}),
    "labels of two spellings": (changed("income", ["1", "1.0", "0"]), {}),
    "a class called NA": (changed("income", ["NA", "EU"]), {}),
    "rows that are all dropped": (
        plain().assign(height=[1.5, None] * 20, weight=[None, 2.5] * 20),
        {"table": {"missing": "drop"}},
    ),
}


@pytest.mark.parametrize(("data", "settings"), FAULTS.values(), ids=FAULTS)
def test_each_remedy_of_a_refusal_works(path, data, settings):
    file = csv_file(path, data)
    for key, value, message in each_remedy(file, **settings):
        assert message is None, (key, value)
