"""Libraries' own messages are kept from users.

Lightning names the precision that it uses, others announce what a later version will change. A user
can act on neither. What goes wrong reaches the user as an error's sentence.
"""

import logging
import sys
import warnings


class OwnLines(logging.Filter):
    """Lets through the product's own lines, and of libraries' errors alone."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is shown."""
        is_own = record.name.partition(".")[0] in ("pipeline", "flows", "__main__")
        return is_own or record.levelno >= logging.ERROR


def hide_warnings() -> None:
    """Hide the warnings of libraries in this process from now on.

    `python -W` and `PYTHONWARNINGS` bring them back, for whoever develops the product.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def show_own_lines_only() -> None:
    """Hide their warnings, and what they log below an error, from the handlers that there are."""
    hide_warnings()
    for handler in logging.getLogger().handlers:
        handler.addFilter(OwnLines())
