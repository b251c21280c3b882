"""Where a modality meets the GAN: train a generator on samples, draw samples from it."""

from pipeline.synthesis.draw import draw, draw_blocks, write_sheets
from pipeline.synthesis.fitted import (
    HASH_SHOWN,
    FittedGenerator,
    load_generator,
    save_generator,
)
from pipeline.synthesis.train import (
    LEAST_OF_A_CLASS,
    plan_of,
    recipe_of,
    shares_threads,
    train_generator,
)

__all__ = [
    "HASH_SHOWN",
    "LEAST_OF_A_CLASS",
    "FittedGenerator",
    "draw",
    "draw_blocks",
    "load_generator",
    "plan_of",
    "recipe_of",
    "save_generator",
    "shares_threads",
    "train_generator",
    "write_sheets",
]
