"""params.yaml as frozen, validated sections with units in their names.

Every section is one class; those of the source stand in `source_params`. Unknown keys are refused
with the nearest valid one. Stages read the file themselves, so that DVC's command lines stay free
of parameters (a `${…}` there would be a shell injection).
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from pipeline.addresses import GitAddress
from pipeline.errors import ParamsError
from pipeline.metrics import DecisionRule, Metric
from pipeline.params_problems import sentence
from pipeline.params_section import Count, Section, Share, Weight
from pipeline.source_params import ResizeParams, SourceParams, SplitParams, TableParams
from pipeline.yaml_text import parse_mapping, read_mapping

__all__ = [
    "BalanceParams",
    "GanParams",
    "Params",
    "ReleaseParams",
    "ResizeParams",
    "RunParams",
    "Section",
    "SourceParams",
    "SplitParams",
    "TableParams",
    "TrialParams",
    "load_params",
    "parse_params",
]

# What a set may be released as; its tags begin with it.
RELEASE_NAME = r"^[a-z][a-z0-9-]{0,62}$"


class BalanceParams(Section):
    """How many synthetic samples each class is to get: one mapping comes of it.

    equalise: every class is filled to the largest. ratio: every class is filled to `ratio` times
    the largest. explicit: `target` names the total each class is to have.
    """

    # One of the three ways above.
    strategy: Literal["equalise", "ratio", "explicit"] = "equalise"
    # (ratio) Times the largest class; below 1 classes are filled to a share of it.
    ratio: Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False)] = 1.0
    # (explicit) Class → the total that it is to have.
    target: dict[str, Count] = Field(default_factory=dict)
    # The pool is larger than needed, so that curation can choose.
    pool_factor: Annotated[float, Field(ge=1.0, le=10.0, allow_inf_nan=False)] = 1.5


GeneratorName = Literal["residual", "vanilla", "dcgan", "cvae"]


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

    # residual is our own; the others are references: two textbook GANs and a conditional VAE.
    preset: GeneratorName = "residual"
    steps: Count | None = None
    batch_samples: Annotated[int, Field(ge=2, strict=True)] | None = None
    max_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3600.0
    held_out_fraction: Annotated[float, Field(ge=0.0, le=0.5)] = 0.1
    # Units of a hidden layer, or planes at the finest resolution.
    width: Annotated[int, Field(ge=4, le=4096, strict=True)] | None = None
    game: Literal["relativistic", "nonsaturating", "minmax"] | None = None
    # Of Adam, for both networks.
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


TrialPreset = Literal["light", "full"]
ClassifierName = Literal["svm", "logistic", "knn", "forest", "boosting", "tree", "mlp", "cnn"]
# How each of them can be trained otherwise than by a plain fit; k-NN takes no weights.
ADVISABLE: tuple[ClassifierName, ...] = (
    "svm", "logistic", "forest", "boosting", "tree", "mlp", "cnn",
)  # fmt: skip


class TrialParams(Section):
    """The trial: who is compared with whom, how often, and what counts as help.

    light tries fewer sets, tunes nothing and leaves out the second generator of each replicate, and
    says so in the report; full takes some minutes more.
    """

    # One of the two above.
    preset: TrialPreset = "full"
    # How often the data are split anew, with a generator trained anew: 5 or more to decide on.
    replicates: Annotated[int, Field(ge=2, le=1000, strict=True)] = 5
    # Of each stratified shuffle, a replicate holds out one fold.
    folds: Annotated[int, Field(ge=2, le=20, strict=True)] = 5
    # Whose mean decides: each is fitted plainly on the set, as whoever pulls it will do. Left out,
    # or an empty list: those that suit the kind of data.
    consumers: tuple[ClassifierName, ...] = ()
    # For which of them the best way to train is looked for, as advice. Left out: one that suits the
    # kind of data; an empty list looks for none.
    advise: tuple[ClassifierName, ...] | None = None
    # By which sets are compared and promoted.
    primary_metric: Metric = "balanced_accuracy"
    # For whom the dataset is promoted: who keeps the usual threshold, or who tunes one on rows set
    # apart, and to whom balancing alone brings little. Metrics of probabilities need none.
    consumer: DecisionRule = "fixed_threshold"
    # The least gain, in points, that counts as help.
    min_gain_points: Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)] = 0.0
    # Optimiser steps of each network among the classifiers.
    classifier_steps: Annotated[int, Field(ge=10, strict=True)] = 600
    # Where no real rows were withheld: of the training rows of each class that gets synthetic ones,
    # the share that each replicate keeps from every arm, so that there is a ceiling.
    thin_further: Annotated[float, Field(ge=0.0, le=0.8, allow_inf_nan=False)] = 0.0
    # torch-fidelity's file of Inception weights, for FID and KID; never downloaded. Left out: the
    # network trained on the data themselves. In the workspace, or absolute.
    inception_weights: str | None = None
    # Processes that hold the trial; left out, as many as the cores and the memory allow.
    workers: Count | None = None
    # "local", or the address of a Dask scheduler such as tcp://10.0.0.7:8786.
    executor: Annotated[str, Field(pattern=r"^(local|(tcp|tls)://[^\s]+)$")] = "local"

    @model_validator(mode="after")
    def _advises_whom_it_can(self) -> "TrialParams":
        strangers = [name for name in self.advise or () if name not in ADVISABLE]
        if strangers:
            raise ValueError(
                f"`trial.advise` names {', '.join(strangers)}, for which there is only one way to "
                f"train; leave it out (valid: {', '.join(ADVISABLE)})"
            )
        return self

    @model_validator(mode="after")
    def _names_each_once(self) -> "TrialParams":
        for key in ("consumers", "advise"):
            names = getattr(self, key) or ()
            twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
            if twice:
                raise ValueError(f"`trial.{key}` names {', '.join(twice)} twice; name each once")
        return self


class ReleaseParams(Section):
    """What a release carries and where it is pushed."""

    # What the set is released as; its tags begin with it.
    name: Annotated[str, Field(pattern=RELEASE_NAME)] = "augmented"
    # Of the data, as their owner declared it; for the card of every version.
    licence: str | None = None
    # A git remote, by name or address, to which released tags are pushed.
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
        max_minutes: A run is stopped after this long; what is finished is kept.
        notify: Prefect's notification blocks, as `type/name`, through which people hear of a run.
        threads: Of each training of a generator; left out, the usable cores are shared over the
            processes that run at once. What is trained with other threads has other bytes.
    """

    max_minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 720.0
    threads: Annotated[int, Field(ge=1, le=1024, strict=True)] | None = None
    notify: tuple[str, ...] = ()


class Params(Section):
    """All of params.yaml."""

    # Of everything random but the split, which has a seed of its own.
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
