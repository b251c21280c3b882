"""Text from outside must not become a formula in a spreadsheet."""

import json
from typing import Any

import numpy as np
import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would run gets an apostrophe before it; missing values become "".

    Lists of numbers, such as probabilities, become JSON.
    """
    if isinstance(value, list | np.ndarray):
        return json.dumps([float(number) for number in value])
    if value is None or value is pd.NA or value is pd.NaT or _is_nan(value):
        return ""
    # A text that looks escaped already is escaped once more, so that `restored` undoes it.
    if isinstance(value, str) and value.lstrip("'").startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def restored(text: str) -> str:
    """The text that `harmless` made this cell of."""
    is_escaped = text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS)
    return text[1:] if is_escaped else text


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
