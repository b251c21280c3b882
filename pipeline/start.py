"""The installed command `equipoise`; where a library is missing, it says so in a sentence."""

import sys

OWN = ("pipeline", "flows")


def main() -> None:
    """Run the command line; a light installation, which only loads data, says what it lacks."""
    try:
        from pipeline.cli import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in OWN:
            raise
        sys.stderr.write(
            f"`equipoise` needs {error.name}, which is not installed. This may be a light "
            "installation, which only loads data (`pipeline.dataset.load`). Install everything "
            "with `pip install equipoise`.\n"
        )
        sys.exit(2)
    app()
