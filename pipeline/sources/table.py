"""Tables: CSV, TSV or Parquet with a label column."""

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
from pipeline.sources.class_names import in_order, look_alikes, problem_with
from pipeline.sources.column_reader import ColumnReader, Typed
from pipeline.sources.csv_bytes import CsvError
from pipeline.sources.csv_table import Texts, first_row_where, read_csv
from pipeline.sources.parquet_table import read_parquet_texts
from pipeline.sources.survey import Notice, Survey, converted, make_rows, warning
from pipeline.sources.twins import near_rows
from pipeline.sources.words import counted
from pipeline.storage import feature_table

BATCH_ROWS = 50_000
MANY_CLASSES = 1_000


class Table:
    """A table as a source.

    Args:
        path: A .csv, .tsv, .txt or .parquet file.
        params: The `source` section; `label_column` is needed.
    """

    def __init__(self, path: Path, params: SourceParams):
        self._path = path
        self._params = params
        self._features: dict[str, pa.ChunkedArray] = {}
        self._survey: Survey | None = None

    def survey(self) -> Survey:
        """See `survey.Source.survey`."""
        headline = f"The table {self._path} cannot be used:"
        problems: list[str] = []
        texts = self._texts(headline, problems)
        label = self._label_column(texts.table.column_names)
        texts = self._without_missing(texts, label, problems)
        labels = texts.table.column(label)
        classes = _classes(labels, label, problems)
        reader = ColumnReader(self._params.table, texts.where)
        names = [name for name in texts.table.column_names if name not in self._not_features(label)]
        typed = [column for name in names if (column := reader.read(name, texts.table[name]))]
        problems += reader.problems
        if not typed and not problems:
            problems.append("There is no feature column beside the label.")
        if problems:
            raise SourceError(headline, problems)
        self._features = {column.column.name: column.values for column in typed}
        codes = pc.index_in(labels, value_set=pa.array(classes, pa.string()))
        rows, twin_notices = self._rows(texts, typed, np.asarray(codes, np.int64))
        schema = Schema(
            modality="table",
            classes=classes,
            columns=tuple(column.column for column in typed),
            label_column=label,
        )
        notices = (*texts.notices, *reader.notices, *twin_notices, *self._notices(classes))
        self._survey = Survey(schema=schema, rows=rows, notices=notices)
        return self._survey

    def read(self, positions: np.ndarray) -> Iterator[pa.Table]:
        """See `survey.Source.read`."""
        survey = self._survey
        assert survey is not None, "survey comes first"
        for start in range(0, len(positions), BATCH_ROWS):
            chosen = positions[start : start + BATCH_ROWS]
            index = pa.array(chosen)
            yield feature_table(
                {name: values.take(index) for name, values in self._features.items()},
                survey.rows["label"].to_numpy()[chosen],
                survey.provenance.iloc[chosen].reset_index(drop=True),
                survey.schema,
            )

    def _texts(self, headline: str, problems: list[str]) -> Texts:
        try:
            if self._path.is_dir() or self._path.suffix.lower() in (".parquet", ".pq"):
                return read_parquet_texts(self._path, self._params.table)
            return read_csv(self._path, self._params.table, problems)
        except CsvError as error:
            raise SourceError(headline, [f"{self._path.name} {error}."]) from None
        except OSError as error:
            raise SourceError(headline, [f"It cannot be read ({error.strerror})."]) from None

    def _label_column(self, names: list[str]) -> str:
        asked = {
            "source.label_column": self._params.label_column,
            "source.split.group_column": self._params.split.group_column,
            **{f"source.table.kinds.{name}": name for name in self._params.table.kinds},
            **{f"source.table.leave_out ({name})": name for name in self._params.table.leave_out},
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
        if problems:
            raise ParamsError("params.yaml does not suit the table:", problems)
        assert label is not None
        return label

    def _not_features(self, label: str) -> set[str | None]:
        return {label, self._params.split.group_column, *self._params.table.leave_out}

    def _without_missing(self, texts: Texts, label: str, problems: list[str]) -> Texts:
        missing = texts.table.column(label).is_null()
        n = pc.sum(missing).as_py() or 0
        if n:
            problems.append(
                f"The label column {label!r} is missing in {n:,} rows, the first in "
                f"{texts.where(first_row_where(missing))}; fill them in, or delete the rows."
            )
        ignored = self._not_features(label)
        features = [name for name in texts.table.column_names if name not in ignored]
        gaps = {name: texts.table[name].null_count for name in features}
        gaps = {name: n for name, n in gaps.items() if 0 < n < texts.table.num_rows}
        policy = self._params.table.missing
        if policy == "refuse":
            problems += [
                f"The column {name!r} has {n:,} missing cells, the first in "
                f"{texts.where(first_row_where(texts.table[name].is_null()))}; fill them in, or "
                "set `source.table.missing` to keep or drop."
                for name, n in gaps.items()
            ]
        if policy == "drop" and gaps:
            return texts.without_rows_missing(list(gaps))
        return texts

    def _rows(
        self, texts: Texts, typed: list[Typed], labels: np.ndarray
    ) -> tuple[pd.DataFrame, list[Notice]]:
        names = [column.column.name for column in typed]
        content = hashes_of([texts.table[name] for name in names], n=len(labels))
        others = [c.column.name for c in typed if c.column.kind != "continuous"]
        discrete = hashes_of([texts.table[name] for name in others], n=len(labels))
        with_label = content ^ pd.util.hash_array(labels)
        repeat = pd.Series(with_label).groupby(with_label).cumcount().to_numpy()
        ids = pd.Series(with_label).map("{:016x}".format)
        ids = ids.where(repeat == 0, ids + "-" + pd.Series(repeat).astype(str))
        group = self._params.split.group_column
        rows = make_rows(
            ids.tolist(),
            labels,
            [f"{self._path.name}:{row}" for row in texts.rows],
            groups=texts.table[group].to_pylist() if group else None,
            twins=near_rows(content, discrete, _continuous(typed)),
        )
        return rows, _about_repeats(content, labels)

    def _notices(self, classes: tuple[str, ...]) -> list[Notice]:
        table = self._params.table
        left_out = [*table.leave_out, *filter(None, [self._params.split.group_column])]
        notices = [
            converted(f"The column {name!r} is not a feature: it was left out as declared.")
            for name in left_out
        ]
        return notices + [
            warning(f"The class names {first!r} and {second!r} differ only in case or accents.")
            for first, second in look_alikes(classes)
        ]


def hashes_of(columns: list[pa.ChunkedArray], *, n: int) -> np.ndarray:
    """One number for the cells of each row, uint64 [n]; equal for equal rows (SipHash, mixed)."""
    mixed = np.zeros(n, np.uint64)
    for column in columns:
        coded = column.combine_chunks().dictionary_encode()
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


def _classes(labels: pa.ChunkedArray, name: str, problems: list[str]) -> tuple[str, ...]:
    found = pc.unique(pc.drop_null(labels)).to_pylist()
    if len(found) > MANY_CLASSES or len(found) > max(10, len(labels) / 2):
        problems.append(
            f"The label column {name!r} has {len(found):,} distinct values in {len(labels):,} "
            "rows; classes are expected: is it a number to predict, or an identifier?"
        )
        return tuple(found)
    if len(found) == 1:
        problems.append(f"There is one class only ({found[0]!r}); at least two are needed.")
    problems += [problem for value in found if (problem := problem_with(value))]
    return in_order(found)


def _about_repeats(content: np.ndarray, labels: np.ndarray) -> list[Notice]:
    frame = pd.DataFrame({"content": content, "label": labels})
    repeated = frame[frame.duplicated("content", keep=False)]
    if repeated.empty:
        return []
    notices = [
        warning(
            f"{len(repeated):,} rows have the same features as another row; such rows are kept in "
            "one split."
        )
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
