"""A trial's result with everything in it, for the tests of whatever shows results."""

from statistics import fmean
from typing import Any

from pipeline.results import (
    PANEL,
    WITH_GAN,
    WITHOUT_GAN,
    ArmFamily,
    ArmScore,
    ClassRow,
    Comparison,
    CopiesResult,
    CurationRow,
    FidelityRow,
    Interval,
    LearningPoint,
    Question,
    RecipeAdvice,
    TrialResult,
    Verdict,
)

CLASSES = tuple(str(digit) for digit in range(10))
IS_SCARCE = {name: int(name) >= 5 for name in CLASSES}
# How far each consumer's scores lie from those of the network, in shares.
CONSUMERS = {
    "svm": -0.01,
    "logistic": -0.04,
    "knn": -0.06,
    "forest": -0.03,
    "boosting": -0.07,
    "cnn": 0.0,
}

ARMS: tuple[tuple[str, str, ArmFamily, tuple[float, ...]], ...] = (
    ("real", "Real rows as they are", "reference", (0.911, 0.925, 0.919)),
    ("oversampled", "Real rows, oversampled to balance", "reference", (0.921, 0.932, 0.926)),
    ("classical", "Filled with classical copies", "fill", (0.939, 0.951, 0.944)),
    ("smote", "Filled by SMOTE", "fill", (0.934, 0.944, 0.938)),
    ("deformed", "Filled with deformed copies", "fill", (0.941, 0.949, 0.946)),
    ("gan", "Filled with GAN rows", "fill", (0.928, 0.938, 0.929)),
    (WITHOUT_GAN, "Best set without GAN rows", "set", (0.946, 0.957, 0.951)),
    (WITH_GAN, "Best set with GAN rows", "set", (0.947, 0.956, 0.949)),
    ("ceiling", "Filled with withheld real rows", "ceiling", (0.966, 0.971, 0.968)),
)
RECIPES: tuple[tuple[str, str, ArmFamily, tuple[float, ...]], ...] = (
    ("recipe_balanced", "Balanced sampling", "recipe", (0.931, 0.945, 0.935)),
    ("recipe_classical", "Affine augmentation", "recipe", (0.959, 0.966, 0.961)),
    ("best_recipe", "Best recipe on the real rows", "recipe", (0.959, 0.966, 0.961)),
    ("best_recipe_on_set", "Best recipe on the set", "recipe", (0.961, 0.968, 0.960)),
)


def example_result(**changes: Any) -> TrialResult:
    """A plausible result on digits: the set helps, the GAN's rows add nothing measurable."""
    result = TrialResult(
        primary_metric="balanced_accuracy",
        consumers=tuple(CONSUMERS),
        min_gain_points=0.0,
        replicates=3,
        verdict="helps",
        gan_verdict="no evidence",
        promoted=True,
        recommended_arm=WITHOUT_GAN,
        reference_arm="oversampled",
        set_words="each class filled to the largest, with classical and deformed rows",
        arms=tuple(
            _arm(*arm, classifier)
            for classifier in (PANEL, *CONSUMERS)
            for arm in (*ARMS, *(RECIPES if classifier == "cnn" else ()))
        ),
        comparisons=tuple(
            comparison for name in (PANEL, *CONSUMERS) for comparison in _comparisons(name)
        ),
        gap_closed=0.6,
        gap_closed_interval=Interval(low=0.2, high=0.9),
        advice=(
            RecipeAdvice(
                classifier="cnn",
                words="Affine copies made anew in every batch, classes sampled equally often",
                recipe={"sampling": 1.0, "augmentation": 0.5, "mixup": 0.0, "smote": False},
                on_set=False,
            ),
        ),
        classes=tuple(_class(name) for name in CLASSES),
        curation=tuple(_curation(name) for name in CLASSES if IS_SCARCE[name]),
        fidelity=_fidelity(),
        copies=CopiesResult(
            tested=525,
            exact=1,
            moved=0,
            suspected=4,
            threshold=0.48,
            false_alarm_rate=0.01,
            closest=(("0f3a9c-5-17", "digits-00412", 0.0), ("0f3a9c-7-3", "digits-01200", 0.31)),
            membership_auc=0.53,
            membership_interval=Interval(low=0.44, high=0.62),
            wording="525 rows were compared with the training samples; 5 were turned away.",
        ),
        learning_curve=tuple(
            LearningPoint(
                class_name=None,
                n_real=n,
                value=value,
                interval=Interval(low=value - 0.02, high=value + 0.015),
            )
            for n, value in ((5, 0.93), (10, 0.969), (20, 0.978), (40, 0.984))
        )
        + tuple(
            LearningPoint(
                class_name=name,
                n_real=n,
                value=value,
                interval=Interval(low=value - 0.1, high=min(value + 0.1, 1.0)),
            )
            for name, n, value in (("5", 5, 0.8), ("5", 40, 0.9), ("8", 5, 0.7), ("8", 40, 0.97))
        ),
        worth={"5": 3, "8": 0},
        notes=(
            "The light preset left out: teacher-labelled rows, conditional VAE.",
            "Class 5 has 10 real samples: its recall rests on 10 held-out samples.",
        ),
    )
    return result.model_copy(update=changes)


def scores_of(values: tuple[float, ...], classifier: str) -> tuple[float, ...]:
    """The scores of one arm under one classifier; the panel's are the mean over the consumers."""
    shift = fmean(CONSUMERS.values()) if classifier == PANEL else CONSUMERS[classifier]
    return tuple(round(value + shift, 6) for value in values)


def _arm(
    name: str, title: str, family: ArmFamily, values: tuple[float, ...], classifier: str
) -> ArmScore:
    values = scores_of(values, classifier)
    mean = sum(values) / len(values)
    return ArmScore(
        arm=name,
        title=title,
        family=family,
        classifier=classifier,
        settings=f"{title}: C 1, 600 steps of AdamW.",
        values={"balanced_accuracy": values, "accuracy": values, "macro_f1": values},
        intervals={"balanced_accuracy": Interval(low=mean - 0.021, high=mean + 0.018)},
        test={"balanced_accuracy": mean - 0.004, "accuracy": mean - 0.004, "macro_f1": mean - 0.01},
        recall={
            name: (0.85, 0.9, 0.875) if IS_SCARCE[name] else (0.99, 1.0, 0.985) for name in CLASSES
        },
        confusion=tuple(
            tuple(
                115 if row == column else (5 if column == (row + 1) % 10 else 0)
                for column in range(10)
            )
            for row in range(10)
        ),
    )


def compared(
    question: Question,
    classifier: str,
    arm: str,
    reference: str,
    *,
    half_width: float,
    more_points: float = 0.0,
    least: float = 0.0,
) -> Comparison:
    """A paired comparison of two of the example's arms, with the verdict that follows from it."""
    values = {name: of for name, _, _, of in (*ARMS, *RECIPES)}
    gains = tuple(
        100 * (one - other) + more_points
        for one, other in zip(values[arm], values[reference], strict=True)
    )
    mean = fmean(gains)
    low, high = mean - half_width, mean + half_width
    verdict: Verdict = "helps" if low > least else "harms" if high < 0 else "no evidence"
    return Comparison(
        question=question,
        classifier=classifier,
        metric="balanced_accuracy",
        arm=arm,
        reference=reference,
        gains_points=gains,
        mean_points=mean,
        interval_points=Interval(low=low, high=high, level=0.9),
        detectable_points=1.8 * half_width,
        replicates_to_settle=None if verdict != "no evidence" else 14,
        test_gain_points=mean - 0.1,
        verdict=verdict,
    )


def _comparisons(classifier: str) -> list[Comparison]:
    more = 0.0 if classifier == PANEL else 100 * (fmean(CONSUMERS.values()) - CONSUMERS[classifier])
    width = 1.1 if classifier == PANEL else 1.9
    found = [
        compared(question, classifier, arm, reference, half_width=width, more_points=share * more)
        for question, arm, reference, share in (
            ("set against real rows", WITHOUT_GAN, "real", 0.5),
            ("set against real rows", WITHOUT_GAN, "oversampled", 0.4),
            ("GAN rows in the set", WITH_GAN, WITHOUT_GAN, 0.1),
        )
    ]
    if classifier == "cnn":
        found += [
            compared("best recipe on real rows", "cnn", "best_recipe", "real", half_width=1.0),
            compared(
                "set under the best recipe",
                "cnn",
                "best_recipe_on_set",
                "best_recipe",
                half_width=0.5,
            ),
        ]
    return found


def _class(name: str) -> ClassRow:
    scarce = IS_SCARCE[name]
    return ClassRow(
        name=name,
        n_real=10 if scarce else 80,
        n_requested=70 if scarce else 0,
        n_accepted=92 if scarce else 0,
        n_test=10 if scarce else 80,
        recall_before=0.8 if scarce else 0.99,
        recall_before_interval=Interval(low=0.49, high=0.94)
        if scarce
        else Interval(low=0.93, high=1.0),
        recall_after=0.9 if scarce else 0.99,
        recall_after_interval=Interval(low=0.6, high=0.98)
        if scarce
        else Interval(low=0.93, high=1.0),
        in_set={"real": 10, "classical": 35, "deformed": 35} if scarce else {"real": 80},
    )


def _curation(name: str) -> CurationRow:
    return CurationRow(
        name=name,
        drawn=105,
        accepted=92,
        rejected={"label not confirmed": 8, "off the manifold": 4, "copy": 1},
    )


def _fidelity() -> tuple[FidelityRow, ...]:
    scarce = [name for name in CLASSES if IS_SCARCE[name]]
    features = "domain network (CNN on the training split, 64 features)"
    overall = [
        FidelityRow(metric=metric, value=value, floor=floor, n_samples=400, features=features)
        for metric, value, floor in (
            ("fid", 14.2, 3.1),
            ("kid", 0.021, 0.001),
            ("precision", 0.91, 0.93),
            ("recall", 0.42, 0.9),
            ("coverage", 0.51, 0.92),
        )
    ]
    single = [
        FidelityRow(
            metric="fid",
            class_name=name,
            value=None,
            n_samples=10,
            features=features,
            note="10 samples cannot give a covariance of 64 features.",
        )
        for name in scarce
    ] + [
        FidelityRow(
            metric="coverage",
            class_name=name,
            value=0.4 + int(name) / 100,
            floor=0.9,
            n_samples=10,
            features=features,
        )
        for name in scarce
    ]
    return (*overall, *single)
