"""The report: figures, page, templates."""
