"""The second answer: what the GAN's rows add to the set, for each classifier."""

from pipeline import answers
from pipeline.reporting.blocks import Grid, Section, Text, only
from pipeline.reporting.gains import gains_table
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Table
from pipeline.results import PANEL

HOW = (
    "Both sets were searched for with equal effort. The set without GAN rows may take their place "
    "with rows of every other source."
)


def build(material: Material) -> Section:
    """The best set with GAN rows against the best set without them."""
    lead = Text(answers.gan_sentence(material.result), "lead")
    shown = Grid(gan_table(material))
    return Section("gan", "What the GAN rows add", only([lead, Text(HOW), shown]))


def gan_table(material: Material) -> Table:
    """The gain of GAN rows in the set under each classifier."""
    return gains_table(
        material,
        answers.GAN,
        (PANEL, *material.result.consumers),
        key="gan",
        caption="Gain of the best set with GAN rows over the best set without, in points",
    )
