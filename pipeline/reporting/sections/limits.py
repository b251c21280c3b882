"""Limits in plain words: what this report does not say."""

from pipeline import numbers
from pipeline.reporting.blocks import Block, Fold, Items, Section, Text, only
from pipeline.reporting.material import Material

ALWAYS = (
    (
        "The answers hold for these classes, this amount of data and these classifiers. With more "
        "real samples, or another model, run the trial again."
    ),
    (
        "Held-out samples come from the same source as the training samples. Data from "
        "{elsewhere} may behave otherwise."
    ),
    (
        "Synthetic samples can only repeat what the real ones show, errors and gaps of the labels "
        "included."
    ),
)
MADE_FOR = (
    "Training classifiers of these classes on the dataset as it is.",
    "Looking into what a generator has learned of each class.",
)
NOT_MADE_FOR = (
    "Testing or validating a model: a test set with synthetic rows measures the generator.",
    "Counting how common a class, or anything in the samples, is in the world.",
    "Passing data on as anonymous: the real rows are inside, and the synthetic ones learned them.",
)
FEW_REPLICATES = 10


def build(material: Material) -> Section:
    """The trial's own notes first, then what is always true."""
    notes = [numbers.prose(note) for note in material.result.notes]
    notices = [numbers.prose(notice.get("message", "")) for notice in material.notices]
    always = (text.format(elsewhere=material.words.elsewhere) for text in ALWAYS)
    noticed = Items(tuple(notices) or ("Nothing.",))
    blocks: list[Block | None] = [
        Items((*notes, *_few(material.result.replicates), *always)),
        Text("Made for:", "heading"),
        Items(MADE_FOR),
        Text("Not made for:", "heading"),
        Items(NOT_MADE_FOR),
        Fold("What was noticed while the data were read", (noticed,)),
    ]
    return Section("limits", "Limits and intended use", only(blocks))


def _few(replicates: int) -> list[str]:
    if replicates >= FEW_REPLICATES:
        return []
    counted = numbers.counted(replicates, "replicate")
    return [f"The intervals rest on {counted} and are as wide as so few make them."]
