"""What is known only after the release, put into a page that was rendered before it.

The page is an output of a stage, so it is the same whenever the data are; its version, its date and
what the run took are not. They are put into places that the page keeps for them. The place of the
release holds a sentence until then: it tells a reader of the page as the stage wrote it where the
stamped twin lies.
"""

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

from pipeline import numbers
from pipeline.run_record import RunRecord

# Comments, which no name from outside can forge: those are escaped.
PROMOTED_AS, RELEASED, RUN = "<!--promoted-as-->", "<!--released-->", "<!--run-->"
VERSION = "<!--version-->vX.Y.Z"
TITLE = "<title>"
# The sentence is absent from pages of earlier versions.
RELEASE = re.compile(f"{RELEASED}(?:(?:(?!<!--).)*<!--/released-->)?", re.DOTALL)
INDEX = "../index.html"
STAGES = ("prepare", "train", "generate", "evaluate", "assemble", "report")


@dataclass(frozen=True)
class Stamp:
    """A release as its page names it.

    Attributes:
        tag: `augmented@v1.2.0`.
        date: ISO 8601.
        promotion: The number of its promotion; None where it was not promoted.
    """

    tag: str
    date: str
    promotion: int | None
    run: RunRecord | None = None


def stamped(page: str, stamp: Stamp) -> str:
    """The page with its version, date, machine and durations; a page without places is kept."""
    if stamp.promotion is not None:
        page = page.replace(PROMOTED_AS, f" as {escape(stamp.tag)}", 1)
    version = escape(stamp.tag.rpartition("@")[2])
    page = page.replace(VERSION, version)
    page = page.replace(TITLE, f"{TITLE}{version} · ", 1)
    page = RELEASE.sub(lambda _: release_markup(stamp), page, count=1)
    return page.replace(RUN, run_markup(stamp.run), 1) if stamp.run else page


def released_sentence(stamp: Stamp) -> str:
    """When it was released, and whether it was promoted."""
    promotion = "" if stamp.promotion is None else f", promotion {stamp.promotion}"
    return f"Released as {stamp.tag} on {numbers.day(stamp.date)}{promotion}."


def release_markup(stamp: Stamp) -> Markup:
    """The sentence, and the way to the other versions, whose pages lie beside this one."""
    sentence = released_sentence(stamp)
    return Markup('{} <a href="{}">All versions</a>').format(sentence, INDEX)


def run_markup(run: RunRecord) -> Markup:
    """The machine and the durations as a paragraph."""
    machine = run.machine
    whole = sum(run.stages_seconds.values())
    known = {name: place for place, name in enumerate(STAGES)}
    ordered = sorted(run.stages_seconds.items(), key=lambda item: known.get(item[0], len(known)))
    stages = [f"{name} {duration(seconds)}" for name, seconds in ordered]
    text = (
        f"The stages took {duration(whole)} in all ({numbers.listed(stages)}) on "
        f"{machine.processor}, {numbers.counted(machine.cores, 'core')}, {machine.memory_gib} GiB, "
        f"{machine.system}, Python {machine.python}."
    )
    software = numbers.listed([f"{name} {version}" for name, version in machine.software.items()])
    told = f"{text} Software: {software}." if software else text
    return Markup("<p>{}</p>").format(numbers.visible(told))


def duration(seconds: float) -> str:
    """A time as people say it: 8.2 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.1f}{numbers.NARROW_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{numbers.NARROW_SPACE}min {rest}{numbers.NARROW_SPACE}s"
    return f"{minutes // 60}{numbers.NARROW_SPACE}h {minutes % 60}{numbers.NARROW_SPACE}min"
