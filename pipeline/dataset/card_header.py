"""The YAML header of a card: what the Hugging Face library and hub read of a set."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from pipeline.errors import ParamsError
from pipeline.yaml_text import parse_mapping

if TYPE_CHECKING:
    # Slow to import, and a plain pull does without.
    from pipeline.samples import Schema

# Row counts and the category that Hugging Face expects for them.
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST = "n>1M"
FENCE = "---\n"

# Config → globs over the files of the set.
Globs = Mapping[Any, Sequence[str]]


def header(schema: "Schema", n_rows: int, globs: Globs, *, name: str, licence: str | None) -> str:
    """The header of a whole set's card, between its fences.

    Args:
        n_rows: Rows of the whole set.
        globs: Of each config; the first is what is loaded where none is named.
        name, licence: As for `pipeline.dataset.card.card`.
    """
    from pipeline.dataset.forms.registry import form_of

    return _fenced(
        {
            "pretty_name": name,
            "license": "other" if licence else "unknown",
            **({"license_name": licence} if licence else {}),
            "task_categories": [form_of(schema).task],
            "size_categories": [next((text for limit, text in SIZES if n_rows < limit), LARGEST)],
            "tags": ["synthetic", "augmentation", "class-balanced"],
            "configs": _configs(globs),
        }
    )


def with_header_of_part(card: str, globs: Globs, *, note: str) -> str:
    """The card of a set as the card of a part of it.

    Args:
        card: The whole set's; its header is left out where it cannot be read.
        globs: Of each config that the part holds; empty where its form has none.
        note: What the part holds, a paragraph that is put before everything else.
    """
    told, body = _parted(card)
    told = {key: value for key, value in told.items() if key != "configs"}
    if globs:
        told["configs"] = _configs(globs)
    return f"{_fenced(told) if told else ''}\n{note}\n\n{body.lstrip()}"


def _parted(card: str) -> tuple[dict[str, Any], str]:
    """The header's content and what follows it."""
    begin, fence, rest = card.partition(FENCE)
    text, end, body = rest.partition(f"\n{FENCE}")
    if begin or not fence or not end:
        return {}, card
    try:
        return parse_mapping(f"{text}\n".encode(), where="the card's header"), body
    except ParamsError:
        return {}, body


def _configs(globs: Globs) -> list[dict[str, Any]]:
    configs: list[dict[str, Any]] = [
        {"config_name": name, "data_files": [{"split": "train", "path": [*paths]}]}
        for name, paths in globs.items()
    ]
    configs[0]["default"] = True
    return configs


def _fenced(content: Mapping[str, Any]) -> str:
    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(dict(content), stream)
    return f"{FENCE}{stream.getvalue()}{FENCE}"
