"""Keep docs/params.md true: every key of params.yaml, from the classes that validate it.

`python docs/params_page.py` writes the page; a test compares it.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.gan.presets import Recipe
from pipeline.params import GanParams, Params
from pipeline.params_section import Section

PAGE = Path(__file__).with_name("params.md")
HEAD = """# Every key of params.yaml

Written from the code by `make tree`. A key that is left out keeps its default; an unknown key is
refused with the nearest valid one. Nothing is converted: a text where a number is due is refused.
"""
WIDEST_ENUM = 12


def page() -> str:
    """The page as Markdown."""
    schema = Params.model_json_schema()
    parts = [HEAD, "## The root\n", _table(Params, schema, "", schema["$defs"])]
    for path, section in _sections(Params, ""):
        told = _paragraph(section)
        definition = schema["$defs"][section.__name__]
        parts += [f"## `{path}`\n", *([f"{told}\n"] if told else [])]
        parts.append(_table(section, definition, f"{path}.", schema["$defs"]))
    return "\n".join(parts)


def _sections(section: type[Section], path: str) -> Iterator[tuple[str, type[Section]]]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield f"{path}{name}", kind
            yield from _sections(kind, f"{path}{name}.")


def _table(
    section: type[Section], definition: dict[str, Any], path: str, definitions: dict[str, Any]
) -> str:
    said = _meanings(section)
    if section is GanParams:
        # What a preset fills is explained where the presets stand.
        said = _meanings(Recipe) | said
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            continue
        value = _words(definition["properties"][name], definitions)
        default = field.get_default(call_default_factory=True)
        cells = (f"`{path}{name}`", value, _shown(default), said.get(name, ""))
        rows.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join([*rows, ""]) if len(rows) > 2 else ""


def _meanings(section: type) -> dict[str, str]:
    """Field → what its docstring's attributes, or the comment above it, say of it."""
    docstring = inspect.getdoc(section) or ""
    _, _, attributes = docstring.partition("Attributes:\n")
    found = {}
    for names, text in re.findall(r"^    ([\w, ]+): (.+(?:\n {8}.+)*)", attributes, re.MULTILINE):
        for name in names.split(", "):
            found[name] = " ".join(text.split())
    source = inspect.getsource(section)
    comments = re.findall(r"((?:^    # .+\n)+)    (\w+):", source, re.MULTILINE)
    for text, name in comments:
        found[name] = " ".join(line.strip().removeprefix("# ") for line in text.splitlines())
    return found


def _paragraph(section: type[Section]) -> str:
    docstring = inspect.getdoc(section) or ""
    return docstring.partition("\n\nAttributes:")[0].strip()


def _words(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a value may be, from its JSON schema."""
    if "$ref" in schema:
        return _words(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in schema:
        parts = [_words(one, definitions) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(parts)
    if "enum" in schema:
        shown = [{"\t": "a tab", " ": "a space"}.get(v, f"`{v}`") for v in schema["enum"]]
        return ", ".join(shown[:WIDEST_ENUM]) + (", …" if len(shown) > WIDEST_ENUM else "")
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_words(schema.get('items', {}), definitions)}"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"mapping to {_words(inner, definitions)}" if isinstance(inner, dict) else "mapping"
    names = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "true, false",
    }
    bounds = [
        f"{sign} {schema[key]}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if key in schema
    ]
    return ", ".join([names.get(kind, "any"), *bounds])


def _shown(default: object) -> str:
    if default is None or default in ((), {}):
        return "–"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{default}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
