"""How long a run takes on this machine: a short timing, remembered below `.equipoise`."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pipeline import cores
from pipeline.errors import ArtifactError
from pipeline.fingerprint import fingerprint
from pipeline.gan.presets import recipe_for
from pipeline.modalities.registry import modality_of, settled
from pipeline.outside import Figure
from pipeline.params import GanParams, Params
from pipeline.results import Origin
from pipeline.run_record import this_machine
from pipeline.samples import Schema
from pipeline.trial.plan import COSTS, fits_a_replicate
from pipeline.workspace import read_json_as, write_json

SPEED_FILE = "speed.json"
MOST_REMEMBERED = 100
# What a step's time depends on; a change of anything else in the program is no reason to time anew.
TIMED_ROOMS = ("gan", "modalities", "scale", "synthesis")
# Of `gan`, what changes how many steps there are and not how long one takes.
UNTIMED = {"steps", "max_seconds", "watch_every_steps", "plateau_watches", "held_out_fraction"}
RARE_BELOW_SAMPLES = 40
# Once a run: the networks that judge fidelity, and the shipped pool's curation.
FINAL_FITS = 4.0
# Six stages start, read and write; Prefect and DVC beside them.
FIXED_SECONDS = 60.0


@dataclass(frozen=True)
class StepTimes:
    """Seconds of one step of a generator's training and of the network's, one thread each.

    Attributes:
        work: Of the samples that were timed: see `Effort.work`.
        timed_with: What they were.
        fits: Seconds of a fit of each classifier, where these depend on how many rows there are.
    """

    generator: Figure
    classifier: Figure
    work: Figure
    timed_with: str = ""
    fits: dict[str, Figure] = field(default_factory=dict)

    def at(self, work: float) -> "StepTimes":
        """The same for samples of other work, e.g. pictures with more pixels."""
        share = work / self.work
        return replace(self, generator=self.generator * share, classifier=self.classifier * share)


@dataclass(frozen=True)
class Estimate:
    """About how long a run takes, in seconds of the clock, where nothing else runs.

    Attributes:
        generators: All trainings of generators; classifiers: all fits of the trial's classifiers.
        processes: How many of them run side by side.
        timed_with: What was timed, e.g. "pictures of 8×8 px".
    """

    generators: float
    classifiers: float
    processes: int
    timed_with: str

    @property
    def whole(self) -> float:
        """The run from its start to the new version."""
        return FIXED_SECONDS + self.generators + self.classifiers


def step_times(
    schema: Schema, params: GanParams, counts: Mapping[str, int], *, memory: Path | None
) -> StepTimes:
    """Seconds a step for samples of this schema: remembered, or else timed.

    What was timed with pictures of one size holds for other sizes, by their pixels.

    Args:
        counts: Training rows of each class.
        memory: The folder whose file remembers; None remembers nothing.
    """
    effort = modality_of(schema).effort(schema)
    key = _key(schema, params, counts)
    path = None if memory is None else memory / SPEED_FILE
    known: dict[str, StepTimes] = {}
    if path is not None:
        with contextlib.suppress(ArtifactError, OSError):
            known = read_json_as(path, dict[str, StepTimes])
    if key not in known or not known[key].work:
        # Torch takes seconds to import, which a refusal need not wait for.
        from pipeline.synthesis.timing import seconds_a_step

        found = seconds_a_step(schema, params, counts)
        newest = list(known.items())[1 - MOST_REMEMBERED :]
        times = StepTimes(
            found.generator, found.classifier, effort.work, effort.timed_with, dict(found.fits)
        )
        known = dict([*newest, (key, times)])
        if path is not None:
            # A plan is as good where nothing can be remembered.
            with contextlib.suppress(OSError):
                write_json(path, {name: asdict(times) for name, times in known.items()})
    return known[key].at(effort.work)


def estimate(
    schema: Schema,
    params: Params,
    times: StepTimes,
    *,
    rivals: Mapping[Origin, GanParams],
    trainings_a_replicate: int,
) -> Estimate:
    """About how long the trainings and fits take that a run consists of.

    Args:
        times: Of steps with samples of the schema.
        rivals: Other generators of the trial.
        trainings_a_replicate: Of each kind of generator.
    """
    modality, trial = modality_of(schema), settled(params.trial, schema)
    # Of a rival's network a step takes about a quarter; it is not timed by itself.
    each = training_seconds(schema, params.gan, times)
    others = sum(training_seconds(schema, rival, times) / 4 for rival in rivals.values())
    in_trial = trial.replicates * trainings_a_replicate * (each + others)
    costs = dict(COSTS)
    network = trial.classifier_steps * times.classifier
    if times.fits and network:
        costs |= {name: times.fits[name] / network for name in COSTS if name in times.fits}
    pools = trainings_a_replicate * (1 + len(rivals))
    fits = fits_a_replicate(trial, modality, pools=pools, costs=costs)
    in_all = trial.replicates * fits + FINAL_FITS
    processes = cores.processes_at_once(trial.workers)
    return Estimate(
        generators=each + in_trial / processes,
        classifiers=in_all * network / processes,
        processes=processes,
        timed_with=times.timed_with,
    )


def steps_of(schema: Schema, params: GanParams) -> int:
    """Steps of one training of a generator."""
    # With a precision that is named, torch need not be asked for the machine's.
    told = params.model_copy(update={"precision": "fp32"})
    return recipe_for(told, networks=modality_of(schema).networks(schema)).steps


def training_seconds(schema: Schema, params: GanParams, times: StepTimes) -> float:
    """About what one training of a generator takes."""
    return min(times.generator * steps_of(schema, params), params.max_seconds)


def _key(schema: Schema, params: GanParams, counts: Mapping[str, int]) -> str:
    package, modality = Path(__file__).parents[1], modality_of(schema)
    effort = modality.effort(schema)
    known = {
        **effort.kind,
        "networks": modality.networks(schema),
        "rows": [n if effort.fits_by_rows else min(n, RARE_BELOW_SAMPLES) for n in counts.values()],
        "gan": params.model_dump(mode="json", exclude=UNTIMED),
        "code": [fingerprint(package / room, suffix=".py") for room in TIMED_ROOMS],
        "machine": this_machine().model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:32]
