"""The stage `generate`: the generator in, a class-balanced pool of synthetic samples out."""

import logging

from pipeline import balance, storage, synthesis
from pipeline.cores import usable_cores
from pipeline.params import Params
from pipeline.stages.shell import run_stage
from pipeline.workspace import Workspace, write_json, writing

log = logging.getLogger(__name__)

REQUEST_FILE = "request.json"


def run(workspace: Workspace, params: Params) -> None:
    """Draw the pool in blocks, so that it may be larger than memory."""
    counts = storage.read_rows(workspace.prepared, "train").counts()
    requested = balance.request(counts, params.balance)
    drawn = balance.pool(requested, params.balance)
    fitted = synthesis.load_generator(workspace.generator)
    # The trial trains its generators as this one was trained, on whichever machine it runs.
    precision = fitted.config["recipe"]["precision"]
    facts = {"generator": fitted.hash, "samples": drawn, "precision": precision}
    with writing(workspace.synthetic, facts) as directory:
        storage.write_schema(directory, fitted.schema)
        with storage.ShardWriter(directory, "train") as writer:
            # A first, empty part makes the split exist when nothing is asked for.
            writer.write(synthesis.draw(fitted, {}))
            for block in synthesis.draw_blocks(fitted, drawn, threads=usable_cores()):
                writer.write(block)
        write_json(directory / REQUEST_FILE, {"requested": requested, "drawn": drawn})
    log.info(
        "generate: drew %d samples; %d are needed", sum(drawn.values()), sum(requested.values())
    )


if __name__ == "__main__":
    run_stage(run)
