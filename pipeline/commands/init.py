"""`equipoise init`: a workspace around data that a team already has."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import WorkspaceError
from pipeline.params import load_params
from pipeline.stages.code import write_code
from pipeline.versions.graph import CODE_FILE
from pipeline.versions.pipeline_file import pipeline_file
from pipeline.versions.setup import make_repository
from pipeline.workspace import write_bytes

if TYPE_CHECKING:
    from pipeline.sources.recognise import Recognised

# What two cores train in minutes; a GPU can do more.
PROPOSED_SIDES_PX = (16, 32)
MADE_FILES = ("params.yaml", "dvc.yaml", CODE_FILE)


def init(
    directory: Annotated[
        Path, typer.Argument(help="Folder to make; it may exist, if empty of a workspace.")
    ],
    source: Annotated[
        Path,
        typer.Option(
            "--from",
            help="Your data: a folder of pictures, IDX files, a .csv or .tsv table, Parquet files.",
        ),
    ],
    label: Annotated[
        str | None, typer.Option(help="The column that holds the class, for tables and Parquet.")
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
    # pandas and its like are slow to import, and every other command would wait for them.
    from pipeline.sources.recognise import recognise

    found = recognise(source, label=label)
    root = directory.resolve()
    root.mkdir(parents=True, exist_ok=True)
    write_bytes(root / "params.yaml", params_text(found, root).encode())
    load_params(root / "params.yaml")
    write_bytes(root / "dvc.yaml", pipeline_file(has_source_path=True).encode())
    write_code(root)
    make_repository(root)
    typer.echo(f"Recognised at {found.path}: {found.reason}")
    typer.echo(f"Workspace: {root}")
    for line in next_steps(found, directory):
        typer.echo(line)


def params_text(found: "Recognised", root: Path) -> str:
    """The workspace's params.yaml, commented, with what was recognised filled in."""
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
    template = environment.get_template("params.yaml.j2")
    return template.render(found=found, path=_written_path(found.path, root), **_sizes(found))


def next_steps(found: "Recognised", directory: Path) -> list[str]:
    """What to do next, a line each."""
    lines = [
        "Next:",
        f"  cd {shlex.quote(str(directory))}",
        "  equipoise run --dry-run   # the plan: classes, counts, what will be drawn",
        "  equipoise run             # the whole loop",
    ]
    if found.kind == "table":
        lines.append("Tables can be prepared; a generator for tables is not part of this release.")
    return lines


def _written_path(path: Path, root: Path) -> str:
    """Relative where the data lie inside the workspace, so that it can be moved; else absolute."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _sizes(found: "Recognised") -> dict[str, Any]:
    if found.kind not in ("image_folder", "idx", "parquet"):
        return {"height_px": None, "width_px": None, "seen": ""}
    distinct = set(found.sizes)
    if len(distinct) == 1 and max(next(iter(distinct))) <= max(PROPOSED_SIDES_PX):
        height, width = next(iter(distinct))
        return {"height_px": height, "width_px": width, "seen": "as the pictures are"}
    from pipeline.sources.recognise import median_side_px

    median = median_side_px(found.sizes) if found.sizes else PROPOSED_SIDES_PX[-1]
    side = max((s for s in PROPOSED_SIDES_PX if s <= median), default=PROPOSED_SIDES_PX[0])
    seen = f"the pictures' longer side is {median} px in the median" if found.sizes else ""
    return {"height_px": side, "width_px": side, "seen": seen}
