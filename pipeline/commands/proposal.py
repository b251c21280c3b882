"""What `init` proposes in params.yaml, so that a first run ends soon on this machine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.commands.plan import run_time, slow_fits
from pipeline.commands.plan_page import duration
from pipeline.commands.speed import steps_of
from pipeline.modalities.registry import modality_of
from pipeline.params import ClassifierName, Params
from pipeline.samples import Schema

# A first run shall end within 30 minutes, and other work on the machine may slow it down.
AIMED_SECONDS = 24 * 60
FEWEST_REPLICATES = 2
CLASSIFIER_STEPS = 300
STEPS_SHARES = (0.5, 0.25)


@dataclass(frozen=True)
class Proposal:
    """The settings of params.yaml on which the time of a run depends most.

    Attributes:
        side_px: Height and width that pictures are brought to; None leaves what suits them.
        steps: Of a training of a generator; None leaves the preset's.
        consumers: Of the trial; empty leaves all of them.
        reduced: What was made smaller for the sake of time, e.g. "pictures of 16 px".
    """

    side_px: int | None = None
    steps: int | None = None
    replicates: int = 3
    classifier_steps: int = 600
    consumers: tuple[ClassifierName, ...] = ()
    reduced: tuple[str, ...] = ()


def propose(
    schema: Schema,
    params: Params,
    counts: Mapping[str, Mapping[str, int]],
    *,
    memory: Path,
) -> tuple[Proposal, float | None]:
    """The proposal with the least reduced that ends in time, and its seconds.

    The seconds are None where a run takes a few minutes anyway and nothing was timed: for pictures
    so small that the networks have no convolutions.
    """
    proposal, seconds = Proposal(), None
    if modality_of(schema).effort(schema).is_brief:
        return proposal, seconds
    for reduced, smaller in _ladder(schema, params):
        consumers = _affordable(smaller, params, counts, memory)
        proposal = replace(reduced, consumers=consumers)
        seconds = run_time(smaller, _applied(params, proposal), counts, memory=memory).whole
        if seconds <= AIMED_SECONDS:
            break
    return proposal, seconds


def sentence(proposal: Proposal, seconds: float) -> str:
    """What a first run takes, and what was reduced for that."""
    told = f"A first run takes about {duration(seconds)} on this machine."
    if proposal.reduced:
        told += (
            f" To make it that short, params.yaml has {', '.join(proposal.reduced)}. "
            "For results to rely on, raise them again."
        )
    return told


def _ladder(schema: Schema, params: Params) -> Iterator[tuple[Proposal, Schema]]:
    """Proposals, each with one more thing reduced, and the schema of the samples then."""
    last = Proposal()
    yield last, schema
    for smaller in modality_of(schema).effort(schema).smaller[-1:]:
        last = replace(last, side_px=smaller.side_px, reduced=(*last.reduced, smaller.words))
        schema = smaller.schema
        yield last, schema
    reduced = f"{FEWEST_REPLICATES} replicates instead of {last.replicates}"
    last = replace(last, replicates=FEWEST_REPLICATES, reduced=(*last.reduced, reduced))
    yield last, schema
    reduced = f"{CLASSIFIER_STEPS} classifier steps instead of {last.classifier_steps}"
    last = replace(last, classifier_steps=CLASSIFIER_STEPS, reduced=(*last.reduced, reduced))
    yield last, schema
    usual = steps_of(schema, params.gan)
    before = last.reduced
    for share in STEPS_SHARES:
        steps = max(1, round(share * usual))
        reduced = f"{steps} steps of the generator instead of {usual}"
        last = replace(last, steps=steps, reduced=(*before, reduced))
        yield last, schema


def _affordable(
    schema: Schema, params: Params, counts: Mapping[str, Mapping[str, int]], memory: Path
) -> tuple[ClassifierName, ...]:
    """The consumers whose fits take seconds; empty for all of them."""
    modality = modality_of(schema)
    slow = slow_fits(schema, params, counts, memory=memory)
    quick = tuple(name for name in modality.consumers if name not in slow)
    return modality.effort(schema).consumers or (quick if slow & set(modality.consumers) else ())


def _applied(params: Params, proposal: Proposal) -> Params:
    trial = {
        "replicates": proposal.replicates,
        "classifier_steps": proposal.classifier_steps,
        "consumers": proposal.consumers or params.trial.consumers,
    }
    return params.model_copy(
        update={
            "gan": params.gan.model_copy(update={"steps": proposal.steps}),
            "trial": params.trial.model_copy(update=trial),
        }
    )
