"""Line charts as inline SVG that takes its colours from the page.

Matplotlib draws with one marker colour per role; afterwards each marker colour becomes a class
that the style sheet colours for light, dark and print. Style attributes become presentation
attributes, because the page's content-security policy allows no inline style.
"""

import hashlib
import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.ticker import MaxNLocator

from pipeline import numbers
from pipeline.reporting.marks import Tone

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
WIDTH_INCHES, HEIGHT_INCHES = 5.0, 2.9
MOST_POINTS = 240
MOST_NAMES = 8
# Fewer points than this are drawn as points too: a single one would not be seen as a line.
FEWEST_FOR_A_LINE = 20

# Marker colours: never shown, only recognised again in the SVG.
INK, FAINT = "#010203", "#040506"
TONES: dict[Tone, str] = {
    "gan": "#101112",
    "real": "#131415",
    "classical": "#161718",
    "none": "#191a1b",
    "helps": "#1c1d1e",
    "harms": "#1f2021",
}
CLASSES = {INK: "ink", FAINT: "faint", **{color: tone for tone, color in TONES.items()}}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "equipoise",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
    "ytick.left": False,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "path.simplify": True,
}
PROPERTY = re.compile(r"\s*([a-z-]+)\s*:\s*([^;]+)")
PRESENTATION = {
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-linejoin", "stroke-linecap",
    "stroke-dasharray", "stroke-dashoffset", "stroke-opacity", "opacity", "text-anchor",
    "font-size",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One curve: x and y of equal length, the tone that colours it and what it is.

    The label never enters the SVG: the page writes it as text of its own, where a long or hostile
    name can neither spoil the layout nor be typeset as mathematics.
    """

    x: Sequence[float]
    y: Sequence[float]
    tone: Tone
    label: str
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    has_points: bool = False


def chart(
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    rule: tuple[float, str] | None = None,
    y_range: tuple[float, float] | None = None,
    is_percent: bool = False,
    x_names: Sequence[str] = (),
) -> str:
    """Curves on one pair of axes, as SVG text for inlining.

    Args:
        lines: At least one curve.
        x_label: Name and unit of x.
        y_label: Name and unit of y, set above the axis, where it needs no turned head.
        rule: A reference level and its words.
        y_range: Fixed limits of y.
        is_percent: Whether y in [0, 1] is shown in percent.
        x_names: Names of x = 0, 1, …; as many as fit are shown.
    """
    with canvas() as (figure, axes):
        for line in lines:
            _draw(axes, line)
        if rule is not None:
            axes.axhline(rule[0], color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
            axes.annotate(
                rule[1], (0.005, rule[0]), xycoords=("axes fraction", "data"), xytext=(0, -3),
                textcoords="offset points", ha="left",
                va="top", fontsize=8.5,
            )  # fmt: skip
        if y_range is not None:
            axes.set_ylim(*y_range)
        if is_percent:
            axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
            axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g} %")
        if x_names:
            every = -(-len(x_names) // MOST_NAMES)
            shown = range(0, len(x_names), every)
            axes.set_xticks(list(shown), [numbers.visible(x_names[place]) for place in shown])
        axes.set_xlabel(x_label)
        axes.set_title(y_label, loc="left", fontsize=9.5, pad=10)
        axes.margins(x=0.02)
        return to_inline(figure)


def legend_of(lines: Sequence[Line]) -> tuple[tuple[Tone, str], ...]:
    """Tone and label of every curve that has one; none for a curve by itself."""
    named = tuple((line.tone, line.label) for line in lines if line.label)
    return named if len(lines) > 1 else ()


@contextmanager
def canvas() -> Iterator[tuple[MatplotlibFigure, Axes]]:
    """A figure with one pair of axes in the page's style, without any global state left behind."""
    with mpl.rc_context(STYLE):
        figure = MatplotlibFigure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        yield figure, figure.add_subplot()


def thinned(values: Sequence[float]) -> list[float]:
    """At most MOST_POINTS values: means of equal runs, so that a long training draws small."""
    size = -(-len(values) // MOST_POINTS)
    runs = [values[start : start + size] for start in range(0, len(values), size or 1)]
    return [sum(run) / len(run) for run in runs]


def to_inline(figure: MatplotlibFigure) -> str:
    """The figure as SVG without style, script, metadata or foreign colours."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    content = buffer.getvalue()
    root = ElementTree.fromstring(content)  # noqa: S314  our own bytes, written a line above
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
    prefix = f"f{hashlib.sha256(content).hexdigest()[:8]}-"
    for element in root.iter():
        _restyle(element)
        _rename(element, prefix)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.set("class", "chart")
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _draw(axes: Axes, line: Line) -> None:
    color = TONES[line.tone]
    if line.low:
        axes.fill_between(line.x, line.low, line.high, color=color, alpha=0.18, linewidth=0)
    axes.plot(
        line.x,
        line.y,
        color=color,
        marker="o" if line.has_points or len(line.x) < FEWEST_FOR_A_LINE else None,
        # Curves without a name are one crowd behind those that have one.
        markersize=4.5 if line.label else 2.2,
        linewidth=1.6 if line.label else 0.8,
    )


def _restyle(element: ElementTree.Element) -> None:
    """Turn a style attribute into presentation attributes, and marker colours into classes."""
    for key, value in PROPERTY.findall(element.attrib.pop("style", "")):
        if key == "font":
            element.set("font-size", value.split()[0])
        elif key in PRESENTATION:
            element.set(key, value.strip())
    names = []
    for key in ("fill", "stroke"):
        role = CLASSES.get(element.attrib.get(key, ""))
        if role:
            names.append(f"{key}-{role}")
            del element.attrib[key]
    if names:
        element.set("class", " ".join(names))


def _rename(element: ElementTree.Element, prefix: str) -> None:
    """Make ids unique on the page, where several figures stand in one document."""
    if element.tag == f"{{{SVG}}}g":
        element.attrib.pop("id", None)
    if "id" in element.attrib:
        element.set("id", prefix + element.attrib["id"])
    link = f"{{{XLINK}}}href"
    if link in element.attrib:
        element.set("href", f"#{prefix}{element.attrib.pop(link)[1:]}")
    clip = element.attrib.get("clip-path", "")
    if clip.startswith("url(#"):
        element.set("clip-path", f"url(#{prefix}{clip[5:]}")
