"""What pydantic finds wrong with params.yaml, as sentences: key, what was found, what is valid."""

import difflib
import json
import types
import typing
from typing import Any

from pydantic import BaseModel

NUMBER_TYPES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text (in quotes, if it looks like a number)",
    "tuple_type": "a list such as [a, b]",
    "list_type": "a list such as [a, b]",
    "dict_type": "a mapping such as {a: 1}",
    "model_type": "a section with keys of its own",
    "model_attributes_type": "a section with keys of its own",
}
BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}

# Keys that params.yaml no longer has → what says the same now.
FORMER_KEYS = {
    "trial.classifiers": "`trial.consumers` names the classifiers whose mean decides, and "
    "`trial.advise` those for which the best way to train is looked for",
    "trial.primary_classifier": "the mean over `trial.consumers` decides; name one alone to decide "
    "by it",
    "trial.current_practice": "the released set is compared with the real rows as they are and "
    "oversampled; leave the key out",
    "trial.promote": "the answer about the released set decides; leave the key out",
}


def sentence(detail: dict[str, Any], root: type[BaseModel]) -> str:
    """One problem of pydantic's list as a whole sentence.

    Args:
        detail: A row of `ValidationError.errors()`.
        root: The model of the whole file.
    """
    location = [str(part) for part in detail["loc"]]
    if detail["type"] == "extra_forbidden":
        return _unknown_key(location, root)
    if detail["type"] == "value_error":
        text = str(detail["ctx"]["error"]).rstrip(".")
        return f"{text}."
    key = ".".join(location)
    return f"`{key}` is {shown(detail['input'])}; {_expected(detail)} is expected."


def shown(value: Any) -> str:
    """A value as it would stand in YAML, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _expected(detail: dict[str, Any]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in NUMBER_TYPES:
        return NUMBER_TYPES[kind]
    if kind in BOUNDS:
        words, name = BOUNDS[kind]
        number = "a whole number" if isinstance(context[name], int) else "a number"
        return f"{number} that is {words} {context[name]:,}"
    if kind == "literal_error":
        return f"one of {str(context['expected']).replace(' or ', ', ')}"
    if kind == "string_pattern_mismatch":
        return f"text of the form {context['pattern']}"
    if kind == "too_short":
        return f"a list of at least {context['min_length']}"
    message = str(detail["msg"])
    return f"something else ({message[:1].lower()}{message[1:]})"


def _unknown_key(location: list[str], root: type[BaseModel]) -> str:
    key = ".".join(location)
    if key in FORMER_KEYS:
        return f"`{key}` is no key of params.yaml any more: {FORMER_KEYS[key]}."
    valid = list(section_at(location[:-1], root).model_fields)
    near = difflib.get_close_matches(location[-1], valid, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return f"`{key}` is no key of params.yaml; valid here: {', '.join(valid)}.{hint}"


def section_at(location: list[str], root: type[BaseModel]) -> type[BaseModel]:
    """The section's class at a path of keys."""
    section = root
    for name in location:
        section = _model_in(section.model_fields[name].annotation) or section
    return section


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        found = (_model_in(part) for part in typing.get_args(annotation))
        return next((model for model in found if model), None)
    return None
