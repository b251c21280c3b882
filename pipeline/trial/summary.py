"""From the raw results of a trial to its answers: one panel of arms a classifier, two questions."""

from dataclasses import replace

import numpy as np

from pipeline.params import ClassifierName, TrialParams
from pipeline.results import ClassifierVerdict, Comparison, DoseRow, Verdict
from pipeline.trial.comparison import Comparer, answer_about_gan
from pipeline.trial.panel import Panel, Scorer
from pipeline.trial.recommendation import Recommendation, without_gan
from pipeline.trial.trial import TrialData, TrialOutcome


class Summary:
    """Everything that is computed from the raw results of a trial."""

    def __init__(self, data: TrialData, params: TrialParams, outcome: TrialOutcome):
        ratio = float(np.mean([split.held_out_ratio for split in outcome.splits]))
        self._metric = params.primary_metric
        self._scorer = Scorer(data, outcome, held_out_ratio=ratio)
        self._comparer = Comparer(params, held_out_ratio=ratio)
        self._recommendation = Recommendation(data, params, outcome)
        self.panels = {name: self._panel(name) for name in params.classifiers}

    def comparisons(self, classifier: ClassifierName) -> list[Comparison]:
        """The mix against current practice, and the GAN arm against each cheap arm."""
        panel = self.panels[classifier]
        return [self._comparer.against_practice(panel), *self._comparer.against_cheap(panel)]

    def verdict(
        self, classifier: ClassifierName, comparisons: list[Comparison]
    ) -> ClassifierVerdict:
        """The two answers for one classifier."""
        panel = self.panels[classifier]
        best = panel.best_cheap(self._metric)
        closed, interval = self._comparer.gap_closed(panel, best)
        return ClassifierVerdict(
            classifier=classifier,
            verdict=comparisons[0].verdict,
            gan_verdict=answer_about_gan(comparisons),
            best_cheap=best,
            recommended_arm="mix",
            mix_words=self._recommendation.words(panel),
            gain_shares=self._recommendation.gain_shares(panel),
            gap_closed=closed,
            gap_closed_interval=interval,
        )

    def doses(self, classifier: ClassifierName, verdict: Verdict) -> list[DoseRow]:
        """Mean share and weight of each source in each class that gets rows of it."""
        return self._recommendation.doses(self.panels[classifier], verdict)

    def _panel(self, classifier: ClassifierName) -> Panel:
        arms, mixtures = self._scorer.arms(classifier), self._scorer.mixtures(classifier)
        panel = Panel(classifier, arms, mixtures)
        chose_gan = sum("gan" in mixture["mix"]["doses"] for mixture in mixtures)
        if chose_gan and answer_about_gan(self._comparer.against_cheap(panel)) != "helps":
            recommended = tuple(without_gan(mixture) for mixture in mixtures)
            panel = replace(panel, mixtures=recommended, left_out=chose_gan)
            with_gan = [mixture["mix"] for mixture in mixtures]
            arms["mix_with_gan"] = self._scorer.late("mix_with_gan", classifier, with_gan)
        chosen = [mixture["mix"] for mixture in panel.mixtures]
        arms["mix"] = self._scorer.late("mix", classifier, chosen)
        return panel
