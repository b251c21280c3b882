"""Report: one page for a reader who was not there, and the same for pull requests and programs."""

import logging

from pipeline.params import Params
from pipeline.reporting.material import read_material
from pipeline.reporting.page import render_report
from pipeline.reporting.summary import markdown_summary, tables_by_key
from pipeline.stages.shell import run_stage
from pipeline.workspace import Workspace, write_bytes, write_json

logger = logging.getLogger(__name__)


def run(workspace: Workspace, params: Params) -> None:
    """Write `reports/report.html`, and the same for a pull request and for programs."""
    material = read_material(workspace, params)
    content = render_report(material).encode()
    write_bytes(workspace.report_file, content)
    write_bytes(workspace.summary_file, markdown_summary(material).encode())
    write_json(workspace.tables_file, tables_by_key(material))
    logger.info("report: wrote %s (%d kB)", workspace.report_file.name, len(content) // 1000)


if __name__ == "__main__":
    run_stage(run)
