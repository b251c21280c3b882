"""The stage `inherit`: the generator of the version that `gan.warm_start` names, if any."""

import logging

from pipeline.errors import ParamsError
from pipeline.params import LAST_VERSION, Params
from pipeline.stages.inheritance import GENERATOR_FOLDER, START_FILE
from pipeline.stages.shell import run_stage
from pipeline.workspace import Workspace, write_json, writing

log = logging.getLogger(__name__)


def run(workspace: Workspace, params: Params) -> None:
    """Fetch the named version's generator, every file's hash checked; or write that there is none.

    A version never changes, so what comes out depends on params.yaml alone.
    """
    version = params.gan.warm_start
    if version == LAST_VERSION:
        _refuse_last(workspace, params)
    with writing(workspace.inherited, {"version": version}) as directory:
        write_json(directory / START_FILE, {"version": version})
        if version is not None:
            # pyarrow, DVC's stores and their like are slow to import.
            from pipeline.versions.generators import fetch_generator

            fetch_generator(workspace, params.release.name, version, directory / GENERATOR_FOLDER)
            log.info("inherit: fetched the generator of %s", version)


def _refuse_last(workspace: Workspace, params: Params) -> None:
    """The last version is another one tomorrow, and the same files must give the same bytes.

    Raises:
        ParamsError: always.
    """
    from pipeline.versions.generators import last_with_other_data

    found = last_with_other_data(workspace, params.release.name)
    way_out = f"name a version, now `{found}`" if found else "leave it out, no version fits yet"
    raise ParamsError(
        "`gan.warm_start` is `last`, which a scheduled run replaces by a version in its own "
        f"params.yaml. In a run by hand {way_out}: the same files must give the same bytes."
    )


if __name__ == "__main__":
    run_stage(run)
