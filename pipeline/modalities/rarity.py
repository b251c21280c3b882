"""How many rows hide one another: a category of fewer may name a person."""

FEWEST_ROWS = 5
