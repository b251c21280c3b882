"""What a trial recommends: how to train, on which rows with which weight, and what each brought."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.params import ClassifierName, TrialParams
from pipeline.results import DoseRow, GainShare, Origin, Verdict
from pipeline.trial.comparison import POINTS
from pipeline.trial.panel import Panel
from pipeline.trial.plan import effort_for
from pipeline.trial.scores import score
from pipeline.trial.shares import share_to_weight
from pipeline.trial.trial import TrialData, TrialOutcome


class Recommendation:
    """The recommended mix of each classifier in numbers and words."""

    def __init__(self, data: TrialData, params: TrialParams, outcome: TrialOutcome):
        self._data, self._params, self._outcome = data, params, outcome
        self._metric = params.primary_metric

    def doses(self, panel: Panel, verdict: Verdict) -> list[DoseRow]:
        """Mean share and weight of each source in each class that gets rows of it.

        Where the mix was shown to harm, its shares are told and every weight is 0.
        """
        counts = self._data.shipped_real.counts()
        classes = self._data.development.schema.classes
        shares = {
            origin: self._mean_shares(panel, origin) for origin in self._origins(panel.classifier)
        }
        real_share = 1.0 - np.sum(list(shares.values()), axis=0)
        rows = []
        for origin, of_classes in shares.items():
            for label, name in enumerate(classes):
                share = float(of_classes[label])
                if self._data.requested.get(name, 0):
                    weight = share_to_weight(
                        0.0 if verdict == "harms" else share,
                        real_share=float(real_share[label]),
                        n_real=counts[name],
                        n_rows=self._weighed_rows(origin, label),
                    )
                    rows.append(
                        DoseRow(
                            classifier=panel.classifier,
                            class_name=name,
                            origin=origin,
                            share=share,
                            weight=weight,
                        )
                    )
        return rows

    def _weighed_rows(self, origin: Origin, label: int) -> int:
        """Rows of a class that carry a source's weight: of the GAN's only those accepted do."""
        requested = self._data.requested[self._data.development.schema.classes[label]]
        if origin != "gan":
            return requested
        shipped = self._outcome.shipped
        accepted = np.asarray(shipped["accepted"], bool)[np.asarray(shipped["label"]) == label]
        return min(requested, int(accepted.sum()))

    def gain_shares(self, panel: Panel) -> tuple[GainShare, ...]:
        """What training and each origin brought, by the mix as it grew in each replicate."""
        truths = [self._data.development.labels[s.held_out] for s in self._outcome.splits]
        current = panel.values(self._params.current_practice, self._metric)
        brought: dict[str, list[float]] = {"training": []}
        for replicate, mixture in enumerate(panel.mixtures):
            before = float(current[replicate])
            for step in mixture["mix_steps"]:
                after = score(truths[replicate], np.asarray(step["held_out"]))[self._metric]
                origin = step["origins"][-1] if step["origins"] else "training"
                brought.setdefault(origin, []).append(after - before)
                before = after
        count = len(panel.mixtures)
        origins = ("training", *self._origins(panel.classifier))
        return tuple(
            GainShare(origin=origin, points=float(sum(brought.get(origin, ())) / count * POINTS))
            for origin in origins
        )

    def words(self, panel: Panel) -> str:
        """The mix in a sentence: how most replicates trained, and on which rows."""
        settings = [m["mix"]["settings"] for m in panel.mixtures]
        most = max(dict.fromkeys(settings), key=settings.count)
        agreed = f"chosen in {settings.count(most)} of {len(settings)} replicates"
        parts = [
            f"{origin} rows {100 * share:.0f} %"
            for origin in self._origins(panel.classifier)
            if (share := float(self._mean_shares(panel, origin).max())) > 0
        ]
        rows = f"; of a scarce class's draws at most {', '.join(parts)}" if parts else ""
        unproven = (
            f"; GAN rows, which {panel.left_out} of {len(settings)} replicates chose as well, are "
            "left out, since nothing shows that they help"
            if panel.left_out
            else ""
        )
        return f"Training: {most} ({agreed}){rows or '; no extra rows'}{unproven}."

    def _origins(self, classifier: ClassifierName) -> tuple[Origin, ...]:
        """The sources of rows that the mix could draw on."""
        return effort_for(self._params, classifier).origins

    def _mean_shares(self, panel: Panel, origin: Origin) -> np.ndarray:
        classes = len(self._data.development.schema.classes)
        each = [
            np.asarray(m["mix"]["doses"].get(origin, np.zeros(classes))) for m in panel.mixtures
        ]
        return np.asarray(np.mean(each, axis=0))


def without_gan(mixture: Mapping[str, Any]) -> dict[str, Any]:
    """The mixture as it had grown before GAN rows came in."""
    steps = [step for step in mixture["mix_steps"] if "gan" not in step["origins"]]
    last, mix = steps[-1], mixture["mix"]
    doses = {origin: dose for origin, dose in mix["doses"].items() if origin in last["origins"]}
    grown = {"held_out": last["held_out"], "test": last["test"]}
    return {**mixture, "mix": {**mix, **grown, "doses": doses}, "mix_steps": steps}
