"""params.yaml as frozen, validated sections with units in their names.

Every section is one class; unknown keys are refused with the nearest valid one. Stages read the
file themselves, so that DVC's command lines stay free of parameters (a `${…}` there would be a
shell injection).
"""

import json
import os.path
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.addresses import GitAddress
from pipeline.errors import ParamsError
from pipeline.params_problems import sentence
from pipeline.yaml_text import parse_mapping, read_mapping

MOST_FOLDER_LEVELS = 8
Count = Annotated[int, Field(ge=1, strict=True)]
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
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
# What a set may be released as; its tags begin with it.
RELEASE_NAME = r"^[a-z][a-z0-9-]{0,62}$"
Weight = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Section(BaseModel):
    """A frozen section; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ResizeParams(Section):
    """How pictures of other sizes become one size."""

    policy: Literal["contain", "cover", "stretch"] = "contain"
    height_px: Annotated[int, Field(ge=4, le=512, strict=True)] | None = None
    width_px: Annotated[int, Field(ge=4, le=512, strict=True)] | None = None


class SplitParams(Section):
    """How development and test data are parted where the source brings no split of its own.

    stable: a row's place depends on its own identity (or its group's) alone, so that it stays where
    it is when data are added; the counts of a class differ from its share by chance, within bounds.
    exact: the counts are exact; rows may move when data are added. `test_per_class` and
    `validation_per_class` (balanced splits) are always exact and win over the fractions.
    """

    rule: Literal["stable", "exact"] = "stable"
    # Apart from the root seed, so that a nightly run with a new one keeps its test rows untouched.
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    test_fraction: Fraction = 0.2
    test_per_class: Count | None = None
    validation_fraction: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    validation_per_class: Count | None = None
    group_column: str | None = None
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


class SourceParams(Section):
    """Where the raw data lie and how they are read."""

    kind: Literal["digits", "image_folder", "idx", "table", "parquet"] = "digits"
    path: str | None = None
    label_column: str | None = None
    # Of Parquet files, where several columns are pictures.
    image_column: str | None = None
    thin: dict[str, Count] = Field(default_factory=dict)
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
                "parted by `/`: `class` once, `split` at most once, `any` for others, such as "
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


class BalanceParams(Section):
    """How many synthetic samples each class is to get: one mapping comes of it.

    equalise: every class is filled to the largest. ratio: every class is filled to `ratio` times
    the largest. explicit: `target` names the total each class is to have.
    """

    strategy: Literal["equalise", "ratio", "explicit"] = "equalise"
    ratio: Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False)] = 1.0
    target: dict[str, Count] = Field(default_factory=dict)
    # The pool is larger than needed, so that curation can choose.
    pool_factor: Annotated[float, Field(ge=1.0, le=10.0, allow_inf_nan=False)] = 1.5


class GanParams(Section):
    """The generator's training; the preset fills what is left out (see `pipeline.gan.presets`).

    Attributes:
        steps: Updates of generator and discriminator.
        batch_samples: Real samples an update sees, and as many generated ones.
        max_seconds: The training ends after this long even when steps are left; its result then
            depends on the machine, and says so.
        held_out_fraction: Share of each class of at least 40 samples that the training never sees,
            so that it can be watched honestly, where the source has no validation split.
        precision: auto is bf16 for convolutions where the machine multiplies so by itself, and fp32
            elsewhere.
    """

    preset: Literal["residual", "vanilla", "dcgan", "cvae"] = "residual"
    steps: Count | None = None
    batch_samples: Annotated[int, Field(ge=2, strict=True)] | None = None
    max_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3600.0
    held_out_fraction: Annotated[float, Field(ge=0.0, le=0.5)] = 0.1
    width: Annotated[int, Field(ge=4, le=4096, strict=True)] | None = None
    game: Literal["relativistic", "nonsaturating", "minmax"] | None = None
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)] | None = None
    warmup_steps: Annotated[int, Field(ge=0, strict=True)] | None = None
    gamma_real: Weight | None = None
    gamma_fake: Weight | None = None
    penalty_every_steps: Count | None = None
    balanced: bool | None = None
    augment_strength: Annotated[float, Field(ge=0.0, le=3.0)] | None = None
    adaptive_accuracy: Annotated[float, Field(ge=0.5, le=1.0)] | None = None
    enrich_strength: Annotated[float, Field(ge=0.0, le=3.0)] | None = None
    enrich_towards: Share | None = None
    enrich_lending: Annotated[float, Field(ge=0.0, le=3.0)] | None = None
    deviation: bool | None = None
    averaging_decay: Annotated[float, Field(ge=0.0, lt=1.0)] | None = None
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    watch_every_steps: Annotated[int, Field(ge=0, strict=True)] | None = None
    plateau_watches: Annotated[int, Field(ge=0, strict=True)] | None = None


ClassifierName = Literal["cnn", "svm", "logistic", "forest"]
ArmName = Literal[
    "real",
    "balanced",
    "class_weights",
    "logit_adjustment",
    "classical",
    "classical_balanced",
    "classical_logit",
    "classical_half",
    "classical_mixup",
    "smote",
]

NETWORKS_ONLY: tuple[ArmName, ...] = ("classical_mixup",)


class TrialParams(Section):
    """The trial: who is compared with whom, how often, and what counts as help.

    light leaves out arms, tuning and the second generator of each replicate, and says so in the
    report; full takes some minutes more.
    """

    preset: Literal["light", "full"] = "full"
    replicates: Annotated[int, Field(ge=2, le=1000, strict=True)] = 5
    # Of each stratified shuffle, a replicate holds out one fold.
    folds: Annotated[int, Field(ge=2, le=20, strict=True)] = 5
    classifiers: Annotated[tuple[ClassifierName, ...], Field(min_length=1)] = ("cnn",)
    primary_classifier: ClassifierName = "cnn"
    primary_metric: Literal["balanced_accuracy", "accuracy", "macro_f1"] = "balanced_accuracy"
    current_practice: ArmName = "balanced"
    promote: Literal["mix", "gan"] = "mix"
    min_gain_points: Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)] = 0.0
    classifier_steps: Annotated[int, Field(ge=10, strict=True)] = 600
    # Where no real rows were withheld: of the training rows of each class that gets synthetic ones,
    # the share that each replicate keeps from every arm, so that there is a ceiling.
    thin_further: Annotated[float, Field(ge=0.0, le=0.8, allow_inf_nan=False)] = 0.0
    # torch-fidelity's file of Inception weights, for FID and KID; never downloaded. Left out: the
    # network trained on the data themselves. In the workspace, or absolute.
    inception_weights: str | None = None
    workers: Count | None = None
    # "local", or the address of a Dask scheduler such as tcp://10.0.0.7:8786.
    executor: Annotated[str, Field(pattern=r"^(local|(tcp|tls)://[^\s]+)$")] = "local"

    @model_validator(mode="after")
    def _practice_is_for_every_classifier(self) -> "TrialParams":
        others = [name for name in self.classifiers if name != "cnn"]
        if self.current_practice in NETWORKS_ONLY and others:
            raise ValueError(
                f"`trial.current_practice` is {self.current_practice!r}, a way to train networks, "
                f"which {', '.join(others)} of `trial.classifiers` cannot be trained by; name "
                "another practice, or `cnn` as the only classifier"
            )
        return self

    @model_validator(mode="after")
    def _primary_is_on_the_panel(self) -> "TrialParams":
        if self.primary_classifier not in self.classifiers:
            raise ValueError(
                f"`trial.primary_classifier` is {self.primary_classifier!r}, which "
                f"`trial.classifiers` ({', '.join(self.classifiers)}) does not name"
            )
        return self


class ReleaseParams(Section):
    """What a release carries and where it is pushed."""

    name: Annotated[str, Field(pattern=RELEASE_NAME)] = "augmented"
    # Of the data, as their owner declared it; for the card of every version.
    licence: str | None = None
    git_remote: str | None = None

    @field_validator("git_remote")
    @classmethod
    def _is_an_address(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                GitAddress(text)
            except ValueError as error:
                raise ValueError(f"`release.git_remote`: {error}") from None
        return text


class RunParams(Section):
    """One run of the flow.

    Attributes:
        threads: Of each training of a generator; left out, the usable cores are shared over the
            processes that run at once. What is trained with other threads has other bytes.
    """

    max_minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 720.0
    threads: Annotated[int, Field(ge=1, le=1024, strict=True)] | None = None
    notify: tuple[str, ...] = ()


class Params(Section):
    """All of params.yaml."""

    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    source: SourceParams = SourceParams()
    balance: BalanceParams = BalanceParams()
    gan: GanParams = GanParams()
    trial: TrialParams = TrialParams()
    release: ReleaseParams = ReleaseParams()
    run: RunParams = RunParams()

    @property
    def licence(self) -> str | None:
        """The licence of the data; `release.licence`, or its former place in `source`."""
        return self.release.licence or self.source.licence

    @model_validator(mode="after")
    def _has_one_licence(self) -> "Params":
        old, new = self.source.licence, self.release.licence
        if old and new and old != new:
            raise ValueError(
                f"`source.licence` is {old!r} and `release.licence` is {new!r}; keep "
                "`release.licence` alone"
            )
        return self


def load_params(path: Path) -> Params:
    """Read and validate a params.yaml (YAML 1.2; duplicate keys are refused).

    A section that is named but left empty keeps its defaults. Nothing is converted: a text where a
    number is due is refused, and so is a truth value.

    Raises:
        ParamsError: every problem of the file at once, each naming its key, what was found and
            what is valid.
    """
    return _validated(read_mapping(path), where=str(path))


def parse_params(content: bytes, *, where: str) -> Params:
    """The same from a file's content; `where` says to a person where it stands.

    Raises:
        ParamsError: as `load_params`.
    """
    return _validated(parse_mapping(content, where=where), where=where)


def _validated(mapping: dict[str, Any], *, where: str) -> Params:
    content = _filled(mapping, Params)
    try:
        # Through JSON, because there strict means what it says and a list may still be a tuple.
        return Params.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        problems = [sentence(dict(detail), Params) for detail in error.errors()]
        raise ParamsError(f"{where} cannot be used:", problems) from None


def _filled(content: dict[str, Any], section: type[BaseModel]) -> dict[str, Any]:
    """The same with `{}` for sections that are named but empty."""
    filled = dict(content)
    for name, value in content.items():
        field = section.model_fields.get(name)
        inner = field.annotation if field else None
        if (
            isinstance(inner, type)
            and issubclass(inner, Section)
            and (value is None or isinstance(value, dict))
        ):
            filled[name] = _filled(value or {}, inner)
    return filled
