"""Training: the losses, the discriminator's accuracy around one half, coverage, and the end."""

from typing import Any

from pipeline import numbers
from pipeline.reporting.blocks import Block, Figure, Figures, Fold, Grid, Section, Text, only
from pipeline.reporting.figures import Line, chart, legend_of, thinned
from pipeline.reporting.marks import Tone
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, name_cell

History = tuple[dict[str, Any], ...]

LOSSES: tuple[tuple[str, Tone, str], ...] = (
    ("generator_loss", "gan", "generator"),
    ("discriminator_loss", "real", "discriminator"),
)
ACCURACIES: tuple[tuple[str, Tone, str], ...] = (
    ("accuracy_real", "real", "on real"),
    ("accuracy_fake", "gan", "on synthetic"),
)
WATCHED = ("coverage", "precision", "diversity", "agreement")
ENDINGS = {
    "steps": "It took all the steps that it was given.",
    "plateau": "It stopped because the samples no longer improved.",
    "time": "It stopped because its time was up.",
    "collapse": "It stopped because a class collapsed.",
    "divergence": "It stopped because it diverged.",
}
HASH_SHOWN = 12
READING = (
    "Generator and discriminator play against each other, so neither loss has to fall: a healthy "
    "game is one where both stay level. When the discriminator is right about half of the time on "
    "real and on synthetic samples, either it can no longer tell them apart, or it is too weak to. "
    "Coverage tells the two apart: it is the share of real samples with a synthetic one nearby, "
    "and it falls when a class collapses to {collapsed}."
)


def build(material: Material) -> Section:
    """The story of the shipped generator's training."""
    history = material.history
    if not history:
        text = "The generator's training left no history in this run."
        return Section("training", "Training", (Text(text),))
    reading = READING.format(collapsed=material.words.collapsed)
    drawn = [_losses(history), _accuracies(history), _coverage(material)]
    blocks: list[Block | None] = [
        Text(_sentence(material), "lead"),
        Figures(tuple(figure for figure in drawn if figure is not None)),
        Fold("Class by class, at the step that was kept", only([Grid(watch_table(material))])),
        Fold("How to read these curves", (Text(reading),)),
    ]
    return Section("training", "Training", only(blocks))


def watch_table(material: Material) -> Table:
    """What the watch over the training saw of every class at the kept step."""
    row = _kept_row(material)
    measures = [name for name in WATCHED if len(row.get(name, ())) == len(material.schema.classes)]
    return Table(
        key="watch",
        caption="The generator's samples of every class against real ones, while it trained",
        columns=(Column("Class"), *(Column(name.capitalize(), "number") for name in measures)),
        rows=tuple(
            (
                name_cell(class_name),
                *(_measured(row[measure][place]) for measure in measures),
            )
            for place, class_name in enumerate(material.schema.classes)
        )
        if measures
        else (),
        note="Coverage and precision as under Fidelity; diversity over that of real samples; "
        "agreement is the share whose nearest real sample is of the class asked for.",
    )


def _measured(value: float | None) -> Cell:
    """Nothing is said of the diversity of a class whose reals are all equal."""
    return Cell("–", None) if value is None else Cell(f"{value:.2f}", value)


def _sentence(material: Material) -> str:
    return " ".join(
        filter(None, (_start(material), _ending(material), _accuracy(material.history)))
    )


def _start(material: Material) -> str:
    """From which version's generator it started, or why it did not; empty where nobody asked."""
    start = material.generator.get("config", {}).get("start")
    if not start:
        return ""
    version = numbers.visible(str(start["version"]))
    if start.get("generator"):
        name = f"{start['generator'][:HASH_SHOWN]} of version {version}"
        return f"The training started from the generator {name}, not from zero."
    reason = numbers.visible(str(start.get("reason", "")))
    return f"The training began from zero and not from version {version}: {reason}"


def _ending(material: Material) -> str:
    ending = material.generator.get("config", {}).get("ending", {})
    last = int(material.history[-1]["step"])
    steps = numbers.counted(int(ending.get("stopped_at_step", last)), "step")
    why = str(ending.get("message") or ENDINGS.get(str(ending.get("reason")), ""))
    kept = int(ending.get("kept_step", last))
    shipped = f" The generator of step {numbers.count(kept)} is the one shipped." if ending else ""
    return f"The generator was trained for {steps}. {numbers.prose(why)}{shipped}"


def _accuracy(history: History) -> str:
    last_tenth = history[-max(1, len(history) // 10) :]
    rates = [row[key] for row in last_tenth for key, _, _ in ACCURACIES if row.get(key) is not None]
    if not rates:
        return ""
    share = f"{100 * sum(rates) / len(rates):.0f}{numbers.NARROW_SPACE}%"
    return (
        f"Over the last tenth of the training the discriminator was right {share} of the time; one "
        "half is the classic sign of equilibrium."
    )


def _watched_rows(material: Material) -> list[dict[str, Any]]:
    n_classes = len(material.schema.classes)
    return [row for row in material.history if len(row.get("coverage", ())) == n_classes]


def _kept_row(material: Material) -> dict[str, Any]:
    """The last look at or before the kept step; empty where nobody looked."""
    ending = material.generator.get("config", {}).get("ending", {})
    rows = _watched_rows(material)
    kept = ending.get("kept_step", rows[-1]["step"] if rows else 0)
    return next((row for row in reversed(rows) if row["step"] <= kept), {})


def _losses(history: History) -> Figure | None:
    lines = _lines(history, LOSSES)
    if not lines:
        return None
    svg = chart(lines, x_label="training step", y_label="loss")
    alt = _ends_in_words("Losses", lines)
    return Figure(svg, alt, "Losses of generator and discriminator.", legend_of(lines))


def _accuracies(history: History) -> Figure | None:
    lines = _lines(history, ACCURACIES)
    if not lines:
        return None
    svg = chart(
        lines,
        x_label="training step",
        y_label="discriminator right",
        rule=(0.5, "one half"),
        y_range=(0.0, 1.02),
        is_percent=True,
    )
    alt = _ends_in_words("Share of samples that the discriminator judges rightly", lines)
    caption = "How often the discriminator is right on real and on synthetic samples."
    return Figure(svg, alt, caption, legend_of(lines))


def _coverage(material: Material) -> Figure | None:
    """Coverage of every class as thin lines, their mean, and the class that ends lowest."""
    rows = _watched_rows(material)
    if len(rows) < 2:
        return None
    steps = [float(row["step"]) for row in rows]
    curves = [list(curve) for curve in zip(*(row["coverage"] for row in rows), strict=True)]
    worst = min(range(len(curves)), key=lambda label: curves[label][-1])
    mean = [sum(row["coverage"]) / len(curves) for row in rows]
    named = f"class {numbers.visible(material.schema.classes[worst])}, lowest"
    lines = [
        *(Line(steps, curve, "none", "") for label, curve in enumerate(curves) if label != worst),
        Line(steps, mean, "gan", "mean of classes"),
        Line(steps, curves[worst], "harms", named),
    ]
    svg = chart(
        lines, x_label="training step", y_label="coverage", y_range=(0.0, 1.02), is_percent=True
    )
    alt = _ends_in_words(f"Coverage of each class at {len(rows)} checks", lines[-2:])
    caption = "Coverage of every class over time; thin lines are single classes."
    return Figure(svg, alt, caption, legend_of(lines))


def _lines(history: History, columns: tuple[tuple[str, Tone, str], ...]) -> list[Line]:
    found = []
    for key, tone, label in columns:
        rows = [row for row in history if row.get(key) is not None]
        if rows:
            steps = thinned([float(row["step"]) for row in rows])
            found.append(Line(steps, thinned([float(row[key]) for row in rows]), tone, label))
    return found


def _ends_in_words(what: str, lines: list[Line]) -> str:
    parts = [f"{line.label} from {line.y[0]:.2f} to {line.y[-1]:.2f}" for line in lines]
    return f"{what} over training: {numbers.listed(parts)}."
