"""Tables: CSV, TSV or Parquet with a label column, one file or a folder of them."""

import difflib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ParamsError, SourceError
from pipeline.params import SourceParams
from pipeline.samples import Schema
from pipeline.sources.cells import Cells, TableError, joined
from pipeline.sources.column_reader import ColumnReader
from pipeline.sources.csv_table import first_row_where, read_csv
from pipeline.sources.feature_limits import rare_categories, refuse_many_columns
from pipeline.sources.labels import Labels, label_texts, read_labels
from pipeline.sources.leakage import leaks
from pipeline.sources.parquet_table import read_parquet
from pipeline.sources.rule_check import checked_rules
from pipeline.sources.survey import Notice, Survey, converted, make_rows, warning
from pipeline.sources.table_files import PARQUET_SUFFIXES, files_of, places_of
from pipeline.sources.twins import near_rows
from pipeline.sources.typed_columns import Typed
from pipeline.sources.words import counted
from pipeline.storage import value_table

BATCH_ROWS = 50_000


class Table:
    """A table as a source.

    Args:
        path: A .csv, .tsv, .txt or .parquet file, or a folder of them.
        params: The `source` section; `label_column` is needed.
    """

    def __init__(self, path: Path, params: SourceParams):
        self._path = path
        self._params = params
        # Values of the features, once a survey is made.
        self.features: dict[str, pa.ChunkedArray] = {}
        self._survey: Survey | None = None
        # Columns with another value in every row, about which the last survey asked.
        self.unique: dict[str, pa.ChunkedArray] = {}

    def survey(self) -> Survey:
        """See `survey.Source.survey`."""
        headline = f"The table {self._path} cannot be used:"
        problems: list[str] = []
        cells = self._cells(headline, problems)
        label = self._label_column(cells)
        labels = read_labels(label, cells, self._params.table, problems)
        group = self._group(cells, problems)
        reader = ColumnReader(self._params.table, cells)
        names = [name for name in cells.table.column_names if name not in self._not_features(label)]
        typed = [column for name in names if (column := reader.read(name))]
        reader.finish()
        whole = self._without_gaps(cells, typed, problems)
        typed = [column.taken(pa.array(whole)) for column in typed]
        for column in typed:
            reader.note(column)
        problems += reader.problems
        self.unique = dict(reader.unique)
        if not typed and not problems:
            problems.append("There is no feature column beside the label.")
        if problems or labels is None:
            raise SourceError(headline, problems)
        cells = cells.taken(whole)
        refuse_many_columns(headline, len(typed))
        rules, wrong = checked_rules(
            self._params.table.rules,
            [column.column for column in typed],
            {column.column.name: column.values for column in typed},
            others=self._no_features(label, reader),
            where=cells.where,
        )
        if wrong:
            raise SourceError(headline, wrong)
        self.features = {column.column.name: column.values for column in typed}
        classes, codes, group = _occurring(labels, whole, group)
        rows, repeats = self._rows(cells, typed, codes, group)
        schema = Schema(
            modality="table",
            classes=classes,
            columns=tuple(column.column for column in typed),
            label_column=label,
            rules=rules,
        )
        dropped = int((~whole).sum())
        notices = [*cells.notices, *labels.notices, *reader.notices]
        if dropped:
            notices.append(converted(f"{dropped:,} rows with missing cells were dropped."))
        notices += [*repeats, *self._about_left_out()]
        notices += [*leaks(typed, codes), *rare_categories(typed)]
        self._survey = Survey(schema=schema, rows=rows, notices=tuple(notices))
        return self._survey

    def read(self, positions: np.ndarray) -> Iterator[pa.Table]:
        """See `survey.Source.read`."""
        survey = self._survey
        assert survey is not None, "survey comes first"
        for start in range(0, len(positions), BATCH_ROWS):
            chosen = positions[start : start + BATCH_ROWS]
            index = pa.array(chosen)
            yield value_table(
                {name: values.take(index) for name, values in self.features.items()},
                survey.rows["label"].to_numpy()[chosen],
                survey.provenance.iloc[chosen].reset_index(drop=True),
                survey.schema,
            )

    def _cells(self, headline: str, problems: list[str]) -> Cells:
        name = self._path.name
        params = self._params.table
        try:
            paths = files_of(self._path)
            parts = []
            for path, place in zip(paths, places_of(paths, self._path), strict=True):
                name = place.name
                is_parquet = path.suffix.lower() in PARQUET_SUFFIXES
                parts.append(
                    read_parquet(path, place, params)
                    if is_parquet
                    else read_csv(path, place, params, problems)
                )
            name = self._path.name
            return joined(parts)
        except TableError as error:
            raise SourceError(headline, [f"{name} {error}."]) from None
        except OSError as error:
            raise SourceError(headline, [f"{name} cannot be read ({error.strerror})."]) from None

    def _label_column(self, cells: Cells) -> str:
        names = cells.table.column_names
        table = self._params.table
        asked = {
            "source.label_column": self._params.label_column,
            "source.split.group_column": self._params.split.group_column,
            **{f"source.table.kinds.{name}": name for name in table.kinds},
            **{f"source.table.numbers.{name}": name for name in table.numbers},
            **{f"source.table.odd_cells.{name}": name for name in table.odd_cells},
            **{f"source.table.leave_out ({name})": name for name in table.leave_out},
            **{f"source.table.rare_categories ({name})": name for name in table.rare_categories},
        }
        problems = [
            f"`{key}` names the column {name!r}, which {self._path.name} does not have."
            + _nearest(name, names)
            for key, name in asked.items()
            if name is not None and name not in names
        ]
        label = self._params.label_column
        if label is None:
            problems.insert(
                0,
                "`source.label_column` is missing; it names the column that holds the class: one "
                f"of {', '.join(names[:30])}.",
            )
        if label in table.leave_out:
            problems.append(
                f"`source.table.leave_out` lists {label!r}, which is the label; take it from the "
                "list, or name another `source.label_column`."
            )
        if problems:
            problems += [n.message for n in cells.notices if "no header line" in n.message]
            raise ParamsError("params.yaml does not suit the table:", problems)
        assert label is not None
        return label

    def _not_features(self, label: str) -> set[str | None]:
        return {label, self._params.split.group_column, *self._params.table.leave_out}

    def _no_features(self, label: str, reader: ColumnReader) -> dict[str, str]:
        """Columns that are no features → what they are."""
        declared = dict.fromkeys(self._params.table.leave_out, "left out as declared")
        found = {name: f"{why}, and left out" for name, why in reader.left_out.items()}
        group = self._params.split.group_column
        groups = {} if group is None else {group: "the group"}
        return {**found, **declared, **groups, label: "the label"}

    def _group(self, cells: Cells, problems: list[str]) -> pa.ChunkedArray | None:
        name = self._params.split.group_column
        if name is None:
            return None
        found: list[str] = []
        texts = label_texts(name, cells, found)
        problems += [
            text.replace("The label column", "The group column").replace(
                "`source.label_column`", "`source.split.group_column`"
            )
            for text in found
        ]
        return texts

    def _without_gaps(self, cells: Cells, typed: list[Typed], problems: list[str]) -> np.ndarray:
        """Which rows stay under `source.table.missing`, bool [n]."""
        whole = np.ones(cells.table.num_rows, bool)
        policy = self._params.table.missing
        for column in typed:
            n = column.values.null_count
            if n and policy == "refuse":
                where = cells.where(first_row_where(column.values.is_null()))
                problems.append(
                    f"The column {column.column.name!r} has {n:,} missing cells, the first in "
                    f"{where}; fill them in, or set `source.table.missing: keep` or "
                    "`source.table.missing: drop`."
                )
            if n and policy == "drop":
                whole &= np.asarray(column.values.is_valid())
        if not whole.any():
            problems.append(
                "Every row has a missing cell, so that none is left once they are dropped; set "
                "`source.table.missing: keep`."
            )
            return np.ones(len(whole), bool)
        return whole

    def _rows(
        self, cells: Cells, typed: list[Typed], labels: np.ndarray, group: list[str | None] | None
    ) -> tuple[pd.DataFrame, list[Notice]]:
        names = [column.column.name for column in typed]
        content = hashes_of([_as_hashed(cells, typed, name) for name in names], n=len(labels))
        others = [c.column.name for c in typed if c.column.kind != "continuous"]
        discrete = hashes_of([_as_hashed(cells, typed, name) for name in others], n=len(labels))
        with_label = content ^ pd.util.hash_array(labels)
        repeat = pd.Series(with_label).groupby(with_label).cumcount().to_numpy()
        ids = pd.Series(with_label).map("{:016x}".format)
        ids = ids.where(repeat == 0, ids + "-" + pd.Series(repeat).astype(str))
        splits = cells.splits()
        rows = make_rows(
            ids.tolist(),
            labels,
            cells.source_paths(),
            splits=splits,
            groups=group,
            twins=near_rows(content, discrete, _continuous(typed)),
        )
        return rows, _about_repeats(content, labels, splits)

    def _about_left_out(self) -> list[Notice]:
        left_out = [*self._params.table.leave_out]
        left_out += filter(None, [self._params.split.group_column])
        return [
            converted(f"The column {name!r} is not a feature: it was left out as declared.")
            for name in left_out
        ]


def _as_hashed(cells: Cells, typed: list[Typed], name: str) -> pa.ChunkedArray:
    """Of text files the texts themselves, so that identifiers outlive a change of rules."""
    if not cells.is_typed:
        return cells.table[name]
    return next(column.values for column in typed if column.column.name == name)


def _occurring(
    labels: Labels, whole: np.ndarray, group: pa.ChunkedArray | None
) -> tuple[tuple[str, ...], np.ndarray, list[str | None] | None]:
    """Classes that still have rows, the label and the group of each row that stays."""
    codes = labels.codes[whole]
    known = np.unique(codes)
    classes = tuple(labels.classes[k] for k in known)
    groups = None if group is None else group.filter(pa.array(whole)).to_pylist()
    return classes, np.searchsorted(known, codes), groups


def hashes_of(columns: list[pa.ChunkedArray], *, n: int) -> np.ndarray:
    """One number for the cells of each row, uint64 [n]; equal for equal rows (SipHash, mixed)."""
    mixed = np.zeros(n, np.uint64)
    for column in columns:
        coded = pc.cast(column, pa.string()).combine_chunks().dictionary_encode()
        known = pd.util.hash_array(coded.dictionary.to_numpy(zero_copy_only=False).astype(object))
        cells = np.append(known, np.uint64(0x9E3779B97F4A7C15))
        index = coded.indices.fill_null(len(known)).to_numpy()
        # The constant is the golden ratio's; multiplying keeps the columns' order in the result.
        mixed = (mixed ^ cells[index]) * np.uint64(0x9E3779B97F4A7C15) + (mixed >> np.uint64(29))
    return mixed


def _continuous(typed: list[Typed]) -> np.ndarray:
    columns = [
        column.values.to_numpy().astype(np.float64)
        for column in typed
        if column.column.kind == "continuous"
    ]
    n = len(typed[0].values)
    return np.column_stack(columns) if columns else np.empty((n, 0))


def _about_repeats(
    content: np.ndarray, labels: np.ndarray, splits: list[str | None] | None
) -> list[Notice]:
    frame = pd.DataFrame({"content": content, "label": labels, "split": splits or ""})
    repeated = frame[frame.duplicated("content", keep=False)]
    if repeated.empty:
        return []
    notices = [
        warning(
            f"{len(repeated):,} rows have the same features as another row; such rows are kept in "
            "one split."
        )
    ]
    if splits:
        crossing = repeated.groupby("content")["split"].nunique() > 1
        n = int(crossing.sum())
        notices = [
            warning(f"{len(repeated):,} rows have the same features as another row."),
            *(
                [
                    warning(
                        f"{counted(n, 'set')} of equal rows stand in several of the files' "
                        "splits, which flatters every score."
                    )
                ]
                if n
                else []
            ),
        ]
    several = repeated.groupby("content")["label"].nunique()
    n = int((several > 1).sum())
    if n:
        notices.append(
            warning(
                f"{counted(n, 'set')} of equal rows with other labels; nothing tells them apart."
            )
        )
    return notices


def _nearest(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else f" It has {', '.join(names[:30])}."
