"""The answers of a trial in words: the one owner of the sentences in which people read them.

The page, its summary, the card, the tag, the terminal and the artifacts take them from here.
"""

from collections.abc import Iterable, Sequence

from pipeline import gain, numbers
from pipeline.gain import (
    DECIDING_LEVEL,
    SHORT,
    gain_of,
    interval_words,
    other_gain_of,
    over,
    verdict_word,
)
from pipeline.metrics import DecisionRule, kind_of
from pipeline.results import (
    PANEL,
    WITH_GAN,
    Comparison,
    Question,
    RecipeAdvice,
    TrialResult,
    deciding_comparison,
    other_comparison,
)

SET: Question = gain.SET
GAN: Question = "GAN rows in the set"
RECIPE: Question = "best recipe on real rows"
SET_IN_RECIPE: Question = "set under the best recipe"
SET_QUESTION = "What changes for whoever trains on this dataset in place of the real rows"
CLASSIFIER_NAMES = {
    PANEL: "all classifiers, mean",
    "svm": "SVM",
    "logistic": "logistic regression",
    "knn": "k-NN",
    "forest": "random forest",
    "boosting": "gradient boosting",
    "cnn": "CNN",
    "tree": "decision tree",
    "mlp": "neural network",
}
USE = "Train on the dataset as it is. Row weights and other changes are not needed."
# What somebody does who makes labels of probabilities: of two classes, and of more.
TWO_CLASSES: dict[DecisionRule, str] = {
    "fixed_threshold": "keeps the threshold of one half",
    "tuned_threshold": "tunes the threshold on rows set apart",
}
MANY_CLASSES: dict[DecisionRule, str] = {
    "fixed_threshold": "takes the likeliest class",
    "tuned_threshold": "tunes a correction for rare classes on rows set apart",
}
ORIGIN_NAMES = {
    "real": "real",
    "gan": "GAN",
    "classical": "classical",
    "smote": "SMOTE",
    "deformed": "deformed",
    "copula": "copula",
    "munge": "MUNGE",
    "taught": "teacher-labelled",
    "cvae": "CVAE",
}
ORIGIN_MEANINGS = {
    "gan": "drawn by the GAN",
    "classical": "affine copies of real rows",
    "smote": "points between real rows of a class",
    "deformed": "real rows, smoothly deformed towards others of their class",
    "copula": "drawn from a Gaussian copula of each class: columns and correlations of the real "
    "rows",
    "munge": "real rows, each with cells exchanged with its nearest row of the class",
    "taught": "made rows, labelled by an ensemble that was trained on the real ones",
    "cvae": "drawn by a conditional variational autoencoder",
}


def interval_note(result: TrialResult) -> str:
    """What every interval of a gain is, and which end of it decides; to be said once."""
    comparison = deciding_comparison(result, SET)
    level = comparison.interval_points.level if comparison else DECIDING_LEVEL
    space = numbers.NARROW_SPACE
    return (
        f"Each gain is a mean of paired differences, with its {100 * level:g}{space}% confidence "
        f"interval. Its lower end is the one-sided {50 + 50 * level:g}{space}% bound, and it "
        f"decides: rows help only if it lies above {_asked(result)}. Rows harm only if the upper "
        "end lies below zero. In every other case there is no evidence."
    )


def headline(result: TrialResult) -> str:
    """The first answer, and whether the version is promoted."""
    promoted = "and is promoted" if result.promoted else "so it is not promoted"
    first = f"{set_sentence(result).removesuffix('.')}, {promoted}."
    return " ".join(part for part in (first, other_sentence(result)) if part)


def set_sentence(result: TrialResult) -> str:
    """What changes for somebody who trains on the dataset in place of the real rows."""
    comparison = deciding_comparison(result, SET)
    if comparison is None:
        return "The dataset was not compared with the real rows."
    if not result.other_comparisons:
        return numbers.capital(_set_clause(result, comparison, _mean_of(result.consumers)))
    clause = _set_clause(result, comparison, _mean_of(result.consumers))
    return f"For whoever {_does(result, comparison.rule)}, {clause}"


def other_sentence(result: TrialResult) -> str:
    """The same for somebody who makes labels by the other rule; "" where it was not asked."""
    comparison = other_comparison(result)
    if comparison is None:
        return ""
    clause = _set_clause(result, comparison, "")
    return f"For whoever {_does(result, comparison.rule)}, {clause}"


def set_question(result: TrialResult) -> str:
    """The first question; where it was asked twice, of whom."""
    if not result.other_comparisons:
        return f"{SET_QUESTION}?"
    return f"{SET_QUESTION}, and {_does(result, result.consumer)}?"


def other_question(result: TrialResult) -> str:
    """The first question as it was asked of somebody who makes labels by the other rule."""
    rules = {one.rule for one in result.other_comparisons}
    return f"{SET_QUESTION}, and {_does(result, rules.pop())}?" if rules else ""


def consumers_sentence(result: TrialResult, *, by_other_rule: bool = False) -> str:
    """Between which classifiers the gain of the dataset lies; "" for one alone."""
    found = {
        name: other_comparison(result, name)
        if by_other_rule
        else deciding_comparison(result, SET, name)
        for name in result.consumers
    }
    gains = {name: one.mean_points for name, one in found.items() if one is not None}
    if len(gains) < 2:
        return ""
    least, most = min(gains, key=gains.__getitem__), max(gains, key=gains.__getitem__)
    return (
        f"By classifier, the gain goes from {numbers.points(gains[least])} points "
        f"({classifier_name(least)}) to {numbers.points(gains[most])} points "
        f"({classifier_name(most)}), each against the baseline that it is least sure to beat."
    )


def rows_sentence(result: TrialResult) -> str:
    """What the dataset holds, by source."""
    rows = rows_by_origin(result)
    total = sum(rows.values())
    if not total:
        return ""
    if set(rows) <= {"real"}:
        return f"The dataset holds the {numbers.counted(total, 'real row')} and nothing else."
    told = [
        f"{numbers.count(n)} {origin_name(origin)} ({_share(n, total)})"
        for origin, n in rows.items()
    ]
    return f"The dataset holds {numbers.counted(total, 'row')}: {numbers.listed(told)}."


def gan_sentence(result: TrialResult) -> str:
    """What the GAN's rows add to the dataset, and so whether they are in it."""
    comparison = deciding_comparison(result, GAN)
    if comparison is None:
        return "No set with GAN rows was compared, so the dataset holds none."
    kept = (
        "the dataset holds them" if result.recommended_arm == WITH_GAN else "the dataset holds none"
    )
    if not any(comparison.gains_points):
        return (
            "The best set with GAN rows scores as the best set without them does in every "
            f"replicate: {_outcome(result, comparison, 'they')}, so {kept}."
        )
    return (
        "With GAN rows in place of other added rows, the best set "
        f"{_change(result, comparison)}: {_outcome(result, comparison, 'they')}, so {kept}."
    )


def what_to_do(result: TrialResult) -> str:
    """How to use the dataset; what is not proven is not advised."""
    keep = f"Keep training on {over(result.reference_arm)}"
    if result.verdict == "helps":
        return f"{USE}{_unless_other(result)}"
    if result.verdict == "harms":
        return f"{keep}: the dataset is worse."
    if gain_of(result).word == SHORT:
        return (
            f"{keep}, unless a gain below {numbers.amount(result.min_gain_points)} points is worth "
            "the change to you: the dataset is better, but not surely by as much."
        )
    return f"{keep}: nothing shows that the dataset is better."


def recipe_sentences(result: TrialResult) -> tuple[str, ...]:
    """For whoever may change training code: advice, and never the gain of the dataset."""
    return tuple(_recipe_sentence(result, one) for one in result.advice)


def power_sentence(result: TrialResult) -> str:
    """The smallest gain of the dataset that the trial could see, so that a miss is read rightly."""
    comparison = deciding_comparison(result, SET)
    if comparison is None or not comparison.detectable_points:
        return "“No evidence” does not mean “no effect”: the trial may have been too small."
    more = comparison.replicates_to_settle
    settled = (
        f" About {numbers.count(more)} replicates would show a gain as large as the one found."
        if more is not None and comparison.verdict == "no evidence"
        else ""
    )
    return (
        f"With {numbers.counted(result.replicates, 'replicate')} a true gain of "
        f"{numbers.amount(comparison.detectable_points)} points is found in 80 % of trials. "
        f"Smaller gains are missed more often, so “no evidence” does not mean “no effect”.{settled}"
    )


def rows_by_origin(result: TrialResult) -> dict[str, int]:
    """Source → rows of the dataset, real first; sources without rows are left out."""
    rows = {"real": sum(row.in_set.get("real", row.n_real) for row in result.classes)}
    for row in result.classes:
        for origin, n in row.in_set.items():
            if origin != "real":
                rows[origin] = rows.get(origin, 0) + n
    return {origin: n for origin, n in rows.items() if n}


def origin_name(origin: str) -> str:
    """What people call a source of rows."""
    return ORIGIN_NAMES.get(origin, numbers.visible(origin))


def origins_note(origins: Iterable[str]) -> str:
    """What each source of added rows is; "" where no rows were added."""
    told = [
        f"{origin_name(origin)}: {ORIGIN_MEANINGS[origin]}"
        for origin in origins
        if origin in ORIGIN_MEANINGS
    ]
    return f"{numbers.capital('; '.join(told))}." if told else ""


def classifier_name(name: str) -> str:
    """What people call a classifier, or the mean over all of them."""
    return CLASSIFIER_NAMES.get(name, numbers.visible(name))


def _recipe_sentence(result: TrialResult, one: RecipeAdvice) -> str:
    plain = deciding_comparison(result, RECIPE, one.classifier)
    on_set = deciding_comparison(result, SET_IN_RECIPE, one.classifier)
    rows = "the dataset" if one.on_set else "the real rows"
    name, words = classifier_name(one.classifier), numbers.inline(one.words)
    parts = [f"{name}: the best recipe that was found is {words}, on {rows}"]
    if plain is not None:
        parts.append(
            f"On the real rows this recipe {_change(result, plain)}: "
            f"{_outcome(result, plain, 'it')}"
        )
    if on_set is not None:
        parts.append(
            "Under this recipe, the dataset in place of the real rows "
            f"{_change(result, on_set)}: {_outcome(result, on_set, 'it')}"
        )
    return " ".join(f"{part.rstrip('.')}." for part in parts)


def _outcome(result: TrialResult, comparison: Comparison, who: str) -> str:
    """What a comparison says, at the end of a sentence."""
    one, least = who == "it", result.min_gain_points
    if verdict_word(comparison.verdict, comparison.interval_points, least=least) == SHORT:
        asked = numbers.amount(least)
        return (
            f"{who} {'is' if one else 'are'} better, but not surely by the {asked} points asked for"
        )
    verdict = comparison.verdict
    if verdict == "no evidence":
        return f"no evidence that {who} {'helps' if one else 'help'}"
    return f"{who} {verdict if one else verdict.removesuffix('s')}"


def _set_clause(result: TrialResult, comparison: Comparison, mean_of: str) -> str:
    """What the dataset does for somebody, as a sentence that may follow another's beginning."""
    baseline, found = over(comparison.reference), _outcome(result, comparison, "it")
    if not any(comparison.gains_points):
        return f"training on this dataset scores as training on {baseline} does: {found}."
    return (
        f"training on this dataset instead of {baseline} "
        f"{_change(result, comparison)}{mean_of}: {found}."
    )


def _unless_other(result: TrialResult) -> str:
    """For whom the dataset is not shown to help, where both were asked."""
    other = other_gain_of(result)
    if other is None or other.rule is None or other.verdict == "helps":
        return ""
    return f" For whoever {_does(result, other.rule)}, nothing shows that it is better."


def _does(result: TrialResult, rule: DecisionRule) -> str:
    """What somebody does who makes labels by a rule; of two classes a rule is a threshold."""
    return (TWO_CLASSES if len(result.classes) == 2 else MANY_CLASSES)[rule]


def _change(result: TrialResult, comparison: Comparison) -> str:
    """By how much a metric changes; of a loss by how much it falls, so that more is better."""
    metric = comparison.metric
    least = result.min_gain_points
    interval = interval_words(comparison.interval_points, least=least, metric=metric)
    verb, unit = "changes", ""
    if kind_of(metric).is_loss:
        nats = " nats" if kind_of(metric).unit == "nats" else ""
        verb, unit = "lowers", f"; a point is 0.01{nats}"
    return (
        f"{verb} {numbers.metric_name(metric)} on unseen data by "
        f"{numbers.points(comparison.mean_points)} points ({interval}{unit})"
    )


def _mean_of(consumers: Sequence[str]) -> str:
    return f", mean of {numbers.count(len(consumers))} classifiers" if len(consumers) > 1 else ""


def _asked(result: TrialResult) -> str:
    least = result.min_gain_points
    return f"the {numbers.amount(least)} points asked for" if least else "zero"


def _share(n: int, total: int) -> str:
    return f"{100 * n / total:.0f}{numbers.NARROW_SPACE}%"
