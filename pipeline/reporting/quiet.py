"""A report that somebody else released: shown only where its form proves that it does nothing.

The page of a version may come from anybody, and is opened from a file or served on this machine.
Two things hold together. The whole text must be of a narrow form, in which every `<` begins a tag
that our templates use and no attribute leads out of the page: what a browser reads there is what is
read here, whatever it makes of damaged HTML. And a policy that forbids scripts and requests stands
before everything that the page itself says.
"""

import re

# A report of ten classes has a quarter of a million.
MAXIMUM_CHARACTERS = 32 * 2**20
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
FIRST = (
    '<!doctype html>\n<meta charset="utf-8">\n'
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
)
_TAGS = frozenset(
    """
    html head title body header footer main nav section article aside div span p br hr h1 h2
    h3 h4 h5 h6 ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td
    figure figcaption details summary a img pre code kbd samp var b i em strong small sub
    sup mark time data bdi bdo abbr q blockquote cite svg g defs use path line polyline
    polygon rect circle ellipse text tspan clippath lineargradient radialgradient stop desc
    """.split()  # noqa: SIM905
)
_ATTRIBUTES = frozenset(
    """
    class id role scope value lang dir title alt width height tabindex hidden open style
    colspan rowspan span headers start datetime loading decoding focusable xmlns xmlns:xlink
    version viewbox preserveaspectratio x y x1 x2 y1 y2 dx dy cx cy r rx ry d points
    transform fill fill-opacity fill-rule clip-path clip-rule stroke stroke-width
    stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset stroke-opacity
    stroke-miterlimit opacity offset stop-color stop-opacity gradientunits font-size
    font-family font-weight font-style text-anchor dominant-baseline letter-spacing
    """.split()  # noqa: SIM905
)
# Where an attribute may lead to: a place in the page, the index over all versions, bytes in itself.
_LEADING = {
    "href": re.compile(r"#[\w.:-]*|(?:\.\./)?index\.html"),
    "xlink:href": re.compile(r"#[\w.:-]*"),
    "src": re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*"),
}
# What only stands in a page's head, as our templates write it.
_HEAD = re.compile(
    r'<meta charset="utf-8">'
    r'|<meta http-equiv="Content-Security-Policy" content="[^"<>]*">'
    r'|<meta name="(?:viewport|color-scheme|referrer|robots|generator|description)" '
    r'content="[^"<>]*">'
    r'|<link rel="icon" href="data:,">'
    r"|<style>[^<]*</style>",
    re.IGNORECASE,
)
_PASSED = re.compile(r"[^<]+|<!--[^<>]*-->|<!doctype html>", re.IGNORECASE)
# The spaces of HTML, which are not those of Python.
_SPACE = r"[ \t\n\f\r]"
_CLOSING = re.compile(rf"</([A-Za-z][A-Za-z0-9]*){_SPACE}*>")
_OPENING = re.compile(
    rf'<([A-Za-z][A-Za-z0-9]*)((?:{_SPACE}+[A-Za-z_:][\w:.-]*(?:="[^"<]*")?)*){_SPACE}*/?>',
    re.ASCII,
)
_ATTRIBUTE = re.compile(r'([A-Za-z_:][\w:.-]*)(?:="([^"<]*)")?', re.ASCII)
_DOCTYPE = re.compile(r"\s*<!doctype html>", re.IGNORECASE)


def problem_of(page: str) -> str | None:
    """What in a page is not of the form that proves it quiet; None where all is."""
    if len(page) > MAXIMUM_CHARACTERS:
        return f"has {len(page):,} characters"
    place = 0
    while place < len(page):
        found = _PASSED.match(page, place) or _HEAD.match(page, place)
        if found is None:
            found = _CLOSING.match(page, place) or _OPENING.match(page, place)
            problem = "holds markup of another form" if found is None else _problem(found)
            if problem:
                return f"{problem} (line {page.count(chr(10), 0, place) + 1})"
        assert found is not None
        place = found.end()
    return None


def with_policy(page: str) -> str:
    """The page behind the policy, which no markup of the page can loosen."""
    return FIRST + _DOCTYPE.sub("", page, count=1).lstrip("\ufeff")


def _problem(tag: re.Match[str]) -> str | None:
    name = tag[1].lower()
    if name not in _TAGS:
        return f"holds a tag <{name[:20]}>"
    for attribute, value in _ATTRIBUTE.findall(tag[2] if tag.re is _OPENING else ""):
        known = attribute.lower()
        if known in _LEADING:
            if not _LEADING[known].fullmatch(value):
                return f"has a `{known}` that leads out of the page"
        elif known not in _ATTRIBUTES and not known.startswith(("aria-", "data-")):
            return f"has an attribute `{known[:20]}`"
    return None
