from pipeline.modalities.recipe import Recipe, TrainingSet
from pipeline.trial.learners import fit
from pipeline.trial.scores import score
from tests.trial.stand_ins import digits

SCARCE = digits([60, 60, 60, 8, 8, 8])
UNSEEN = digits([40] * 6, skip=60)


def balanced_accuracy(recipe):
    fitted = fit("svm", TrainingSet(SCARCE), recipe, steps=1, seed=0)
    guess = fitted.probabilities(UNSEEN).argmax(axis=1)
    return score(UNSEEN.labels, guess)["balanced_accuracy"]


def test_logit_adjustment_of_an_svm_is_an_honest_rival():
    """Margins taken for log-odds lost 25 points on digits and were no baseline at all."""
    assert balanced_accuracy(Recipe(logit_tau=1.0)) >= balanced_accuracy(Recipe()) - 0.01
