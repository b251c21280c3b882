"""What a released commit tells beyond its tag: scores, params, schema, and every object's size."""

import json
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipeline.credentials import without_credentials
from pipeline.errors import VersionError
from pipeline.outside import Figure, read_outside_json
from pipeline.params import Params
from pipeline.results import TrialResult
from pipeline.versions.git import Git
from pipeline.versions.objects import ObjectBytes, ObjectName

DETAILS = "reports/release.json"


class Score(BaseModel):
    """The mean of a metric over replicates, in [0, 1], and its interval where there is one."""

    model_config = ConfigDict(frozen=True)

    mean: Figure
    low: Figure | None = None
    high: Figure | None = None


class Details(BaseModel):
    """What stands in `reports/release.json` of a released commit.

    Attributes:
        scores: classifier → arm → metric → score.
        objects: DVC's hash → bytes of every object that the remote holds for this version.
        params: All of params.yaml, defaults filled in.
        sample_schema: What one sample is.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    scores: dict[str, dict[str, dict[str, Score]]]
    objects: dict[ObjectName, ObjectBytes]
    params: dict[str, Any]
    sample_schema: dict[str, Any]


def make_details(
    params: Params, result: TrialResult, schema: Mapping[str, Any], objects: Mapping[str, int]
) -> str:
    """The file's content, the same for the same run."""
    scores: dict[str, dict[str, dict[str, Score]]] = {}
    for arm in result.arms:
        of_arm = scores.setdefault(arm.classifier, {}).setdefault(arm.arm, {})
        for metric, values in arm.values.items():
            if values:
                interval = arm.intervals.get(metric)
                of_arm[metric] = Score(
                    mean=fmean(values),
                    low=interval.low if interval else None,
                    high=interval.high if interval else None,
                )
    details = Details(
        scores=scores,
        objects=dict(objects),
        params=_published(params),
        sample_schema=dict(schema),
    )
    return json.dumps(details.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"


def _published(params: Params) -> dict[str, Any]:
    """The params as everybody may read them: the address of a git remote without its password."""
    content = params.model_dump(mode="json")
    address = content["release"]["git_remote"]
    content["release"]["git_remote"] = address and without_credentials(address)
    return content


def read_details(git: Git, commit: str, prefix: str) -> Details:
    """The details of a released commit.

    Raises:
        VersionError: the commit has none, or they are damaged.
    """
    return read_outside_json(
        git.read(commit, prefix + DETAILS),
        Details,
        where=f"{DETAILS} of the commit {commit[:12]}",
        way_out="It is not what a release writes there; take another version.",
        error=VersionError,
    )
