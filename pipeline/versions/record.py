"""The record of a version: what stands in its tag, and is all that listing versions reads."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipeline.errors import ArtifactError
from pipeline.gain import DECIDING_LEVEL, INTERVAL_NOTE, Gain, gain_of, other_gain_of
from pipeline.metrics import DecisionRule
from pipeline.outside import Count, Figure, read_outside_json
from pipeline.params import Params
from pipeline.results import PANEL, Interval, TrialResult, Verdict
from pipeline.versions.names import Change
from pipeline.versions.objects import ObjectName

# Sections that say how a run goes on, not what the data are.
WITHOUT_EFFECT = ("seed", "release", "run")
# A record names counts of each class and a dozen hashes.
MAXIMUM_BYTES = 2**20
# Of the intervals in records of format 1.
MIX_LEVEL = 0.95


class OtherGain(BaseModel):
    """The gain of whoever makes labels by the other rule, in the words of `VersionRecord`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    consumer: DecisionRule
    verdict: Verdict
    baseline: str
    gain_points: Figure
    interval_points: tuple[Figure, Figure]
    interval_level: Figure


class VersionRecord(BaseModel):
    """What a version is, in few enough bytes to stand in a tag's message.

    Attributes:
        format_version: 2 since the dataset itself is on trial. In 1 the gain is that of a training
            mix over current practice under `classifier`, and its interval is two-sided at 95 %.
        classifier: The classifier of the gain; "panel" for the mean over `consumers`.
        consumer: For whom the gain was decided: who keeps the usual threshold, or who tunes one;
            None where nobody was asked who tunes one.
        other: The gain of the other of the two.
        baseline: Arm against which the gain was decided, "real" or "oversampled"; "" in format 1.
        gain_points: Mean gain of the dataset over the baseline, in points of `metric`; None where
            nothing was compared. `interval_points` is its interval, whose lower end decides, and
            `interval_level` the level of that.
        min_gain_points: The smallest gain that was asked for.
        rows: Class name → source of rows → number of rows.
        outputs: Path of every stored output → DVC's hash. Equal outputs are the same version.
        params, schema_digest, source: SHA-256 of the params with an effect on the data (seed left
            out), of the schema, and of all source rows in any order.
        generators: Hash of every generator that a row came from.
        code: Commit of the user's branch on which the release was made; None before the first.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = 2
    verdict: Verdict
    gan_verdict: Verdict
    promoted: bool
    metric: str
    classifier: str = PANEL
    consumer: DecisionRule | None = None
    other: OtherGain | None = None
    consumers: tuple[str, ...] = ()
    baseline: str = ""
    gain_points: Figure | None
    interval_points: tuple[Figure, Figure] | None
    interval_level: Figure = MIX_LEVEL
    min_gain_points: Figure = 0.0
    rows: dict[str, dict[str, Count]]
    seed: Count
    outputs: dict[str, ObjectName]
    params: str
    schema_digest: str
    source: str
    generators: tuple[str, ...]
    code: str | None

    @property
    def gain(self) -> Gain:
        """The gain, with what it is a gain of."""
        ends = self.interval_points
        return Gain(
            verdict=self.verdict,
            metric=self.metric,
            points=self.gain_points,
            interval=Interval(low=ends[0], high=ends[1], level=self.interval_level)
            if ends
            else None,
            least=self.min_gain_points,
            baseline="" if self.format_version == 1 else self.baseline,
            rule=self.consumer,
        )

    @property
    def other_gain(self) -> Gain | None:
        """The gain of whoever makes labels by the other rule; None where nobody was asked."""
        if self.other is None:
            return None
        low, high = self.other.interval_points
        return Gain(
            verdict=self.other.verdict,
            metric=self.metric,
            points=self.other.gain_points,
            interval=Interval(low=low, high=high, level=self.other.interval_level),
            least=self.min_gain_points,
            baseline=self.other.baseline,
            rule=self.other.consumer,
        )


def _other_gain(result: TrialResult) -> OtherGain | None:
    other = other_gain_of(result)
    if other is None or other.rule is None or other.points is None or other.interval is None:
        return None
    return OtherGain(
        consumer=other.rule,
        verdict=other.verdict,
        baseline=other.baseline,
        gain_points=other.points,
        interval_points=(other.interval.low, other.interval.high),
        interval_level=other.interval.level,
    )


def make_record(
    params: Params,
    result: TrialResult,
    facts: Mapping[str, Any],
    *,
    outputs: Mapping[str, str],
    source: str,
    code: str | None,
) -> VersionRecord:
    """The record of a finished run; `facts` are those of the augmented set's manifest."""
    gain = gain_of(result)
    return VersionRecord(
        verdict=result.verdict,
        gan_verdict=result.gan_verdict,
        promoted=result.promoted,
        metric=result.primary_metric,
        consumer=gain.rule,
        other=_other_gain(result),
        consumers=result.consumers,
        baseline=gain.baseline,
        gain_points=gain.points,
        interval_points=(gain.interval.low, gain.interval.high) if gain.interval else None,
        interval_level=gain.interval.level if gain.interval else DECIDING_LEVEL,
        min_gain_points=result.min_gain_points,
        rows=facts["rows"],
        seed=params.seed,
        outputs=dict(sorted(outputs.items())),
        params=digest_of(params.model_dump(mode="json", exclude=set(WITHOUT_EFFECT))),
        schema_digest=digest_of(facts["schema"]),
        source=source,
        generators=tuple(facts["generators"]),
        code=code,
    )


def change_between(old: VersionRecord, new: VersionRecord) -> Change | None:
    """How large a step the new record is; None where it would be the same version.

    Major when the schema or the classes change, minor when the source data or the params change,
    patch for everything else that gives other data, such as another seed.
    """
    if old.outputs == new.outputs:
        return None
    if old.schema_digest != new.schema_digest:
        return "major"
    if (old.source, old.params) != (new.source, new.params):
        return "minor"
    return "patch"


def headline(name: str, record: VersionRecord) -> str:
    """What a version is: its name, its verdict, its gain, and if promoted.

    One sentence; where whoever tunes a threshold was asked beside whoever keeps it, two.
    """
    promoted = ", promoted" if record.promoted else ""
    other = record.other_gain
    also = f". Also: {other.word}, {other.words()}" if other else ""
    return f"{name}: {record.gain.word}, {record.gain.words()}{promoted}{also}"


def tag_message(headline: str, record: VersionRecord) -> str:
    """Sentences for people, and the record as one line of JSON for `read_message`."""
    return f"{headline}\n\n{INTERVAL_NOTE}\n\n{record.model_dump_json()}"


def read_message(message: str) -> VersionRecord | None:
    """The record in a tag's message; None in a tag that someone else made."""
    for line in reversed(message.split("\n")):
        if line.startswith("{"):
            try:
                return read_outside_json(
                    line, VersionRecord, where="the tag", way_out="", maximum_bytes=MAXIMUM_BYTES
                )
            except ArtifactError:
                return None
    return None


def digest_of(content: Any) -> str:
    """SHA-256 of canonical JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
