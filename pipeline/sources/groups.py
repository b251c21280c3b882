"""Which rows never part, by a pattern in the file's path."""

import re

from pipeline.errors import ParamsError


def compiled(pattern: str | None) -> re.Pattern[str] | None:
    """The pattern of `source.split.group_pattern`.

    Raises:
        ParamsError: it is no regular expression.
    """
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ParamsError(
            f"`source.split.group_pattern` is {pattern!r}, which is no regular expression "
            f"({error}); an example that works: 'patient(\\d+)_'."
        ) from None


def group_of(path: str, pattern: re.Pattern[str] | None) -> str | None:
    """The pattern's first parenthesis in the path (or its whole match); None where it is not."""
    found = pattern.search(path) if pattern else None
    if found is None:
        return None
    return found.group(1) if found.re.groups else found.group(0)
