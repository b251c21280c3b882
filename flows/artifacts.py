"""What a run shows in Prefect's UI: verdict, classes, a sample sheet, and where the report lies."""

import base64
from pathlib import Path

from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from pipeline.results import ClassRow, Comparison, TrialResult, read_result
from pipeline.versions.release import ReleaseOutcome
from pipeline.workspace import Workspace

# A sheet travels inside the artifact, and the database keeps it.
LARGEST_SHEET_BYTES = 500_000


def show_artifacts(place: Workspace, outcome: ReleaseOutcome) -> None:
    """Make the run's artifacts; an unchanged run shows only its version."""
    create_markdown_artifact(
        key="version", markdown=f"**{outcome.sentence}**", description="The version"
    )
    if not outcome.is_new:
        return
    result = read_result(place.trial)
    create_markdown_artifact(
        key="verdict", markdown=verdict_text(result, outcome), description="The verdict"
    )
    create_table_artifact(
        key="classes", table=class_table(result.classes), description="Recall of every class"
    )
    sheet = first_sheet(place)
    if sheet is not None:
        content = base64.b64encode(sheet.read_bytes()).decode()
        create_image_artifact(
            key="samples",
            image_url=f"data:image/png;base64,{content}",
            description="Real samples beside synthetic ones",
        )
    create_link_artifact(
        key="report", link=place.report_file.as_uri(), link_text="The report, on this machine"
    )


def verdict_text(result: TrialResult, outcome: ReleaseOutcome) -> str:
    """The two verdicts with gain and interval, as Markdown."""
    lines = [f"# {outcome.tag}: {result.verdict}", ""]
    lines += [
        f"- **{'promoted' if outcome.promoted else 'not promoted'}**",
        *[_sentence(comparison) for comparison in _primary(result)],
        f"- the GAN by itself: **{result.gan_verdict}**",
        "",
        f"Report: `reports/report.html`; data: `equipoise pull {outcome.version} --to DIR`",
    ]
    return "\n".join(lines)


def class_table(classes: tuple[ClassRow, ...]) -> list[dict[str, str | int]]:
    """One row a class: how many samples, recall before and after."""
    return [
        {
            "class": row.name,
            "real": row.n_real,
            "asked for": row.n_requested,
            "accepted": row.n_accepted,
            "recall before": f"{row.recall_before:.2f}",
            "recall after": f"{row.recall_after:.2f}",
            "interval after": (
                f"{row.recall_after_interval.low:.2f} to {row.recall_after_interval.high:.2f}"
            ),
        }
        for row in classes
    ]


def first_sheet(place: Workspace) -> Path | None:
    """The first sample sheet that is small enough to travel."""
    sheets = sorted((place.generator / "sheets").glob("*.png"))
    small = (sheet for sheet in sheets if sheet.stat().st_size <= LARGEST_SHEET_BYTES)
    return next(small, None)


def _primary(result: TrialResult) -> list[Comparison]:
    return [
        comparison
        for comparison in result.comparisons
        if comparison.classifier == result.primary_classifier
    ]


def _sentence(comparison: Comparison) -> str:
    interval = comparison.interval_points
    metric = comparison.metric.replace("_", " ")
    return (
        f"- {comparison.question}: {comparison.mean_points:+.1f} points of {metric} "
        f"({interval.level:.0%} interval {interval.low:+.1f} to {interval.high:+.1f}), "
        f"**{comparison.verdict}**"
    )
