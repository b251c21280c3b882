"""The record of a version: what stands in its tag, and is all that listing versions reads."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipeline.errors import ArtifactError
from pipeline.outside import Count, Figure, read_outside_json
from pipeline.params import Params
from pipeline.results import TrialResult, Verdict, deciding_comparison
from pipeline.versions.names import Change
from pipeline.versions.objects import ObjectName

# Sections that say how a run goes on, not what the data are.
WITHOUT_EFFECT = ("seed", "release", "run")
# A record names counts of each class and a dozen hashes.
MAXIMUM_BYTES = 2**20


class VersionRecord(BaseModel):
    """What a version is, in few enough bytes to stand in a tag's message.

    Attributes:
        gain_points: Mean gain of the recommended mix over current practice, in points of `metric`;
            None where the trial made no such comparison. `interval_points` is its interval.
        rows: Class name → source of rows → number of rows.
        outputs: Path of every stored output → DVC's hash. Equal outputs are the same version.
        params, schema_digest, source: SHA-256 of the params with an effect on the data (seed left
            out), of the schema, and of all source rows in any order.
        generators: Hash of every generator that a row came from.
        code: Commit of the user's branch on which the release was made; None before the first.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = 1
    verdict: Verdict
    gan_verdict: Verdict
    promoted: bool
    metric: str
    classifier: str
    gain_points: Figure | None
    interval_points: tuple[Figure, Figure] | None
    rows: dict[str, dict[str, Count]]
    seed: Count
    outputs: dict[str, ObjectName]
    params: str
    schema_digest: str
    source: str
    generators: tuple[str, ...]
    code: str | None


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
    gain = deciding_comparison(result, "mix against current practice")
    interval = gain and (gain.interval_points.low, gain.interval_points.high)
    return VersionRecord(
        verdict=result.verdict,
        gan_verdict=result.gan_verdict,
        promoted=result.promoted,
        metric=result.primary_metric,
        classifier=result.primary_classifier,
        gain_points=gain and gain.mean_points,
        interval_points=interval,
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


def gain_text(record: VersionRecord) -> str:
    """The gain with its interval, e.g. `+3.0 points [+0.5, +5.5]`."""
    if record.gain_points is None or record.interval_points is None:
        return "no comparison"
    low, high = record.interval_points
    return f"{record.gain_points:+.1f} points [{low:+.1f}, {high:+.1f}]"


def tag_message(headline: str, record: VersionRecord) -> str:
    """A sentence for people, and the record as one line of JSON for `read_message`."""
    return f"{headline}\n\n{record.model_dump_json()}"


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
