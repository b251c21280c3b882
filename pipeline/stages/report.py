"""Report: read what every stage wrote, render one page for a reader who was not there."""

import logging

from pipeline.params import Params
from pipeline.reporting.material import read_material
from pipeline.reporting.page import render_report
from pipeline.stages.shell import run_stage
from pipeline.workspace import Workspace, write_bytes

logger = logging.getLogger(__name__)


def run(workspace: Workspace, params: Params) -> None:
    """Write `reports/report.html`."""
    content = render_report(read_material(workspace, params)).encode()
    write_bytes(workspace.report_file, content)
    logger.info("report: wrote %s (%d kB)", workspace.report_file.name, len(content) // 1000)


if __name__ == "__main__":
    run_stage(run)
