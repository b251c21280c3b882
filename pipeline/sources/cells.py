"""The cells of a table as they lie in its files, and where each row lies for a person."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from pipeline.sources.number_format import quoted
from pipeline.sources.survey import Notice, converted


class TableError(Exception):
    """A file cannot be used; the text completes "<file> …"."""


@dataclass(frozen=True)
class Place:
    """One file of a table: its name for a person, and what its path tells of its rows.

    Attributes:
        split: "train", "validation" or "test" where its name tells; else None.
        partition: Column → value, of folders like `site=Bern`; None where the value is missing.
    """

    name: str
    split: str | None = None
    partition: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Cells:
    """Rows of one or several files.

    Attributes:
        table: One column for each column of the files: stripped texts, null where missing, of text
            files; the file's own types of Parquet.
        is_typed: Whether the types are the file's own; text rules are for text files alone.
        numbers: What a person calls each row, int64 [n]: its line in the file, or its row from 1.
        rows: Position of each row among its file's data rows, int64 [n].
        files: Position in `places` of each row's file, int64 [n].
        places: The files.
        class_names: Column → the names that its numbers stand for, as the file's metadata say.
        notices: What was odd, or changed on the way.
    """

    table: pa.Table
    is_typed: bool
    numbers: np.ndarray
    rows: np.ndarray
    files: np.ndarray
    places: tuple[Place, ...]
    class_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    def where(self, row: int) -> str:
        """How row `row` (from 0) of the table is called to a person."""
        number = int(self.numbers[row])
        shown = f"data row {number}" if self.is_typed else f"line {number}"
        return shown if len(self.places) == 1 else f"{self.places[self.files[row]].name}, {shown}"

    def source_paths(self) -> list[str]:
        """File and position of each row, kept with it."""
        names = [place.name for place in self.places]
        return [f"{names[k]}:{row}" for k, row in zip(self.files, self.rows, strict=True)]

    def splits(self) -> list[str | None] | None:
        """The split that each row's file tells; None where none does."""
        given = [place.split for place in self.places]
        return [given[k] for k in self.files] if any(given) else None

    def taken(self, mask: np.ndarray) -> "Cells":
        """The rows where `mask`, bool [n], is true."""
        return replace(
            self,
            table=self.table.filter(pa.array(mask)),
            numbers=self.numbers[mask],
            rows=self.rows[mask],
            files=self.files[mask],
        )


def cells_of_one(
    table: pa.Table,
    place: Place,
    numbers: np.ndarray,
    *,
    is_typed: bool,
    class_names: dict[str, tuple[str, ...]] | None = None,
    notices: Sequence[Notice] = (),
) -> Cells:
    """The rows of one file, in its order."""
    n = table.num_rows
    return Cells(
        table=table,
        is_typed=is_typed,
        numbers=numbers,
        rows=np.arange(n),
        files=np.zeros(n, np.int64),
        places=(place,),
        class_names=class_names or {},
        notices=tuple(notices),
    )


def joined(parts: Sequence[Cells]) -> Cells:
    """All rows of all files, in order, with the columns that their folders tell.

    Raises:
        TableError: the files do not have the same columns, or a folder contradicts them.
    """
    parts = [_with_partition(part) for part in parts]
    first = parts[0]
    if len(parts) == 1:
        return first
    names = first.table.column_names
    notices = []
    for part in parts[1:]:
        _refuse_other_columns(first, part)
        if part.table.column_names != names:
            notices.append(
                converted(
                    f"The columns of {part.places[0].name} stand in another order than those of "
                    f"{first.places[0].name}; they were put in the same."
                )
            )
    # One sentence of each kind is enough for many files.
    told = dict.fromkeys([notice for part in parts for notice in part.notices] + notices)
    return Cells(
        table=pa.concat_tables([part.table.select(names) for part in parts]),
        is_typed=first.is_typed,
        numbers=np.concatenate([part.numbers for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
        files=np.repeat(np.arange(len(parts)), [part.table.num_rows for part in parts]),
        places=tuple(place for part in parts for place in part.places),
        class_names=first.class_names,
        notices=tuple(told),
    )


def _refuse_other_columns(first: Cells, part: Cells) -> None:
    names, others = set(first.table.column_names), set(part.table.column_names)
    one, other = first.places[0].name, part.places[0].name
    for has, lacks, missing in ((one, other, names - others), (other, one, others - names)):
        if missing:
            shown = ", ".join(map(repr, sorted(missing)[:5]))
            raise TableError(
                f"has other columns than its other files: {lacks} lacks {shown}, which {has} has; "
                f"all files must have the same columns: correct {lacks}, or name one file as "
                "`source.path`"
            )
    for column in first.table.column_names:
        types = first.table.schema.field(column).type, part.table.schema.field(column).type
        if types[0] != types[1]:
            raise TableError(
                f"has a part {other} with another schema than {one} ({column!r} is {types[1]}, not "
                f"{types[0]}); all parts must have the same columns: write them with one type, or "
                "name one file as `source.path`"
            )


def _with_partition(part: Cells) -> Cells:
    place, table, notices = part.places[0], part.table, list(part.notices)
    for name, value in place.partition:
        own = pa.array([value] * table.num_rows, pa.string())
        if name in table.column_names:
            if not pa.chunked_array([own]).equals(table[name].cast(pa.string())):
                raise TableError(
                    f"has the column {name!r}, whose cells in {place.name} are not what its folder "
                    f"says ({value!r}); rename the folder or the column"
                )
            continue
        table = table.append_column(name, own)
        notices.append(
            converted(
                f"The folders' names give the column {name!r}; "
                f"`source.table.leave_out: [{quoted(name)}]` leaves it out where it is neither the "
                "label nor a feature."
            )
        )
    return replace(part, table=table, notices=tuple(notices))
