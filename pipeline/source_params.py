"""The section `source` of params.yaml: where the raw data lie, and how they are read and split."""

import os.path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from pipeline.params_problems import shown
from pipeline.params_section import Count, Section

MOST_FOLDER_LEVELS = 8
MOST_RULES, MOST_RULE_LETTERS = 200, 1_000
RULE_KEYS = ("positive", "not_negative", "combinations")
ColumnKindName = Literal["continuous", "integer", "categorical", "boolean", "datetime", "text"]
# fmt: off
EncodingName = Literal[
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "iso8859-15", "cp1252",
    "cp1250", "cp1251", "cp1253", "cp1254", "cp437", "cp850", "cp852", "mac-roman", "koi8-r",
    "shift-jis", "euc-jp", "gb18030", "big5", "euc-kr",
]
NumberFormatName = Literal[
    "1234.56", "1234,56", "1,234.56", "1.234,56",
    "1 234.56", "1 234,56", "1'234.56", "1'234,56",
]
# fmt: on
Fraction = Annotated[float, Field(gt=0.0, lt=1.0, allow_inf_nan=False)]


class ResizeParams(Section):
    """How pictures of other sizes become one size."""

    # contain: the whole picture, padded; cover: its middle; stretch: proportions change.
    policy: Literal["contain", "cover", "stretch"] = "contain"
    # Left out, as the pictures are, or the size that suits most of them.
    height_px: Annotated[int, Field(ge=4, le=512, strict=True)] | None = None
    # The same.
    width_px: Annotated[int, Field(ge=4, le=512, strict=True)] | None = None


class SplitParams(Section):
    """How development and test data are parted where the source brings no split of its own.

    stable: a row's place depends on its own identity (or its group's) alone, so that it stays where
    it is when data are added; the counts of a class differ from its share by chance, within bounds.
    exact: the counts are exact; rows may move when data are added. `test_per_class` and
    `validation_per_class` (balanced splits) are always exact and win over the fractions.
    """

    # One of the two above.
    rule: Literal["stable", "exact"] = "stable"
    # Apart from the root seed, so that a nightly run with a new one keeps its test rows untouched.
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    # Share of each class in the test split.
    test_fraction: Fraction = 0.2
    # Rows of each class in the test split, in place of a share.
    test_per_class: Count | None = None
    # Share of each class in the validation split, by which sets are chosen and scored.
    validation_fraction: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    # Rows of each class in it, in place of a share.
    validation_per_class: Count | None = None
    # The column that names groups; rows of one group never part.
    group_column: str | None = None
    # A regular expression; what its first group finds in a path names the group.
    group_pattern: str | None = None


class TableParams(Section):
    """How the text of a table is read.

    Attributes:
        delimiter, encoding, header, skip_lines: Left out: found from the file's first lines, and
            told where they are not the usual ones. `header: false` names the columns column_1, …;
            `skip_lines` are the lines before the header.
        decimal, thousands: The marks in numbers; left out: found for each column.
        numbers: Column → how its numbers are written, by an example.
        missing_texts: Cells that mean "missing", compared without surrounding spaces.
        missing: Missing features are kept as missing, their rows are dropped, or they are refused.
        odd_cells: Column → "missing" where cells that do not suit its kind are to be so.
        quoted_newlines: Quoted cells over several lines that each look like a row: asked about,
            since a quote may be left open; or allowed.
        equal_labels: Labels that are one number written in two ways (1 and 1.0): asked about,
            merged into one class, or kept apart.
        infinite: Infinite features are refused, or read as missing.
        kinds: Column → kind, where the kind inferred is not the one meant.
        leave_out: Columns that are not features.
        unique_columns: Columns with another value in every row that are features all the same.
        rare_categories: Columns of which also categories that fewer than 5 rows hold are generated.
        rules: What every row keeps between its columns: comparisons such as `end >= start` and
            `a + b == total`, {positive: column}, {not_negative: column}, and
            {combinations: [columns]}, of which no others occur than in the source.
    """

    delimiter: Literal[",", ";", "\t", "|"] | None = None
    encoding: EncodingName | None = None
    header: bool | None = None
    skip_lines: Annotated[int, Field(ge=0, le=1000, strict=True)] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'"] | None = None
    numbers: dict[str, NumberFormatName] = Field(default_factory=dict)
    missing_texts: tuple[str, ...] = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")
    missing: Literal["keep", "drop", "refuse"] = "keep"
    odd_cells: dict[str, Literal["missing"]] = Field(default_factory=dict)
    quoted_newlines: Literal["ask", "allow"] = "ask"
    equal_labels: Literal["ask", "merge", "apart"] = "ask"
    infinite: Literal["refuse", "missing"] = "refuse"
    kinds: dict[str, ColumnKindName] = Field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    unique_columns: tuple[str, ...] = ()
    rare_categories: tuple[str, ...] = ()
    rules: tuple[Any, ...] = ()

    @field_validator("rules", mode="before")
    @classmethod
    def _are_rules(cls, rules: Any) -> Any:
        entries = rules if isinstance(rules, (list, tuple)) else []
        if not isinstance(rules, (list, tuple)) or len(entries) > MOST_RULES:
            raise ValueError(
                f"`source.table.rules` is no list of at most {MOST_RULES} rules; write a rule a "
                "line, such as `- end >= start`"
            )
        for place, entry in enumerate(entries, start=1):
            if not _is_rule(entry):
                raise ValueError(
                    f"Rule {place} of `source.table.rules` is {shown(entry)}; expected is a "
                    "comparison of columns as text, such as `end >= start`, or one of "
                    "`positive: column`, `not_negative: column`, `combinations: [column, column]`"
                )
        return tuple(rules)


def _is_rule(entry: Any) -> bool:
    if isinstance(entry, str):
        return 0 < len(entry) <= MOST_RULE_LETTERS
    if not isinstance(entry, dict) or len(entry) != 1:
        return False
    ((key, value),) = entry.items()
    names = [value] if isinstance(value, str) and key != "combinations" else value
    is_list = isinstance(names, (list, tuple)) and bool(names)
    return key in RULE_KEYS and is_list and all(isinstance(name, str) for name in names)


class SourceParams(Section):
    """Where the raw data lie and how they are read."""

    # What lies at `path`; `init` finds it out.
    kind: Literal["digits", "image_folder", "idx", "table", "parquet"] = "digits"
    # Where the raw data lie: inside the workspace, or absolute.
    path: str | None = None
    # The column that holds the class, of tables and Parquet.
    label_column: str | None = None
    # Of Parquet files, where several columns are pictures.
    image_column: str | None = None
    # Class → training samples kept on purpose; the rest is withheld from all but the ceiling.
    thin: dict[str, Count] = Field(default_factory=dict)
    # A class with fewer training samples is refused.
    minimum_per_class: Count = 5
    # What the folders of an image folder mean, one word a level: class, split or any.
    folders: str | None = None
    resize: ResizeParams = ResizeParams()
    # Pictures of 16 bits a pixel are refused, or divided by 257.
    sixteen_bit: Literal["refuse", "scale"] = "refuse"
    # Pictures that are nearly the same: link (no split parts them), warn (told only), off (not
    # looked for). Left out: linked, but for clusters so large that they are no copies.
    near_duplicates: Literal["link", "warn", "off"] | None = None
    table: TableParams = TableParams()
    split: SplitParams = SplitParams()
    # Its place was here; it is `release.licence` now, so that another one prepares nothing anew.
    licence: str | None = None

    @field_validator("folders")
    @classmethod
    def _names_levels(cls, folders: str | None) -> str | None:
        words = folders.split("/") if folders is not None else ["class"]
        is_known = set(words) <= {"class", "split", "any"} and len(words) <= MOST_FOLDER_LEVELS
        if not is_known or words.count("class") != 1 or words.count("split") > 1:
            raise ValueError(
                f"`source.folders` is {folders!r}; one word a level of folders is expected, "
                "separated by `/`: `class` once, `split` at most once, `any` for others, such as "
                "`split/class` or `any/class`"
            )
        return folders

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, path: str | None) -> str | None:
        if path is not None and os.path.normpath(path).startswith(".."):
            raise ValueError(
                f"`source.path` is {path!r}, which leaves the workspace; give an absolute path to "
                "data outside it"
            )
        return path
