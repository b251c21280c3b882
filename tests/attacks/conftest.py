"""The released workspace of the tests of versions, to be attacked in copies; and a browser."""

from tests.reporting.conftest import chromium  # noqa: F401
from tests.versions.conftest import (  # noqa: F401
    finished_run,
    params,
    private_site_cache,
    released,
    released_run,
    workspace,
)
