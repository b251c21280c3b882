"""What a YAML text may hold, judged on its events before any value is built.

A kilobyte of `&` and `*` can stand for gigabytes, and brackets, tags and numbers can take minutes
to read. Here every value is counted as often as references repeat it, and reading ends at the first
limit that a text exceeds.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

from pipeline.errors import ParamsError

MAXIMUM_BYTES = 2**20
MAXIMUM_VALUES = 20_000
MAXIMUM_DEPTH = 16
MAXIMUM_NUMBER_CHARACTERS = 64
SHOWN_CHARACTERS = 60

# Reading a tag takes time by the square of its length, so a long one is refused before.
_TAG = re.compile(r"![^\s]{1000}")
_CORE = "tag:yaml.org,2002:"
_CORE_TAGS = {f"{_CORE}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_TEXT_TAGS = {f"{_CORE}str", None}


def refuse_large(where: str, n_bytes: int) -> None:
    """Refuse a text by its size alone.

    Raises:
        ParamsError: it has more than `MAXIMUM_BYTES`.
    """
    if n_bytes > MAXIMUM_BYTES:
        raise ParamsError(
            f"{where} has {n_bytes:,} bytes; at most {MAXIMUM_BYTES:,} are read. Is it the right "
            "file?"
        )


def refuse_excess(where: str, text: str) -> None:
    """Refuse a text that would take long to read, or that stands for more than it should.

    Args:
        where: Where it stands, for a person.
        text: The YAML text, of at most `MAXIMUM_BYTES`.

    Raises:
        ParamsError: it nests too deep, holds too many values (each counted as often as `*` repeats
            it), a number or tag that is too long, a tag that is no plain value, or an old YAML.
        YAMLError: it is no YAML.
    """
    if found := _TAG.search(text):
        raise ParamsError(
            f"{where}, line {_line(text, found.start())}: a word of over 1,000 characters begins "
            "with `!`, as a tag does; write plain texts, numbers and lists."
        )
    reader = YAML(typ="safe", pure=True)
    counts = _Counts(where, reader)
    for event in reader.parse(text):
        counts.take(event)


@dataclass
class _Counts:
    """How many values the open collections hold so far, references counted in full."""

    where: str
    reader: YAML
    # Of each open collection: how many values, how deep it nests, and by which name `*` repeats it.
    open: list[int] = field(default_factory=lambda: [0])
    depths: list[int] = field(default_factory=lambda: [0])
    names: list[str | None] = field(default_factory=list)
    finished: dict[str, tuple[int, int]] = field(default_factory=dict)
    n_documents: int = 0

    def take(self, event: Event) -> None:
        """Count one event, or refuse it."""
        if isinstance(event, DocumentStartEvent):
            self._begin(event)
        elif isinstance(event, SequenceStartEvent | MappingStartEvent):
            self._refuse_foreign_tag(event)
            self._refuse_second_name(event)
            self.names.append(event.anchor)
            self.open.append(0)
            self.depths.append(0)
            self._add(1, 0)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._end(self.names.pop(), self.open.pop(), self.depths.pop())
        elif isinstance(event, ScalarEvent):
            self._refuse_foreign_tag(event)
            self._refuse_long_number(event)
            self._refuse_second_name(event)
            self._end(event.anchor, 1, -1)
        elif isinstance(event, AliasEvent):
            # What holds itself has no end, and what is named nowhere has no value.
            if event.anchor in self.names:
                raise _too_much(self.where)
            n_values, depth = self.finished.get(event.anchor, (1, -1))
            self._add(n_values, depth + 1)

    def _begin(self, event: DocumentStartEvent) -> None:
        self.n_documents += 1
        if self.n_documents > 1:
            raise ParamsError(
                f"{self.where}, line {_line_of(event)}: a second document begins here (`---`); "
                "keep one."
            )
        if event.version is not None and tuple(event.version) != (1, 2):
            raise ParamsError(
                f"{self.where} asks for an old YAML by its %YAML line; remove that line: 1.2 is "
                "read."
            )

    def _add(self, n_values: int, depth: int) -> None:
        self.open[-1] += n_values
        self.depths[-1] = max(self.depths[-1], depth)
        if sum(self.open) > MAXIMUM_VALUES or len(self.names) + depth > MAXIMUM_DEPTH:
            raise _too_much(self.where)

    def _end(self, name: str | None, n_values: int, depth: int) -> None:
        if name is not None:
            self.finished[name] = (n_values, depth)
        self._add(n_values, depth + 1)

    def _refuse_foreign_tag(self, event: Any) -> None:
        tag = None if event.tag is None else str(event.tag)
        if tag not in _CORE_TAGS | {None, "!"}:
            raise ParamsError(
                f"{self.where}, line {_line_of(event)}: the tag `{shortened(tag or '')}` is not "
                "read, since it could run code; write plain texts, numbers and lists."
            )

    def _refuse_second_name(self, event: Any) -> None:
        name = event.anchor
        if name is not None and (name in self.finished or name in self.names):
            raise ParamsError(
                f"{self.where}, line {_line_of(event)}: the name `&{shortened(name)}` is "
                "given a second time; keep one of the two."
            )

    def _refuse_long_number(self, event: ScalarEvent) -> None:
        n_characters = len(event.value)
        if n_characters <= MAXIMUM_NUMBER_CHARACTERS:
            return
        tag = str(event.tag) if event.tag is not None else self._implicit_tag(event)
        if tag not in _TEXT_TAGS:
            raise ParamsError(
                f"{self.where}, line {_line_of(event)}: a number of {n_characters:,} characters "
                f"stands here; at most {MAXIMUM_NUMBER_CHARACTERS} are read. Write it shorter, or "
                "in quotes if it is a text."
            )

    def _implicit_tag(self, event: ScalarEvent) -> str | None:
        if not event.implicit[0]:
            return None
        resolved = self.reader.resolver.resolve(ScalarNode, event.value, (True, False))
        return str(resolved) if resolved is not None else None


def shortened(text: str) -> str:
    """A text from outside on one line, at most 60 characters of it."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _too_much(where: str) -> ParamsError:
    return ParamsError(
        f"{where} holds over {MAXIMUM_VALUES:,} values or nests more than {MAXIMUM_DEPTH} deep, "
        "perhaps through `&` and `*`; write plain values."
    )


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _line_of(event: NodeEvent | DocumentStartEvent) -> int:
    mark = event.start_mark
    return int(mark.line) + 1 if mark is not None else 1
