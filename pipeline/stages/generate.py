"""The stage `generate`: the generator in, a class-balanced pool of synthetic samples out."""

import logging
from typing import Any

from pipeline import balance, storage, synthesis
from pipeline.cores import usable_cores
from pipeline.params import Params
from pipeline.samples import Samples
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
    facts: dict[str, Any] = {
        "generator": fitted.hash,
        "samples": drawn,
        "precision": precision,
    }
    with writing(workspace.synthetic, facts) as directory:
        storage.write_schema(directory, fitted.schema)
        tried = dict.fromkeys(drawn, 0)
        with storage.ShardWriter(directory, "train") as writer:
            # A first, empty part makes the split exist when nothing is asked for.
            writer.write(synthesis.draw(fitted, {}))
            for block in synthesis.draw_blocks(fitted, drawn, threads=usable_cores()):
                writer.write(block)
                tried |= tried_draws(block)
        write_json(directory / REQUEST_FILE, {"requested": requested, "drawn": drawn})
        if fitted.schema.rules:
            # The manifest is written last.
            facts["tried"] = tried
    log.info(
        "generate: drew %d samples; %d are needed", sum(drawn.values()), sum(requested.values())
    )
    if fitted.schema.rules and any(tried.values()):
        log.info(
            "generate: %.1f %% of all draws keep the %s between columns",
            100 * sum(drawn.values()) / sum(tried.values()),
            "rule" if len(fitted.schema.rules) == 1 else f"{len(fitted.schema.rules)} rules",
        )


def tried_draws(block: Samples) -> dict[str, int]:
    """Of the class of a block: how many draws it took up to the block's last row."""
    if not len(block):
        return {}
    name = block.schema.classes[int(block.labels[-1])]
    return {name: int(block.provenance["draw"].iloc[-1]) + 1}


if __name__ == "__main__":
    run_stage(run)
