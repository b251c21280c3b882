"""One hash over the params that data can depend on, by which two readers know that they agree."""

import hashlib
import json

from pipeline.params import Params

# Says how a run goes on, not what its data are: it may be edited meanwhile.
OF_THE_RUN = "run"


def params_digest(params: Params) -> str:
    """SHA-256 of everything but the section `run`, defaults filled in."""
    content = params.model_dump(mode="json", exclude={OF_THE_RUN})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
