"""JSON that others wrote: checked in size, depth and form at the border, once.

A tag, a listing, a manifest, `release.json` or the header of a file may come from anybody. What
passes here is UTF-8 without lone surrogates, has finite numbers of a normal length and no key
twice, and nests no deeper than a person would write; `read_outside_json` also holds it to a type.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from pipeline.errors import ArtifactError, EquipoiseError

MAXIMUM_BYTES = 16 * 2**20
MAXIMUM_VALUES = 2_000_000
MAXIMUM_DEPTH = 32
# The longest finite float in full has 309 digits; seeds and counts have far fewer.
MAXIMUM_DIGITS = 400
SHOWN = 120

Kind = TypeVar("Kind")
# Figures that are drawn and written out: a larger one has no place on any axis.
Count = Annotated[int, Field(ge=0, le=2**53)]
Figure = Annotated[float, Field(ge=-1e9, le=1e9)]


def read_outside_json(
    content: bytes | str,
    kind: type[Kind],
    *,
    where: str,
    way_out: str,
    error: type[EquipoiseError] = ArtifactError,
    maximum_bytes: int = MAXIMUM_BYTES,
) -> Kind:
    """JSON from outside as a value of `kind`, held to that type strictly.

    Args:
        content: The JSON text, UTF-8.
        kind: A pydantic model, or any other type that pydantic knows.
        where: What the text is, for a person: a file, a tag.
        way_out: A sentence that says what to do where it is refused.
        error: The class of the refusal.
        maximum_bytes: The longest text that is read.

    Raises:
        EquipoiseError: of class `error`; the text is too large, no JSON, or of another form.
    """
    outside_json(content, where=where, way_out=way_out, error=error, maximum_bytes=maximum_bytes)
    try:
        found: Kind = TypeAdapter(kind).validate_json(content, strict=True)
    except ValidationError as refused:
        raise error(f"{where} is not of the expected form ({_first(refused)}). {way_out}") from None
    return found


def outside_json(
    content: bytes | str,
    *,
    where: str,
    way_out: str,
    error: type[EquipoiseError] = ArtifactError,
    maximum_bytes: int = MAXIMUM_BYTES,
) -> Any:
    """JSON from outside as plain data of any form, within the limits of this file.

    Raises:
        EquipoiseError: of class `error`; the text is too large or no JSON.
    """
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(raw) > maximum_bytes:
        raise error(
            f"{where} has {len(raw):,} bytes; at most {maximum_bytes:,} are read. {way_out}"
        )
    # Counted before anything is built, since 16 MiB of `[],` would take hundreds of megabytes.
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MAXIMUM_VALUES:
        raise error(f"{where} holds more than {MAXIMUM_VALUES:,} values. {way_out}")
    try:
        found = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_finite,
        )
        _require_shallow_text(found)
    except RecursionError:
        raise error(f"{where} nests deeper than {MAXIMUM_DEPTH} levels. {way_out}") from None
    except ValueError as refused:
        raise error(f"{where} is not JSON as it should be ({_short(refused)}). {way_out}") from None
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise ValueError(f"the key {twice[:SHOWN]!r} stands twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _integer(digits: str) -> int:
    if len(digits) > MAXIMUM_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    if len(digits) > MAXIMUM_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits")
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {digits} is too large")
    return value


def _require_shallow_text(found: Any) -> None:
    """Refuse data that nest too deep, and text that cannot be written as UTF-8."""
    level: list[Any] = [found]
    for _ in range(MAXIMUM_DEPTH + 1):
        if not level:
            return
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                _require_writable(value)
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str):
                _require_writable((value,))
        level = inner
    raise RecursionError


def _require_writable(texts: Iterable[str]) -> None:
    for text in texts:
        if not text.isascii():
            # UnicodeEncodeError is a ValueError; its own message would show the text.
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                raise ValueError("a text holds half of a surrogate pair") from None


def _first(refused: ValidationError) -> str:
    """The first problem with its place, e.g. `objects.x: input should be a valid integer`."""
    problem = refused.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part)[:SHOWN] for part in problem["loc"])
    return _short(f"{place}: {problem['msg']}" if place else problem["msg"])


def _short(problem: object) -> str:
    text = "".join(c if c.isprintable() else " " for c in str(problem))
    return text if len(text) <= 2 * SHOWN else f"{text[: 2 * SHOWN]}…"
