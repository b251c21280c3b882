"""The ways to train as a table: under which name, and by which recipes."""

from dataclasses import dataclass

from pipeline.modalities.contract import Modality
from pipeline.modalities.recipe import Recipe
from pipeline.params import ClassifierName, TrialParams


@dataclass(frozen=True)
class Arm:
    """One way to train on the real rows.

    Attributes:
        candidates: Recipes among which inner validation chooses: three in each arm but the first,
            which has nothing to tune. The first is used where nothing is tuned.
    """

    name: str
    title: str
    candidates: tuple[Recipe, ...]


ARMS: tuple[Arm, ...] = (
    Arm("plain", "Plain training", (Recipe(),)),
    Arm(
        "balanced",
        "Class-balanced sampling",
        (Recipe(sampling=1.0), Recipe(sampling=0.5), Recipe(sampling=0.75)),
    ),
    Arm(
        "undersampled",
        "Undersampling",
        (Recipe(undersampling=1.0), Recipe(undersampling=0.5), Recipe(undersampling=0.75)),
    ),
    Arm(
        "class_weights",
        "Class weights",
        (Recipe(class_weight=1.0), Recipe(class_weight=0.5), Recipe(class_weight=0.75)),
    ),
    Arm(
        "logit_adjustment",
        "Logit adjustment",
        (Recipe(logit_tau=1.0), Recipe(logit_tau=0.5), Recipe(logit_tau=1.5)),
    ),
    Arm(
        "classical",
        "Classical augmentation",
        tuple(Recipe(augmentation=strength) for strength in (1.0, 0.5, 1.5)),
    ),
    Arm(
        "classical_balanced",
        "Classical augmentation, balanced",
        tuple(Recipe(sampling=1.0, augmentation=strength) for strength in (1.0, 0.5, 1.5)),
    ),
    Arm(
        "classical_logit",
        "Classical augmentation with logit adjustment",
        tuple(Recipe(logit_tau=tau, augmentation=1.0) for tau in (1.0, 0.5, 1.5)),
    ),
    Arm(
        "classical_half",
        "Classical augmentation, half balanced and half logit-adjusted",
        tuple(
            Recipe(sampling=0.5, logit_tau=0.5, augmentation=strength)
            for strength in (1.0, 0.5, 1.5)
        ),
    ),
    Arm(
        "classical_mixup",
        "Classical augmentation, balanced, with mixup",
        tuple(Recipe(sampling=1.0, augmentation=1.0, mixup=alpha) for alpha in (0.2, 0.1, 0.4)),
    ),
    Arm(
        "smote",
        "SMOTE",
        tuple(Recipe(sampling=level, smote=True) for level in (1.0, 0.5, 0.0)),
    ),
)

LIGHT_ARMS = (
    "plain", "balanced", "undersampled", "class_weights", "logit_adjustment", "classical_balanced",
)  # fmt: skip
# A network that draws classes equally often sees as much of each, and throws nothing away.
STATIC_ARMS = ("undersampled",)


def arms_for(
    classifier: ClassifierName, params: TrialParams, modality: Modality
) -> tuple[Arm, ...]:
    """The ways to train that a classifier tries under a preset."""
    return tuple(
        arm
        for arm in ARMS
        if (params.preset == "full" or arm.name in LIGHT_ARMS)
        and (classifier != modality.network or arm.name not in STATIC_ARMS)
        and modality.applies(classifier, arm.candidates[0])
    )
