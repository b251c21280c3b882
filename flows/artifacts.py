"""What a run shows in Prefect's UI: verdict, tables, a sample sheet, and where the report lies.

Verdict and tables are those that the report stage wrote beside its page; nothing is rounded here.
"""

import base64
from pathlib import Path

from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from pipeline.versions.release import ReleaseOutcome
from pipeline.workspace import Workspace, read_json

# A sheet travels inside the artifact, and the database keeps it.
LARGEST_SHEET_BYTES = 500_000
# Key of a table in reports/tables.json → the artifact's key.
TABLES = {"answers": "answers", "classes": "classes", "balance": "balance", "fidelity": "fidelity"}


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
    for name, key in TABLES.items():
        if name in tables:
            shown = tables[name]
            rows = [dict(zip(shown["columns"], row, strict=True)) for row in shown["rows"]]
            create_table_artifact(key=key, table=rows, description=shown["caption"])
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


def verdict_text(place: Workspace, outcome: ReleaseOutcome) -> str:
    """The report's summary under the version's name, as Markdown."""
    summary = place.summary_file.read_text(encoding="utf-8")
    return f"# {outcome.tag}\n\n{summary}\nData: `equipoise pull {outcome.version} --to DIR`\n"


def first_sheet(place: Workspace) -> Path | None:
    """The first sample sheet that is small enough to travel."""
    sheets = sorted((place.generator / "sheets").glob("*.png"))
    small = (sheet for sheet in sheets if sheet.stat().st_size <= LARGEST_SHEET_BYTES)
    return next(small, None)
