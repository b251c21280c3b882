"""Whether a training may start from an earlier version's generator, and if not, why."""

from pathlib import Path

from pipeline import synthesis
from pipeline.errors import ParamsError
from pipeline.modalities.image_design import ImageDesign
from pipeline.params import GanParams
from pipeline.row_digests import row_names
from pipeline.samples import Samples
from pipeline.stages.inheritance import GENERATOR_FOLDER, START_FILE
from pipeline.synthesis import Start
from pipeline.workspace import read_json


def starting_point(inherited: Path, samples: Samples, params: GanParams) -> Start | None:
    """What the stage `inherit` brought, if it fits these samples; None where nothing was asked.

    Args:
        inherited: What that stage wrote.
        samples: The rows that the training may use.
        params: The training's parameters.

    Raises:
        ParamsError: params.yaml asks for a start, and dvc.yaml has no stage that brings it.
        ArtifactError: what was brought is damaged.
    """
    if params.warm_start is None:
        return None
    told = read_json(inherited / START_FILE) if inherited.is_dir() else {}
    if told.get("version") != params.warm_start:
        raise ParamsError(
            f"`gan.warm_start` is {params.warm_start!r}, but {inherited} holds no generator of it. "
            "Run `equipoise run`; if that ends here again, dvc.yaml lacks the stage `inherit`, "
            "which `equipoise init` writes."
        )
    fitted = synthesis.load_generator(inherited / GENERATOR_FOLDER)
    reason = _reason_against(fitted, samples, params)
    return Start(params.warm_start, None if reason else fitted, reason)


def _reason_against(fitted: synthesis.FittedGenerator, samples: Samples, params: GanParams) -> str:
    """Why the generator is no start for these samples; empty where it is one."""
    if fitted.schema != samples.schema:
        return "the schema (classes, size or columns) has changed since."
    _, design = synthesis.plan_of(samples, params)
    if ImageDesign.from_json(fitted.config["design"]) != design:
        return "its networks are of another design (`gan.preset` or `gan.width`)."
    if fitted.trained_on is None:
        return "it does not say which rows it was trained on."
    gone = len(fitted.trained_on - set(row_names(samples)))
    if gone:
        # A row that was deleted must not live on, and one that is held out now must be unseen.
        return f"{gone} of the rows that it was trained on are not in the training split any more."
    return ""
