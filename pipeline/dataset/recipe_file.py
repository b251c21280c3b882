"""`recipe.json` of a set: the best way to train each classifier, for whoever may change code.

It is advice. What a version gains is what a plain fit on its rows gains, and needs none of it.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.errors import VersionError
from pipeline.modalities.recipe import meanings
from pipeline.results import TrialResult
from pipeline.workspace import read_json_as, write_json

RECIPE_FILE = "recipe.json"
ABOUT = (
    "Advice for whoever may change training code. For each classifier: the settings that scored "
    "best, what each of them means, and whether they scored better on the rows of `train` or on "
    "its real rows alone. The gain of this version does not rest on it: that is measured with a "
    "plain fit on the rows of `train`."
)
UNKNOWN = "A setting of the trial that this release does not explain."


class ClassifierRecipe(BaseModel):
    """How one classifier is best trained.

    Attributes:
        words: The settings in words.
        rows: "train", or "real" where it scored better on the real rows alone.
        settings: Name → value; what each means stands in `RecipeFile.meanings`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    words: str
    rows: Literal["train", "real"]
    settings: dict[str, float | bool]


class RecipeFile(BaseModel):
    """The file as a whole.

    Attributes:
        about: What it is, and what it is not.
        meanings: Name of a setting → what its values mean.
        classifiers: Name of a classifier → its recipe; empty where the trial looked for none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    about: str
    meanings: dict[str, str]
    classifiers: dict[str, ClassifierRecipe]


def write_recipe(directory: Path, result: TrialResult) -> None:
    """Write the advice of a trial into a set."""
    known = meanings()
    names = sorted({name for one in result.advice for name in one.recipe})
    content = RecipeFile(
        about=ABOUT,
        meanings={name: known.get(name, UNKNOWN) for name in names},
        classifiers={
            one.classifier: ClassifierRecipe(
                words=one.words, rows="train" if one.on_set else "real", settings=one.recipe
            )
            for one in result.advice
        },
    )
    write_json(directory / RECIPE_FILE, content.model_dump(mode="json"))


def read_recipe(directory: Path, classifier: str) -> ClassifierRecipe:
    """The recipe of one classifier in a pulled version.

    Raises:
        VersionError: the version has none, or none for that classifier.
        ArtifactError: the file is damaged.
    """
    if not (directory / RECIPE_FILE).is_file():
        raise VersionError(
            f"{directory} has no {RECIPE_FILE}: the version was made before recipes came with "
            "versions. Load it without `recipe=True`, or pull a newer version."
        )
    found = read_json_as(directory / RECIPE_FILE, RecipeFile).classifiers
    if classifier not in found:
        names = ", ".join(f"`{name}`" for name in found) or "none"
        raise VersionError(
            f"{RECIPE_FILE} of this version has no recipe for the classifier `{classifier}` (it "
            f"has {names}). Load the version without `recipe=True`."
        )
    return found[classifier]
