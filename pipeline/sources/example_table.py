"""The embedded table: invented pumps, some of which fail, with columns of every kind.

It is computed from a seed, so that nothing is downloaded and everything in it is known: whether a
pump fails depends on its hours, pressure, leak, coating and age, and on chance.
"""

import io

import numpy as np
import pandas as pd

FILE, LABEL = "pumps.csv", "failed"
N_ROWS, FAILED_SHARE = 600, 0.1
SEED = 20
SITES = {
    "Aachen": "west", "Bonn": "west", "Essen": "west",
    "Erfurt": "east", "Jena": "east", "Halle": "east",
    "Kiel": "north", "Bremen": "north",
}  # fmt: skip
COATINGS = ("none", "epoxy", "rubber", "zinc")
MODELS = tuple(f"{series}-{size}" for series in ("A", "B", "K") for size in (10, 16, 25, 40))


def example_table() -> pd.DataFrame:
    """The table as it stands in the file that `init --example table` writes.

    Returns:
        600 rows, 10 % of them "yes" in the label column `failed`. `pump` names the row; `hours_day`
        and `hours_night` add up to `hours`; `inspected` never lies before `installed`; a site has
        one region; `temperature_c` is missing exactly where there is no sensor; three leaks in four
        are 0.
    """
    stream = np.random.default_rng(SEED)
    n = N_ROWS
    site = stream.choice(list(SITES), n)
    coating = stream.choice(COATINGS, n, p=(0.2, 0.4, 0.25, 0.15))
    model = stream.choice(MODELS, n)
    age_days = stream.integers(60, 3_600, n)
    installed = np.datetime64("2024-06-30") - age_days
    inspected = installed + stream.integers(0, 1 + np.minimum(age_days, 900))
    day = stream.gamma(3.0, 450.0, n).round().astype(int)
    night = (day * stream.beta(2, 5, n)).round().astype(int)
    pressure = (4 + 1.5 * (stream.normal(size=n) + 0.4 * (coating == "none"))).clip(0.5).round(2)
    leak = np.where(stream.random(n) < 0.75, 0.0, stream.gamma(1.5, 8.0, n)).round(1)
    has_sensor = stream.random(n) < 0.8
    temperature = (18 + 6 * stream.normal(size=n) + 0.003 * day).round(1)
    risk = (
        0.0009 * (day + night)
        + 0.55 * pressure
        + 0.05 * leak
        + 0.0005 * age_days
        + 0.08 * (temperature - 18)
        + 1.2 * (coating == "none")
        + stream.gumbel(scale=0.8, size=n)
    )
    failed = risk >= np.sort(risk)[n - round(FAILED_SHARE * n)]
    place = pd.Series(-risk + stream.normal(scale=2, size=n)).rank(pct=True)
    rating = (1 + 5 * place).clip(upper=5).astype(int).astype("Int64").mask(stream.random(n) < 0.1)
    return pd.DataFrame(
        {
            "pump": [f"P{number:04d}" for number in range(1, n + 1)],
            "site": site,
            "region": [SITES[name] for name in site],
            "model": model,
            "coating": coating,
            "installed": installed.astype(str),
            "inspected": inspected.astype(str),
            "hours_day": day,
            "hours_night": night,
            "hours": day + night,
            "pressure_bar": pressure,
            "leak_ml": leak,
            "sensor": np.where(has_sensor, "yes", "no"),
            "temperature_c": pd.Series(temperature).where(has_sensor),
            "rating": rating,
            LABEL: np.where(failed, "yes", "no"),
        }
    )


def example_csv() -> bytes:
    """The table as a CSV file."""
    text = io.StringIO()
    example_table().to_csv(text, index=False, lineterminator="\n")
    return text.getvalue().encode()
