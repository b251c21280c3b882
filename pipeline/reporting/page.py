"""The page: sections in their order, rendered into one file without script or request."""

import base64
import hashlib
from collections.abc import Callable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline import answers, numbers
from pipeline.reporting.blocks import Section
from pipeline.reporting.material import Material
from pipeline.reporting.sections import (
    classes,
    comparison,
    consumers,
    contents,
    copies,
    fidelity,
    gan,
    limits,
    making,
    recipes,
    training,
    verdict,
    worth,
)
from pipeline.results import PANEL

# The order in which a reader who was not there needs them.
SECTIONS: tuple[Callable[[Material], Section | tuple[Section, ...] | None], ...] = (
    verdict.build,
    consumers.build,
    contents.build,
    comparison.build,
    gan.build,
    recipes.build,
    classes.build,
    Material.sections_of_data,
    fidelity.build,
    copies.build,
    training.build,
    worth.build,
    making.build,
    limits.build,
)


def sections(material: Material) -> tuple[Section, ...]:
    """Every section that this kind of data has."""
    found: list[Section] = []
    for build in SECTIONS:
        built = build(material)
        found += built if isinstance(built, tuple) else [built] if built else []
    return tuple(found)


def render_report(material: Material) -> str:
    """The report as one HTML document; equal material gives equal text."""
    return render(
        "report.html",
        title=f"{numbers.visible(material.name)}: evaluation report",
        name=numbers.visible(material.name),
        headline=answers.headline(material.result).removesuffix("."),
        glance=glance(material),
        promoted=material.result.promoted,
        sections=sections(material),
    )


def glance(material: Material) -> tuple[tuple[str, str], ...]:
    """What the trial was made of, in a few numbers."""
    result = material.result
    rows = answers.rows_by_origin(result)
    alternatives = [arm for arm in material.arms(PANEL) if arm.family != "ceiling"]
    return (
        ("classes", numbers.count(len(material.schema.classes))),
        *((f"{answers.origin_name(origin)} rows", numbers.count(n)) for origin, n in rows.items()),
        ("sets compared", numbers.count(len(alternatives))),
        ("replicates", numbers.count(result.replicates)),
        ("classifiers", numbers.count(len(result.consumers))),
    )


def render(template: str, **content: object) -> str:
    """A template with the page's style and its content-security policy."""
    style = style_text()
    return (
        environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704  our own file
            policy=policy(style),
            **content,
        )
    )


def policy(style: str) -> str:
    """The content-security policy: nothing but this one style sheet and inline pictures."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def style_text() -> str:
    """The style sheet; its hash stands in the policy."""
    loader = PackageLoader("pipeline.reporting")
    return loader.get_source(environment(), "page.css")[0]


@cache
def environment() -> Environment:
    """Templates that escape everything and forgive no missing name."""
    templates = Environment(
        loader=PackageLoader("pipeline.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Charts are SVG of our own making whose texts ElementTree has escaped.
    templates.filters["inline_svg"] = Markup
    return templates
