"""Training: the losses, the discriminator's accuracy around one half, coverage, and the end."""

import math
from typing import Any

from pipeline.reporting import numbers
from pipeline.reporting.blocks import Block, Figure, Figures, Fold, Section, Text, only
from pipeline.reporting.figures import Line, chart, legend_of, thinned
from pipeline.reporting.marks import Tone
from pipeline.reporting.material import Material

History = tuple[dict[str, Any], ...]

LOSSES: tuple[tuple[str, Tone, str], ...] = (
    ("generator_loss", "gan", "generator"),
    ("discriminator_loss", "real", "discriminator"),
)
ACCURACIES: tuple[tuple[str, Tone, str], ...] = (
    ("accuracy_real", "real", "on real"),
    ("accuracy_fake", "gan", "on synthetic"),
)
READING = (
    "Generator and discriminator play against each other, so neither loss has to fall: a healthy "
    "game is one where both stay level. When the discriminator is right about half of the time on "
    "real and on synthetic samples, either it can no longer tell them apart, or it is too weak to. "
    "Coverage tells the two apart: it is the share of real samples with a synthetic one nearby, "
    "and it falls when a class collapses to a few pictures."
)


def build(material: Material) -> Section:
    """The story of the shipped generator's training."""
    history = material.history
    if not history:
        text = "The generator's training left no history in this run."
        return Section("training", "Training", (Text(text),))
    drawn = [_losses(history), _accuracies(history), _coverage(history)]
    blocks: list[Block | None] = [
        Text(_sentence(material), "lead"),
        Figures(tuple(figure for figure in drawn if figure is not None)),
        Fold("How to read these curves", (Text(READING),)),
    ]
    return Section("training", "Training", only(blocks))


def _sentence(material: Material) -> str:
    history = material.history
    steps = numbers.counted(int(history[-1]["step"]), "step")
    stop = str(material.generator.get("stop_reason", "")).rstrip(".")
    ended = f" and stopped because {numbers.visible(stop)}" if stop else ""
    first = f"The generator was trained for {steps}{ended}."
    last_tenth = history[-max(1, len(history) // 10) :]
    rates = [row[key] for row in last_tenth for key, _, _ in ACCURACIES if row.get(key) is not None]
    if not rates:
        return first
    share = f"{100 * sum(rates) / len(rates):.0f}{numbers.NARROW_SPACE}%"
    return (
        f"{first} Over the last tenth of them the discriminator was right {share} of the time; one "
        "half is the classic sign of equilibrium."
    )


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


def _coverage(history: History) -> Figure | None:
    """Coverage of every class as thin lines, their mean, and the class that ends lowest."""
    rows = [row for row in history if isinstance(row.get("coverage"), dict) and row["coverage"]]
    if len(rows) < 2:
        return None
    steps = [float(row["step"]) for row in rows]
    curves = {
        name: [float(row["coverage"].get(name, math.nan)) for row in rows]
        for name in rows[-1]["coverage"]
    }
    worst = min(curves, key=lambda name: curves[name][-1])
    mean = [sum(row["coverage"].values()) / len(row["coverage"]) for row in rows]
    named = f"class {numbers.visible(worst)}, lowest"
    lines = [Line(steps, curve, "none", "") for name, curve in curves.items() if name != worst]
    lines += [
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
