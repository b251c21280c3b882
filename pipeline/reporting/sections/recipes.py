"""Advice for whoever may change training code: the best recipe, with and without the dataset."""

from pipeline import answers, numbers
from pipeline.reporting.blocks import Block, Fold, Grid, Section, Text, only
from pipeline.reporting.gains import gains_table
from pipeline.reporting.material import Material
from pipeline.reporting.sections.comparison import arms_table
from pipeline.reporting.tables import Cell, Column, Table
from pipeline.results import RecipeAdvice

WHAT = (
    "This is advice, and not the gain of this version. It is for whoever may change the code that "
    "trains. The gain of the version needs no such change."
)


def build(material: Material) -> Section | None:
    """Nothing where no recipe was looked for."""
    advice = material.result.advice
    if not advice:
        return None
    names = [one.classifier for one in advice]
    blocks: list[Block | None] = [
        Text(WHAT, "lead"),
        *map(Text, answers.recipe_sentences(material.result)),
        Grid(
            gains_table(
                material,
                answers.RECIPE,
                names,
                key="recipe-gains",
                caption="Gain of the best recipe on the real rows, in points",
            )
        ),
        Grid(
            gains_table(
                material,
                answers.SET_IN_RECIPE,
                names,
                key="set-in-recipe",
                caption="Gain of the dataset under the best recipe, in points",
            )
        ),
        Fold(
            "Every recipe that was tried, and the settings of the best",
            only([*(Grid(_recipes(material, one)) for one in names), Grid(settings_table(advice))]),
        ),
    ]
    return Section("recipes", "Advice: a better way to train", only(blocks))


def settings_table(advice: tuple[RecipeAdvice, ...]) -> Table:
    """The settings of each best recipe, by their names in recipe.json."""
    return Table(
        key="recipes",
        caption="Settings of the best recipe",
        columns=(Column("Classifier"), Column("Setting"), Column("Value", "number")),
        rows=tuple(
            (
                Cell(numbers.capital(answers.classifier_name(one.classifier)), one.classifier),
                Cell(numbers.visible(name)),
                Cell(f"{float(value):g}", float(value)),
            )
            for one in advice
            for name, value in one.recipe.items()
        ),
        note="The file recipe.json of the dataset says what each setting means.",
    )


def _recipes(material: Material, classifier: str) -> Table:
    shown = [
        arm
        for arm in material.arms(classifier)
        if arm.family == "recipe" or arm.arm in ("real", material.result.recommended_arm)
    ]
    return arms_table(material, classifier, recipes=shown)
