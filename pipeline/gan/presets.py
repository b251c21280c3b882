"""The recipes by name: one row each, with the result to expect beside it."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from pipeline.errors import ParamsError
from pipeline.params import GanParams


@dataclass(frozen=True)
class Recipe:
    """How a generator is trained. Every part can be switched off on its own.

    Attributes:
        networks: Which pair of networks the modality builds; "auto" chooses by size.
        method: "adversarial", or "variational" for the conditional autoencoder.
        game: A key of `pipeline.gan.losses.GAMES`.
        warmup_steps: Over how many steps the learning rate is raised to its value; 0 switches the
            warm-up off.
        gamma_real: Weight of the zero-centred gradient penalty on reals (R1); 0 switches it off.
        gamma_fake: The same on fakes (R2).
        penalty_every_steps: The penalties are taken once in so many steps, and that much heavier.
        balanced: Whether every class fills an equal share of a batch.
        augment_strength: Of the change that both networks see; 0 switches it off.
        adaptive_accuracy: Target of the discriminator's accuracy on reals, towards which the
            augmentation's strength is steered; None keeps the strength.
        enrich_strength: Of a change that only the reals of rare classes get, so that the generator
            learns it: a handful of samples is less like its class than their near neighbourhood is.
        enrich_towards: Up to which part of the way to a near neighbour of its class a real of a
            rare class goes, in [0, 1].
        enrich_lending: Strength of the variation that common classes lend to reals of rare ones.
        deviation: Whether the discriminator sees the spread within a class.
        averaging_decay: Of the generator's running average, in [0, 1); 0 ships the last weights.
        precision: "fp32", or "bf16" for mixed precision with fp32 weights.
        channels_last: Memory format of convolutions.
        most_passes: How often a training row is seen at most, on average: few rows make fewer
            steps, since they would be learned by heart. None sets no limit.
        watch_every_steps: How often the training looks at its own samples; 0 never.
        plateau_watches: Stop when so many watches in a row brought nothing better; 0 never.
    """

    steps: int
    batch_samples: int = 64
    networks: Literal["auto", "mlp", "convolutional", "table", "vanilla", "dcgan", "cvae"] = "auto"
    width: int | None = None
    method: Literal["adversarial", "variational"] = "adversarial"
    game: str = "relativistic"
    learning_rate: float = 5e-4
    betas: tuple[float, float] = (0.0, 0.99)
    warmup_steps: int = 0
    gamma_real: float = 0.2
    gamma_fake: float = 0.2
    penalty_every_steps: int = 4
    balanced: bool = True
    augment_strength: float = 1.0
    adaptive_accuracy: float | None = None
    enrich_strength: float = 0.0
    enrich_towards: float = 0.0
    enrich_lending: float = 0.0
    deviation: bool = True
    averaging_decay: float = 0.995
    precision: Literal["fp32", "bf16"] = "fp32"
    channels_last: bool = False
    most_passes: float | None = None
    watch_every_steps: int = 250
    plateau_watches: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the checkpoint."""
        return asdict(self)


# What the references do without.
_TEXTBOOK = Recipe(
    steps=4000,
    game="nonsaturating",
    balanced=False,
    gamma_real=0.0,
    gamma_fake=0.0,
    augment_strength=0.0,
    deviation=False,
    averaging_decay=0.0,
)

# Ours for small pictures: fully connected. Ablated part by part in docs/log.md.
_RESIDUAL = Recipe(
    steps=1500,
    learning_rate=2e-3,
    gamma_real=0.05,
    gamma_fake=0.05,
    augment_strength=0.5,
    enrich_strength=1.1,
    enrich_towards=0.5,
)

# The results to expect are on digits 80/10 after 60 CPU seconds: coverage of the rare classes (100
# unseen reals a class), agreement of a classifier. See benchmarks/results/gan-digits.json.
PRESETS: dict[str, Recipe] = {
    # Coverage .65, agreement .99.
    "residual": _RESIDUAL,
    # Mirza and Osindero 2014, arXiv:1411.1784, with the widths and Adam settings of the usual
    # tutorial; the generator descends −log D, as Goodfellow et al. 2014 recommend in practice.
    # Coverage .15, agreement .99.
    "vanilla": replace(_TEXTBOOK, networks="vanilla", learning_rate=2e-4, betas=(0.5, 0.999)),
    # Radford et al. 2016, arXiv:1511.06434, section 4: batch 128, Adam 2e-4, β₁ .5.
    # Coverage .30, agreement .97.
    "dcgan": replace(
        _TEXTBOOK,
        steps=2000,
        batch_samples=128,
        networks="dcgan",
        learning_rate=2e-4,
        betas=(0.5, 0.999),
    ),
    # Sohn et al. 2015 with the networks of the usual tutorial: no adversary at all.
    # Coverage .53, agreement .99.
    "cvae": replace(
        _TEXTBOOK,
        networks="cvae",
        method="variational",
        learning_rate=1e-3,
        betas=(0.9, 0.999),
    ),
}


# What ours does otherwise where the networks are convolutions. On MNIST 100/10 after 250 CPU
# seconds, which are about these steps: coverage .60, agreement .99.
_CONVOLUTIONAL = replace(
    _RESIDUAL,
    game="nonsaturating",
    gamma_real=0.3,
    gamma_fake=0.0,
    penalty_every_steps=16,
    steps=1250,
    batch_samples=128,
    watch_every_steps=125,
    enrich_strength=0.8,
    enrich_lending=0.7,
    learning_rate=1e-3,
    warmup_steps=100,
    precision="bf16",
    channels_last=True,
)


# What ours does otherwise where the networks are those of a table.
_TABLE = replace(
    _RESIDUAL,
    steps=1000,
    learning_rate=1e-3,
    gamma_real=0.1,
    gamma_fake=0.1,
    # At 640 passes over 100 rows, .40 of the rows were nearer to a training row than 5 % of unseen
    # rows are; at 128 it was .17. On 300 rows and more it changes little.
    most_passes=128.0,
    # Stronger noise hides how closely columns go together, where they nearly determine each other.
    augment_strength=0.25,
    enrich_strength=0.0,
    enrich_towards=0.0,
)


# What ours is where the kind of data chooses these networks.
_OF_NETWORKS = {"convolutional": _CONVOLUTIONAL, "table": _TABLE}


# What a reference's networks and losses have no use for.
_NOTHING_OF = ("deviation",)
_NO_ADVERSARY = (
    "game",
    "gamma_real",
    "gamma_fake",
    "penalty_every_steps",
    "adaptive_accuracy",
)
WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    "residual": (),
    "vanilla": _NOTHING_OF,
    "dcgan": _NOTHING_OF,
    "cvae": (*_NO_ADVERSARY, *_NOTHING_OF),
}
# What the networks of a kind of data have no use for: the copula's rows enrich a rare class.
WITHOUT_EFFECT_IN: dict[str, tuple[str, ...]] = {
    "table": ("enrich_strength", "enrich_towards", "enrich_lending"),
}


def recipe_for(params: GanParams, *, networks: str = "mlp") -> Recipe:
    """The preset's row, with what params.yaml says in its place.

    Args:
        networks: The kind that the modality chooses by itself for samples of this size.

    Raises:
        ParamsError: params.yaml names a part that the preset, or this kind of data, does not have.
    """
    useless = [name for name in WITHOUT_EFFECT[params.preset] if getattr(params, name) is not None]
    if useless:
        raise ParamsError(
            f"The preset {params.preset!r} has no part that these would change:",
            [f"`gan.{name}`: leave it out, or take the preset 'residual'." for name in useless],
        )
    idle = [
        name for name in WITHOUT_EFFECT_IN.get(networks, ()) if getattr(params, name) is not None
    ]
    if idle:
        raise ParamsError(
            f"A generator for data of this kind ({networks}) has no part that these would change:",
            [f"`gan.{name}`: leave it out." for name in idle],
        )
    row = PRESETS[params.preset]
    if row.networks == "auto":
        row = _OF_NETWORKS.get(networks, row)
    told = params.model_dump(exclude_none=True)
    known = {part.name for part in fields(Recipe)}
    changed = {name: told[name] for name in told if name in known}
    changed["precision"] = precision_of(row, params)
    return replace(row, **changed)


def precision_of(row: Recipe, params: GanParams) -> Literal["fp32", "bf16"]:
    """What params.yaml names; `auto` is the preset's own, where this machine has it."""
    if params.precision != "auto":
        return params.precision
    if row.precision == "fp32":
        return "fp32"
    # Torch takes seconds to import, which most refusals need not wait for.
    from pipeline.scale import precision

    return "bf16" if precision.bf16_is_native() else "fp32"
