"""A trial's result with everything in it, for the tests of whatever shows results."""

from typing import Any

from pipeline.results import (
    ArmFamily,
    ArmScore,
    ClassifierVerdict,
    ClassRow,
    Comparison,
    CopiesResult,
    CurationRow,
    DoseRow,
    FidelityRow,
    GainShare,
    Interval,
    LearningPoint,
    Question,
    TrialResult,
)

CLASSES = tuple(str(digit) for digit in range(10))
IS_SCARCE = {name: int(name) >= 5 for name in CLASSES}

ARMS: tuple[tuple[str, str, ArmFamily, tuple[float, ...]], ...] = (
    ("real", "Real samples only", "cheap", (0.941, 0.955, 0.949)),
    ("balanced", "Class-balanced sampling", "cheap", (0.957, 0.968, 0.961)),
    ("class_weights", "Class weights", "cheap", (0.962, 0.971, 0.964)),
    ("logit_adjustment", "Logit adjustment", "cheap", (0.960, 0.973, 0.966)),
    ("classical_balanced", "Affine copies, balanced", "cheap", (0.969, 0.976, 0.971)),
    ("gan", "GAN samples on top of real only", "synthetic", (0.952, 0.966, 0.957)),
    ("best_cheap_gan", "GAN samples on the best cheap arm", "synthetic", (0.970, 0.976, 0.969)),
    ("mix", "Recommended mix", "mix", (0.971, 0.978, 0.972)),
    ("ceiling", "Filled with real samples", "ceiling", (0.986, 0.991, 0.988)),
)


def example_result(**changes: Any) -> TrialResult:
    """A plausible result on digits: the mix helps, the GAN adds nothing measurable."""
    result = TrialResult(
        primary_metric="balanced_accuracy",
        primary_classifier="cnn",
        current_practice="balanced",
        best_cheap="classical_balanced",
        recommended_arm="mix",
        promote_rule="mix",
        min_gain_points=0.0,
        replicates=3,
        verdict="helps",
        gan_verdict="no evidence",
        promoted=True,
        arms=tuple(_arm(*arm, classifier) for classifier in ("cnn", "svm") for arm in ARMS),
        comparisons=tuple(
            comparison for name in ("cnn", "svm") for comparison in _comparisons(name)
        ),
        verdicts=tuple(_verdict(name) for name in ("cnn", "svm")),
        gain_shares=_verdict("cnn").gain_shares,
        gap_closed=-0.02,
        gap_closed_interval=Interval(low=-0.21, high=0.17),
        recommended_weight={"real": 1.0, "gan": 0.0, "classical": 0.42, "smote": 0.0},
        doses=tuple(_dose(name) for name in CLASSES if IS_SCARCE[name]),
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
            "The light preset left out: SMOTE, conditional VAE, mixup, two of three classifiers.",
            "Class 5 has 10 real samples: its recall rests on 10 held-out samples.",
        ),
    )
    return result.model_copy(update=changes)


def _arm(
    name: str, title: str, family: ArmFamily, values: tuple[float, ...], classifier: str
) -> ArmScore:
    lower = 0.0 if classifier == "cnn" else 0.02
    values = tuple(round(value - lower, 4) for value in values)
    mean = sum(values) / len(values)
    return ArmScore(
        arm=name,
        title=title,
        family=family,
        classifier=classifier,
        settings=f"{title}: 600 steps of AdamW.",
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


def _comparisons(classifier: str) -> list[Comparison]:
    def compare(
        question: Question, arm: str, reference: str, gains: tuple[float, ...], half_width: float
    ) -> Comparison:
        mean = sum(gains) / len(gains)
        lower, upper = mean - half_width, mean + half_width
        return Comparison(
            question=question,
            classifier=classifier,
            metric="balanced_accuracy",
            arm=arm,
            reference=reference,
            gains_points=gains,
            mean_points=mean,
            interval_points=Interval(low=mean - 1.4 * half_width, high=mean + 1.4 * half_width),
            lower_bound_points=lower,
            upper_bound_points=upper,
            detectable_points=2.1 * half_width,
            replicates_to_settle=None if lower > 0 else 14,
            test_gain_points=mean - 0.1,
            verdict="helps" if lower > 0 else "harms" if upper < 0 else "no evidence",
        )

    return [
        compare("mix against current practice", "mix", "balanced", (1.4, 1.0, 1.1), 0.6),
        compare("gan against cheap", "best_cheap_gan", "classical_balanced", (0.1, 0.0, -0.2), 0.4),
        compare("gan against cheap", "best_cheap_gan", "logit_adjustment", (1.0, 0.3, 0.3), 1.1),
    ]


def _verdict(classifier: str) -> ClassifierVerdict:
    return ClassifierVerdict(
        classifier=classifier,
        verdict="helps",
        gan_verdict="no evidence",
        best_cheap="classical_balanced",
        recommended_arm="mix",
        mix_words="Augment while training (affine, mild) and sample the classes equally often.",
        gain_shares=(
            GainShare(origin="training", points=0.8),
            GainShare(origin="classical", points=0.37),
            GainShare(origin="smote", points=0.0),
            GainShare(origin="gan", points=0.0),
        ),
        gap_closed=-0.02,
        gap_closed_interval=Interval(low=-0.21, high=0.17),
    )


def _dose(name: str) -> DoseRow:
    return DoseRow(classifier="cnn", class_name=name, origin="classical", share=0.4, weight=0.42)


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
        dose={"gan": 0.0, "classical": 0.4} if scarce else {},
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
