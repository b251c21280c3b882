"""The first answer for each classifier: the dataset against either baseline."""

from pipeline import answers, numbers
from pipeline.reporting.blocks import Grid, Section, Text, only
from pipeline.reporting.gains import gains_table, legend_of
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Table
from pipeline.results import PANEL


def build(material: Material) -> Section:
    """A row a classifier on one axis, the mean over all of them first."""
    names = [answers.classifier_name(name) for name in material.result.consumers]
    intro = (
        f"{numbers.counted(len(names), 'classifier was', 'classifiers were')} trained on each set "
        f"of rows by a plain fit: {numbers.listed(names)}. A plain fit has no row weights, no "
        "augmentation and no class weights. In every replicate the rows, the seeds and the "
        "generator are new. Small dots are replicates, the large dot is their mean."
    )
    shown = Grid(consumers_table(material), legend_of(material, answers.SET))
    title = "What the dataset changes for each classifier"
    return Section("consumers", title, only([Text(intro), shown]))


def consumers_table(material: Material) -> Table:
    """The gain of the dataset under each classifier, against either baseline."""
    metric = numbers.metric_name(material.result.primary_metric)
    return gains_table(
        material,
        answers.SET,
        (PANEL, *material.result.consumers),
        key="consumers",
        caption=f"Gain of the dataset in points of {metric}, with its interval",
        note="The verdict is that against both baselines. The mean over all classifiers decides on "
        "promotion; among single classifiers some seem to gain or to lose by chance. The test "
        "split was scored once, as a confirmation: nothing was chosen by it.",
    )
