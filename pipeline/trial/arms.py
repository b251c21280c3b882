"""The arms of a trial as a table: who is compared, under which name, and by which recipes."""

from dataclasses import dataclass

from pipeline.modalities.recipe import Recipe
from pipeline.params import ClassifierName, TrialParams
from pipeline.results import ArmFamily
from pipeline.trial.learners import applies


@dataclass(frozen=True)
class Arm:
    """One way to train.

    Attributes:
        candidates: Recipes among which inner validation chooses: three in each arm but the first,
            which has nothing to tune. The first is used where nothing is tuned.
    """

    name: str
    title: str
    family: ArmFamily
    candidates: tuple[Recipe, ...]


CHEAP_ARMS: tuple[Arm, ...] = (
    Arm("real", "Real samples only", "cheap", (Recipe(),)),
    Arm(
        "balanced",
        "Class-balanced sampling",
        "cheap",
        (Recipe(sampling=1.0), Recipe(sampling=0.5), Recipe(sampling=0.75)),
    ),
    Arm(
        "class_weights",
        "Class weights",
        "cheap",
        (Recipe(class_weight=1.0), Recipe(class_weight=0.5), Recipe(class_weight=0.75)),
    ),
    Arm(
        "logit_adjustment",
        "Logit adjustment",
        "cheap",
        (Recipe(logit_tau=1.0), Recipe(logit_tau=0.5), Recipe(logit_tau=1.5)),
    ),
    Arm(
        "classical",
        "Classical augmentation",
        "cheap",
        tuple(Recipe(augmentation=strength) for strength in (1.0, 0.5, 1.5)),
    ),
    Arm(
        "classical_balanced",
        "Classical augmentation, balanced",
        "cheap",
        tuple(Recipe(sampling=1.0, augmentation=strength) for strength in (1.0, 0.5, 1.5)),
    ),
    Arm(
        "classical_logit",
        "Classical augmentation with logit adjustment",
        "cheap",
        tuple(Recipe(logit_tau=tau, augmentation=1.0) for tau in (1.0, 0.5, 1.5)),
    ),
    Arm(
        "classical_half",
        "Classical augmentation, half balanced and half logit-adjusted",
        "cheap",
        tuple(
            Recipe(sampling=0.5, logit_tau=0.5, augmentation=strength)
            for strength in (1.0, 0.5, 1.5)
        ),
    ),
    Arm(
        "classical_mixup",
        "Classical augmentation, balanced, with mixup",
        "cheap",
        tuple(Recipe(sampling=1.0, augmentation=1.0, mixup=alpha) for alpha in (0.2, 0.1, 0.4)),
    ),
    Arm(
        "smote",
        "SMOTE",
        "cheap",
        tuple(Recipe(sampling=level, smote=True) for level in (1.0, 0.5, 0.0)),
    ),
)

LIGHT_ARMS = ("real", "balanced", "class_weights", "logit_adjustment", "classical_balanced")


def arms_for(classifier: ClassifierName, params: TrialParams) -> tuple[Arm, ...]:
    """The cheap arms that a classifier runs under a preset, current practice among them."""
    light = (*LIGHT_ARMS, params.current_practice)
    return tuple(
        arm
        for arm in CHEAP_ARMS
        if (params.preset == "full" or arm.name in light) and applies(classifier, arm.candidates[0])
    )
