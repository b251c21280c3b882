"""`equipoise init`: a workspace around data that a team already has."""

import json
import re
import shlex
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from pipeline.errors import EquipoiseError, ParamsError, WorkspaceError
from pipeline.params import TableParams, load_params
from pipeline.params_problems import sentence
from pipeline.stages.code import write_code
from pipeline.terminal import say
from pipeline.versions.graph import CODE_FILE
from pipeline.versions.pipeline_file import pipeline_file
from pipeline.versions.setup import make_repository
from pipeline.versions.visibility import require_visible_to_git
from pipeline.versions.written_folders import written_folders
from pipeline.workspace import Workspace, write_bytes

if TYPE_CHECKING:
    from pipeline.commands.proposal import Proposal
    from pipeline.commands.table_proposal import TableProposal
    from pipeline.sources.recognise import Recognised

# What two cores train in minutes; a GPU can do more.
PROPOSED_SIDES_PX = (16, 32)
MADE_FILES = ("params.yaml", "dvc.yaml", CODE_FILE)


class Example(StrEnum):
    """Data that are built in."""

    digits = "digits"
    table = "table"


def init(
    directory: Annotated[
        Path, typer.Argument(help="Folder to create; it may exist if it holds no workspace.")
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Your data: a folder of pictures, IDX files, a .csv or .tsv table, Parquet files.",
        ),
    ] = None,
    example: Annotated[
        Example | None,
        typer.Option(
            help="In place of your data: what is built in, pictures of digits or a table."
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="The column that holds the class, for tables and Parquet.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of a text table, e.g. cp1252; left out: found.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Between the cells of a text table: , ; | or tab.")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(help="The decimal mark of a text table's numbers: . or ,")
    ] = None,
    thousands: Annotated[
        str | None, typer.Option(help="What stands between thousands: , . ' or a space.")
    ] = None,
    header: Annotated[
        bool | None, typer.Option(help="Whether a text table's first row names its columns.")
    ] = None,
    skip_lines: Annotated[
        int | None, typer.Option(help="Lines of a text table before its header.")
    ] = None,
    folders: Annotated[
        str | None,
        typer.Option(help="What folders of pictures mean, a word a level: class, split, any."),
    ] = None,
    image: Annotated[
        str | None, typer.Option(help="The column that holds the picture, for Parquet.")
    ] = None,
) -> None:
    """Make a workspace: params.yaml, dvc.yaml, git and DVC with a remote of its own.

    Your data are only looked at; they stay where they are, and DVC watches them for changes.
    """
    for name in MADE_FILES:
        if (directory / name).exists():
            raise WorkspaceError(
                f"{directory} holds {name} already, so it is a workspace; edit its params.yaml, or "
                "name another folder."
            )
    if (source is None) == (example is None):
        raise ParamsError(
            "`equipoise init` needs data: name yours with --from, or take --example table or "
            "--example digits; one of the two."
        )
    require_visible_to_git(directory.resolve())
    # pandas and its like are slow to import, and every other command would wait for them.
    from pipeline.commands.proposal import Proposal
    from pipeline.sources.overlap import refuse_overlap
    from pipeline.sources.recognise import recognise

    asked = table_params(
        encoding=encoding,
        delimiter={"tab": "\t", "\\t": "\t"}.get(delimiter or "", delimiter),
        decimal=decimal,
        thousands=thousands,
        header=header,
        skip_lines=skip_lines,
    )
    root = directory.resolve()
    if source is None:
        found = write_example(example or Example.table, root)
    else:
        if source.exists():
            refuse_overlap(source, root, written_folders(root))
        found = recognise(source, label=label, table=asked, folders=folders, image=image)
    root.mkdir(parents=True, exist_ok=True)
    write_bytes(root / "params.yaml", params_text(found, root, Proposal()).encode())
    write_bytes(root / "dvc.yaml", pipeline_file(has_source_path=found.has_path).encode())
    write_code(root)
    make_repository(root)
    say(f"Recognised at {found.path}: {found.reason}" if example is None else found.reason)
    for line in findings(root, found, are_rules_active=example is not None):
        say(line)
    say(f"Workspace: {root}")
    for line in next_steps(directory):
        say(line)


def table_params(**asked: Any) -> TableParams:
    """How a text table is to be read, as the options say.

    Raises:
        ParamsError: an option has a value that is not known.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    try:
        return TableParams.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        problems = [sentence(dict(detail), TableParams) for detail in error.errors()]
        problems = [
            text.replace(f"`{name}`", f"`--{name.replace('_', '-')}`")
            for text, name in zip(problems, (str(e["loc"][0]) for e in error.errors()), strict=True)
        ]
        raise ParamsError("The table cannot be read as asked:", problems) from None


def findings(root: Path, found: "Recognised", *, are_rules_active: bool = False) -> list[str]:
    """What the first stage will say of the data, and how long a run takes, a line each.

    Data that cannot be used yet still get their workspace, since params.yaml may have to say how
    they are meant. Where a run would take too long, params.yaml is written again with less.

    Args:
        are_rules_active: Whether rules that hold in every row of a table stand there as more than
            a comment.
    """
    from pipeline.commands.plan import MEMORY, split_counts, surveyed
    from pipeline.commands.plan_page import sample_sentence
    from pipeline.commands.proposal import propose, sentence
    from pipeline.commands.table_proposal import TableProposal, propose_for_table
    from pipeline.sources.splitting import split_notices

    path, memory = root / "params.yaml", Workspace.at(root).private / MEMORY
    params, columns = load_params(path), TableProposal()
    if found.kind == "table":
        columns = propose_for_table(params, root, are_rules_active=are_rules_active)
        write_bytes(path, params_text(found, root, columns=columns).encode())
        params = load_params(path)
    try:
        survey, splits = surveyed(params, root=root, memory=memory)
        counts = split_counts(survey, splits)
        proposal, seconds = propose(survey.schema, params, counts, memory=memory)
        if proposal.reduced or proposal.consumers:
            write_bytes(path, params_text(found, root, proposal, columns).encode())
            params = load_params(path)
            survey, splits = surveyed(params, root=root, memory=memory)
    except EquipoiseError as error:
        lines = str(error).split("\n")
        return [*columns.told(), "The data or params.yaml need a change before a run:", *lines]
    told = [*columns.told()]
    told += [f"  {sample_sentence(survey.sample, len(survey.rows))}"] if survey.sample else []
    notices = (*survey.notices, *split_notices(survey, splits, params.source))
    told += [f"  {notice.kind}: {notice.message}" for notice in notices]
    return told if seconds is None else [*told, sentence(proposal, seconds)]


def write_example(example: Example, root: Path) -> "Recognised":
    """Write what is built in into the workspace, if it has to lie there, and say what it is."""
    from pipeline.sources.example_table import FILE, LABEL, example_csv
    from pipeline.sources.recognise import Recognised, recognise

    if example is Example.digits:
        reason = "Scikit-learn's handwritten digits: 1,797 grey pictures of 8×8 px, ten classes."
        return Recognised(kind="digits", path=root, reason=reason, has_path=False)
    root.mkdir(parents=True, exist_ok=True)
    write_bytes(root / FILE, example_csv())
    found = recognise(root / FILE, label=LABEL)
    reason = f"Wrote {root / FILE}: an invented table of pumps, of which one in ten fails."
    return replace(found, reason=reason)


def params_text(
    found: "Recognised",
    root: Path,
    proposal: "Proposal | None" = None,
    columns: "TableProposal | None" = None,
) -> str:
    """The workspace's params.yaml, commented, with what was recognised and proposed filled in."""
    from pipeline.commands.proposal import Proposal
    from pipeline.commands.table_proposal import TableProposal
    from pipeline.modalities.registry import MODALITIES

    proposal = proposal or Proposal()
    # The text is YAML, and what is filled in is quoted as JSON.
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipeline.commands"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=jinja2.select_autoescape(),
    )
    environment.policies["json.dumps_function"] = _quoted
    template = environment.get_template("params.yaml.j2")
    return template.render(
        found=found,
        path=_written_path(found.path, root) if found.has_path else None,
        proposal=proposal,
        columns=columns or TableProposal(),
        modality=MODALITIES[found.modality],
        **_sizes(found, proposal.side_px),
    )


def _quoted(value: Any, **_: Any) -> str:
    """JSON that is YAML too, where a character beyond 16 bits is not written as two halves."""
    halves = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")

    def whole(found: re.Match[str]) -> str:
        high, low = (int(half, 16) for half in found.groups())
        return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"

    return halves.sub(whole, json.dumps(value))


def next_steps(directory: Path) -> list[str]:
    """What to do next, a line each."""
    return [
        "Next:",
        f"  cd {shlex.quote(str(directory))}",
        "  equipoise run --dry-run   # the plan: classes, counts, what will be drawn",
        "  equipoise run             # the whole loop",
    ]


def _written_path(path: Path, root: Path) -> str:
    """Relative where the data lie inside the workspace, so that it can be moved; else absolute."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _sizes(found: "Recognised", side_px: int | None) -> dict[str, Any]:
    if found.kind not in ("image_folder", "idx", "parquet"):
        return {"height_px": None, "width_px": None, "seen": ""}
    distinct = set(found.sizes)
    if (
        side_px is None
        and len(distinct) == 1
        and max(next(iter(distinct))) <= max(PROPOSED_SIDES_PX)
    ):
        height, width = next(iter(distinct))
        return {"height_px": height, "width_px": width, "seen": "as the pictures are"}
    from pipeline.sources.recognise import median_side_px

    median = median_side_px(found.sizes) if found.sizes else PROPOSED_SIDES_PX[-1]
    fitting = max((s for s in PROPOSED_SIDES_PX if s <= median), default=PROPOSED_SIDES_PX[0])
    side = side_px or fitting
    seen = f"the pictures' longer side is {median} px in the median" if found.sizes else ""
    return {"height_px": side, "width_px": side, "seen": seen}
