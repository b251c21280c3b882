"""The recipes by name: one row each, with the result to expect beside it."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from pipeline.params import GanParams


@dataclass(frozen=True)
class Recipe:
    """How a generator is trained. Every part can be switched off on its own.

    Attributes:
        game: A key of `pipeline.gan.losses.GAMES`.
        gamma_real: Weight of the zero-centred penalty on reals (R1); 0 switches it off.
        gamma_fake: The same on fakes (R2).
        penalty_every_steps: The penalties are taken once in so many steps, and that much heavier.
        balanced: Whether every class fills an equal share of a batch.
        repeats_cap: At most so many times a class's natural share; None is no bound.
        augment_strength: Of the change that both networks see; 0 switches it off.
        deviation: Whether the discriminator sees the spread within a class.
        averaging_decay: Of the generator's running average, in [0, 1).
    """

    steps: int
    batch_samples: int = 64
    game: str = "relativistic"
    learning_rate: float = 5e-4
    betas: tuple[float, float] = (0.0, 0.99)
    gamma_real: float = 0.2
    gamma_fake: float = 0.2
    penalty_every_steps: int = 4
    balanced: bool = True
    repeats_cap: float | None = None
    augment_strength: float = 1.0
    deviation: bool = True
    averaging_decay: float = 0.995

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the checkpoint."""
        return asdict(self)


# preset → recipe. Expected on digits 80/10: minority coverage .5 and more.
PRESETS = {
    "residual": Recipe(steps=2500),
}


def recipe_for(params: GanParams) -> Recipe:
    """The preset's row, with what params.yaml says in its place."""
    return replace(PRESETS[params.preset], steps=params.steps, batch_samples=params.batch_samples)
