"""What `init` proposes for a table: columns to leave out, and rules that hold in every row."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import EquipoiseError
from pipeline.params import Params, SourceParams
from pipeline.sources.location import resolved_path
from pipeline.sources.rule_proposal import Entry, proposed_rules
from pipeline.sources.table import Table
from pipeline.sources.words import counted

# Words of a name that mean that a column names its rows.
NAMING = re.compile(
    r"(?i)(^|[^a-z])(id|uuid|guid|key|index|nr|no|number|row|unnamed|code|identifier)([^a-z]|$)|Id$|ID$"
)
# Text that YAML reads as it stands.
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ .+<=]*")


@dataclass(frozen=True)
class TableProposal:
    """What params.yaml says of a table's columns.

    Attributes:
        leave_out: Columns that name their rows.
        unique_columns: Whole numbers that differ in every row though they seem to be measured.
        are_rules_active: Whether they are more than a comment.
    """

    leave_out: tuple[str, ...] = ()
    unique_columns: tuple[str, ...] = ()
    rules: tuple[Entry, ...] = ()
    are_rules_active: bool = False

    @property
    def rule_lines(self) -> list[str]:
        """The rules as they stand in YAML."""
        return [_line(entry) for entry in self.rules]

    def told(self) -> Iterator[str]:
        """What a person should know of it, a line each."""
        for name in self.leave_out:
            yield f"  The column {name!r} names its rows; params.yaml leaves it out."
        for name in self.unique_columns:
            yield (
                f"  The column {name!r} has another whole number in every row; params.yaml keeps "
                "it as a feature. List it in `source.table.leave_out` if it names the rows."
            )
        if self.rules and not self.are_rules_active:
            yield (
                f"  params.yaml has, as a comment, {counted(len(self.rules), 'rule')} between "
                "columns that no row breaks. Synthetic rows keep those that you make active."
            )


def propose_for_table(
    params: Params, root: Path, *, are_rules_active: bool = False
) -> TableProposal:
    """Look at the table's columns; empty where the table cannot be used as it is."""
    proposal = TableProposal(are_rules_active=are_rules_active)
    source = Table(resolved_path(params.source, root), params.source)
    try:
        survey = source.survey()
    except EquipoiseError:
        if not source.unique:
            return proposal
        naming = tuple(name for name, cells in source.unique.items() if _names(name, cells))
        others = tuple(name for name in source.unique if name not in naming)
        proposal = replace(proposal, leave_out=naming, unique_columns=others)
        source = Table(resolved_path(params.source, root), _applied(params.source, proposal))
        try:
            survey = source.survey()
        except EquipoiseError:
            return proposal
    found = proposed_rules(survey.schema.columns, source.features)
    return replace(proposal, rules=tuple(found))


def _applied(params: SourceParams, proposal: TableProposal) -> SourceParams:
    update = {
        "leave_out": (*params.table.leave_out, *proposal.leave_out),
        "unique_columns": (*params.table.unique_columns, *proposal.unique_columns),
    }
    return params.model_copy(update={"table": params.table.model_copy(update=update)})


def _line(entry: Entry) -> str:
    if isinstance(entry, str):
        return entry if PLAIN.fullmatch(entry) else json.dumps(entry)
    ((key, names),) = entry.items()
    return f"{key}: {json.dumps(names)}"


def _names(name: str, cells: pa.ChunkedArray) -> bool:
    """Whether a column that differs in every row is a name of its rows."""
    if not pa.types.is_integer(cells.type) or NAMING.search(name):
        return True
    span = pc.max(cells).as_py() - pc.min(cells).as_py() + 1
    return bool(span == len(cells))
