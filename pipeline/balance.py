"""How many samples each class is to get: any request becomes one mapping, which all else reads."""

import difflib
import math
from collections.abc import Mapping

from pipeline.errors import ParamsError
from pipeline.params import BalanceParams

# Guards `ceil` against a product such as 1.1 × 10 = 11.000000000000002.
ROUNDING_SLACK = 1e-9


def request(counts: Mapping[str, int], params: BalanceParams) -> dict[str, int]:
    """How many samples to add to each class, every class present, in the order of `counts`.

    Args:
        counts: Real samples a class, by name.
        params: The strategy; see `BalanceParams`.

    Raises:
        ParamsError: an explicit target names a class that does not exist, or lies below what a
            class already has; all such problems at once.
    """
    if params.strategy == "explicit":
        return _explicit(counts, params.target)
    if params.target:
        raise ParamsError(
            f"`balance.target` is given, but `balance.strategy` is {params.strategy!r}, which does "
            "not read it. Set the strategy to explicit, or remove the target."
        )
    share = params.ratio if params.strategy == "ratio" else 1.0
    level = math.ceil(share * max(counts.values()) - ROUNDING_SLACK)
    return {name: max(0, level - n) for name, n in counts.items()}


def pool(requested: Mapping[str, int], params: BalanceParams) -> dict[str, int]:
    """How many samples to draw, requested × `pool_factor`, rounded up.

    The pool is larger than needed, so that curation can choose.
    """
    return {
        name: math.ceil(n * params.pool_factor - ROUNDING_SLACK) for name, n in requested.items()
    }


def _explicit(counts: Mapping[str, int], target: Mapping[str, int]) -> dict[str, int]:
    problems = [_unknown(name, counts) for name in target if name not in counts]
    problems += [
        f"`balance.target` asks for {target[name]} samples of class {name!r}, which already has "
        f"{n}; ask for at least {n}, or leave the class out."
        for name, n in counts.items()
        if name in target and target[name] < n
    ]
    if not target:
        problems.append(
            "`balance.strategy` is explicit, but `balance.target` is empty; name the total that "
            "each class is to have, e.g. `target: {cat: 500}`."
        )
    if problems:
        raise ParamsError("The balance asked for cannot be made:", problems)
    return {name: target.get(name, n) - n for name, n in counts.items()}


def _unknown(name: str, counts: Mapping[str, int]) -> str:
    near = difflib.get_close_matches(name, list(counts), n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(repr(known) for known in list(counts)[:20])
    return f"`balance.target` names class {name!r}, which does not exist; classes: {shown}.{hint}"
