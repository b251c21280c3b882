"""What a run shows in Prefect's UI: verdict, tables, a sample sheet, and where the report lies.

Verdict and tables are those that the report stage wrote beside its page; nothing is rounded here.
"""

import base64
import contextlib
import time
from collections.abc import Callable
from uuid import UUID

from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from pipeline.progress import Advance
from pipeline.versions.release import ReleaseOutcome
from pipeline.workspace import Workspace, read_json

# A sheet travels inside the artifact, and the database keeps it.
LARGEST_SHEET_BYTES = 500_000
SHOWN_EVERY_SECONDS = 20.0
# Keys of tables in reports/tables.json, and of the artifacts made of them.
TABLES = ("answers", "consumers", "gan", "balance", "classes", "fidelity")
# Sheet in data/generator/sheets → the artifact's key and description.
SHEETS = {
    "generated": ("samples", "Synthetic samples, one row a class"),
    "real": ("real-samples", "Real samples, one row a class, to compare with"),
}


def show_artifacts(place: Workspace, outcome: ReleaseOutcome) -> None:
    """Make the run's artifacts; an unchanged run shows only its version."""
    create_markdown_artifact(
        key="version", markdown=f"**{outcome.sentence}**", description="The version"
    )
    if not outcome.is_new:
        return
    create_markdown_artifact(
        key="verdict", markdown=verdict_text(place, outcome), description="The verdict"
    )
    tables = read_json(place.tables_file)
    for name in TABLES:
        if name in tables:
            shown = tables[name]
            rows = [dict(zip(shown["columns"], row, strict=True)) for row in shown["rows"]]
            create_table_artifact(key=name, table=rows, description=shown["caption"])
    for name, (key, words) in SHEETS.items():
        sheet = place.generator / "sheets" / f"{name}.png"
        if sheet.is_file() and sheet.stat().st_size <= LARGEST_SHEET_BYTES:
            content = base64.b64encode(sheet.read_bytes()).decode()
            create_image_artifact(
                key=key, image_url=f"data:image/png;base64,{content}", description=words
            )
    create_markdown_artifact(
        key="report", markdown=report_text(place, outcome), description="The report"
    )


def shown_in_ui(stage: str, listen: Callable[[str], Advance | None]) -> Callable[[str], None]:
    """`listen`, with the advance that it finds shown as a progress artifact of the task run."""
    shown: UUID | None = None
    shown_at = float("-inf")

    def hear(line: str) -> None:
        nonlocal shown, shown_at
        advance = listen(line)
        now = time.monotonic()
        if advance is None or (now - shown_at < SHOWN_EVERY_SECONDS and advance.percent < 100):
            return
        shown_at = now
        # A stage must not end because a server was slow to take a picture of it.
        with contextlib.suppress(Exception):
            if shown is None:
                made = create_progress_artifact(
                    advance.percent, key=f"progress-{stage}", description=advance.text
                )
                shown = made if isinstance(made, UUID) else None
            else:
                update_progress_artifact(shown, advance.percent, description=advance.text)

    return hear


def verdict_text(place: Workspace, outcome: ReleaseOutcome) -> str:
    """The report's summary under the version's name, as Markdown."""
    summary = place.summary_file.read_text(encoding="utf-8")
    return f"# `{outcome.tag}`\n\n{summary}\nData: `equipoise pull {outcome.version} --to DIR`\n"


def report_text(place: Workspace, outcome: ReleaseOutcome) -> str:
    """Where the report lies. A browser follows no link from a server's page to a file."""
    page = place.reports / "versions" / f"{outcome.version}.html"
    path = page if page.is_file() else place.report_file
    return (
        f"[The report of {outcome.version}]({path.as_uri()}), on this machine. Where the browser "
        f"does not follow the link, copy its address, or serve it in the workspace:\n\n"
        f"    equipoise report {outcome.version} --serve --open\n"
    )
