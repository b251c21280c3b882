"""The remedies that a message names, applied as a reader would apply them."""

import re

from pipeline.errors import ParamsError, SourceError
from pipeline.yaml_text import parse_mapping
from tests.sources.table_file import looked_at

LINE = re.compile(r"`source\.([a-z_.]+): ([^`]+)`")


def settings_in(message):
    """Every line of params.yaml that the message names, as (key, value) in its order."""
    found = []
    for key, text in LINE.findall(message):
        value = parse_mapping(f"value: {text}".encode(), where="the message")["value"]
        found.append((key, value))
    return found


def with_setting(settings, key, value):
    """The `source` section with one more line in it."""
    made = {name: dict(part) if isinstance(part, dict) else part for name, part in settings.items()}
    section, names = made, key.split(".")
    for name in names[:-1]:
        section[name] = dict(section.get(name, {}))
        section = section[name]
    if isinstance(value, dict):
        value = section.get(names[-1], {}) | value
    if isinstance(value, list) and names[-1] != "missing_texts":
        value = [*section.get(names[-1], []), *value]
    section[names[-1]] = value
    return made


def refusal_of(path, **settings):
    """What is said of the file, or None where it is read."""
    try:
        looked_at(path, **settings)
    except (ParamsError, SourceError) as error:
        return str(error)
    return None


def each_remedy(path, **settings):
    """Every remedy of the refusal with what is said once it is applied: [(key, value, message)]."""
    message = refusal_of(path, **settings)
    assert message is not None, "there is nothing to mend"
    found = settings_in(message)
    assert found, message
    return [
        (key, value, refusal_of(path, **with_setting(settings, key, value))) for key, value in found
    ]
