"""How numbers and names are written for people: one spelling each, everywhere."""

import re
from collections.abc import Sequence
from datetime import datetime

from pipeline.metrics import METRICS, kind_of
from pipeline.results import Interval

MINUS = "−"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# A number and its unit, or its sign and the number, are never parted at a line's end.
NARROW_SPACE = "\u202f"
CONTROL_PICTURES = 0x2400
POINTS = 100.0
MOST_DECIMALS = 9
# A name or a command between backticks.
CODE = re.compile(r"`([\w.:/=\- ]+)`")
TOO_FEW = "too few replicates to tell"
# C1 controls, zero-width space, direction marks, separators and overrides, invisible operators and
# isolates, lone surrogates, byte order mark, non-characters.
HIDDEN = (
    (0x80, 0x9F), (0x200B, 0x200B), (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F),
    (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFFE, 0xFFFF),
)  # fmt: skip


def count(number: float) -> str:
    """A whole number with thousands apart: 2,150."""
    return f"{number:,.0f}".replace("-", MINUS)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: 1 class, 10 classes."""
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def percent(fraction: float | None) -> str:
    """A score in [0, 1] as a percentage with one decimal: 81.2 %."""
    return "–" if fraction is None else f"{_hundredths(fraction)}{NARROW_SPACE}%"


def percent_interval(interval: Interval) -> str:
    """An interval of shares: 78.1 to 84.0 %."""
    return f"{_hundredths(interval.low)} to {_hundredths(interval.high)}{NARROW_SPACE}%"


def score(value: float | None, metric: str) -> str:
    """A score in the unit of its metric: 81.2 %, but 0.312 of a loss."""
    if value is None or kind_of(metric).unit == "%":
        return percent(value)
    return f"{value:.3f}".replace("-", MINUS)


def score_interval_of(interval: Interval, metric: str) -> str:
    """An interval of scores in the unit of their metric, cut to the values that it can take."""
    within = within_scores(interval, metric)
    if kind_of(metric).unit == "%":
        return percent_interval(within)
    return f"{score(within.low, metric)} to {score(within.high, metric)}"


def score_interval(interval: Interval) -> str:
    """An interval of scores, cut to the [0, 1] in which every score lies."""
    return percent_interval(within_scores(interval))


def within_scores(interval: Interval, metric: str = "") -> Interval:
    """The part of an interval that a score can take: one from few replicates may reach beyond."""
    highest = kind_of(metric).highest
    low, high = (min(max(end, 0.0), highest) for end in (interval.low, interval.high))
    return interval.model_copy(update={"low": low, "high": high})


def _hundredths(fraction: float) -> str:
    return f"{100 * fraction:.1f}".replace("-", MINUS)


def points(number: float | None) -> str:
    """A gain in points, always with its sign: +1.8, −0.4, 0.0.

    What one decimal would hide gets a second, so that no proven gain reads as none: +0.04.
    """
    if number is None:
        return "–"
    if round(number, 2) == 0:
        return "0.0"
    return _signed(number, 2 if round(number, 1) == 0 else 1)


def amount(number: float) -> str:
    """A number of points without a sign: 2.0."""
    return points(abs(number)).lstrip("+")


def points_interval(interval: Interval, *, least: float = 0.0, metric: str = "") -> str:
    """An interval of gains in points: −0.6 to +3.0.

    It is cut to the ±100 points that the gain of a share can reach. Where it holds zero and reaches
    beyond them, it says nothing, and words stand in its place. Each end has as many decimals as
    tell it from zero and from `least`, the gain asked for, so that the text shows what was decided.
    """
    if is_too_wide(interval, metric):
        return TOO_FEW
    within = within_gains(interval, metric)
    low, high = (_apart(end, (0.0, least)) for end in (within.low, within.high))
    return f"{low} to {high}"


def is_too_wide(interval: Interval, metric: str = "") -> bool:
    """Whether an interval of gains comes from so few replicates that it tells nothing."""
    most = most_points(metric)
    holds_zero = interval.low <= 0 <= interval.high
    return holds_zero and (interval.low < -most or interval.high > most)


def within_gains(interval: Interval, metric: str = "") -> Interval:
    """The part of an interval, in points, that a gain can take."""
    low, high = (within_points(end, metric) for end in (interval.low, interval.high))
    return interval.model_copy(update={"low": low, "high": high})


def within_points(number: float, metric: str = "") -> float:
    """A number of points, cut to those that a gain can have."""
    most = most_points(metric)
    return min(max(number, -most), most)


def most_points(metric: str) -> float:
    """The largest gain that there can be: the difference of two scores, in hundredths."""
    return POINTS * kind_of(metric).highest


def _apart(number: float, borders: Sequence[float]) -> str:
    """A number of points with its sign, with the decimals that tell it from each border."""
    others = [border for border in borders if border != number]
    decimals = next(
        (
            decimals
            for decimals in range(1, MOST_DECIMALS)
            if all(round(number, decimals) != round(border, decimals) for border in others)
        ),
        MOST_DECIMALS,
    )
    return "0.0" if round(number, decimals) == 0 else _signed(number, decimals)


def _signed(number: float, decimals: int) -> str:
    return f"{number:+.{decimals}f}".replace("-", MINUS)


def plain(number: float | None) -> str:
    """A number of any size with three significant digits: 0.0123, 4.56, 1,230."""
    if number is None:
        return "–"
    if abs(number) >= 1000:
        return count(number)
    return f"{number:#.3g}".rstrip(".").replace("-", MINUS)


def level(interval: Interval) -> str:
    """The level of an interval: 95 %."""
    return f"{100 * interval.level:g}{NARROW_SPACE}%"


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """Words in a row: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def day(moment: str) -> str:
    """The day of an ISO 8601 moment, e.g. 21 Nov 2026; other text stays as it is."""
    try:
        date = datetime.fromisoformat(moment)
    except ValueError:
        return visible(moment)
    return f"{date.day}\u00a0{MONTHS[date.month - 1]}\u00a0{date.year}"


def inline(title: str) -> str:
    """A title inside a sentence: its first letter small, unless it begins with an acronym."""
    starts_word = len(title) > 1 and title[1].islower()
    return f"{title[0].lower()}{title[1:]}" if starts_word else title


def capital(words: str) -> str:
    """Words at the head of a column: their first letter large, but k-NN stays as it is."""
    starts_word = words[1:2].islower() or words[1:2] == " "
    return f"{words[0].upper()}{words[1:]}" if starts_word else words


def prose(text: object) -> str:
    """A sentence from outside, visible, without the marks that code has in a terminal or README."""
    return CODE.sub(r"\1", visible(text))


def visible(text: object) -> str:
    """Text from outside with every invisible or direction-turning character made visible.

    Control characters become their Unicode pictures, bidirectional overrides, line separators and
    lone surrogates their code point in brackets; everything else stays, joiners included, since
    scripts and emoji need them. Escaping is the template's business.
    """
    return "".join(map(_visible_character, str(text)))


def _visible_character(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(CONTROL_PICTURES + code)
    if code == 0x7F:
        return "␡"
    hidden = any(first <= code <= last for first, last in HIDDEN)
    return f"[U+{code:04X}]" if hidden else character


METRIC_NAMES = {
    **{str(name): kind.words for name, kind in METRICS.items()},
    "fid": "FID",
    "kid": "KID",
    "tstr": "train on synthetic, test on real",
    "tstr_auc": "train on synthetic, test on real, AUC",
    "detection": "detection, AUC",
    "ks": "columns of numbers, KS",
    "ks_worst": "worst column of numbers, KS",
    "tv": "columns of categories, TV",
    "tv_worst": "worst column of categories, TV",
    "missing": "missing cells",
    "missing_worst": "worst column of missing cells",
    "pairs": "pairs of columns",
    "pairs_worst": "worst pair of columns",
}


def metric_name(metric: str) -> str:
    """A metric's name as people write it."""
    return METRIC_NAMES.get(metric, visible(metric).replace("_", " "))
