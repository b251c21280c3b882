"""`equipoise diff`: what changed between two versions."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.completion import version_names
from pipeline.commands.tables import PlainTable, table_of
from pipeline.commands.transfer import transfer
from pipeline.commands.versions import Name, Repository, name_at
from pipeline.dataset.layout import is_among
from pipeline.dataset.wanted import Rows
from pipeline.errors import VersionError
from pipeline.terminal import rich_console, say, say_beside
from pipeline.versions.difference import Difference, compare_releases
from pipeline.versions.difference_page import ComparedRows, page, score_text, summary
from pipeline.versions.git import Git
from pipeline.versions.listing import Release, find_release, list_releases
from pipeline.versions.pull import fetch_set
from pipeline.versions.repository import open_repository
from pipeline.workspace import write_bytes


def diff(
    old: Annotated[
        str, typer.Argument(help="A version, `latest` or `promoted`.", autocompletion=version_names)
    ],
    new: Annotated[
        str, typer.Argument(help="A version, `latest` or `promoted`.", autocompletion=version_names)
    ],
    repo: Repository = ".",
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the comparison as a page here as well.")
    ] = None,
    name: Name = None,
    rows: Annotated[
        Rows, typer.Option("--rows", help="Which rows: train, balanced, synthetic or all.")
    ] = "all",
) -> None:
    """Compare two versions: rows of each class, scores, params, generator."""
    with open_repository(repo) as git:
        artefact = name or name_at(git)
        releases = list_releases(git, artefact)
        pair = [find_release(releases, wanted) for wanted in (old, new)]
        difference = compare_releases(git, *pair)
        compared = _compared(git, pair, rows)
    _print(difference, compared)
    if html:
        text = page(difference, compared, name=artefact)
        write_bytes(html, text.encode())
        say(f"Page: {html}")


def _compared(git: Git, pair: list[Release], rows: Rows) -> ComparedRows:
    from pipeline.dataset.difference import compare_rows

    with tempfile.TemporaryDirectory(prefix="equipoise-") as scratch:
        folders = [Path(scratch, side) for side in ("old", "new")]
        try:
            for release, folder in zip(pair, folders, strict=True):
                folder.mkdir()
                with transfer(f"Reading {release.tag}") as told:
                    needed = partial(is_among, rows=rows)
                    fetch_set(git, release, folder, needed=needed, on_progress=told)
        except VersionError as error:
            return ComparedRows(rows, reason=str(error))
        old, new = folders
        tested = compare_rows(old, new, "train") if rows == "all" else None
        return ComparedRows(rows, compare_rows(old, new, rows), tested)


def _print(difference: Difference, compared: ComparedRows) -> None:
    console = rich_console(highlight=False, soft_wrap=True)

    def show(table: PlainTable) -> None:
        say("")
        console.print(table)

    say_beside("", summary(difference, compared))
    facts = table_of("", difference.old, difference.new)
    for heading, (before, after) in difference.facts.items():
        facts.add_row(heading, before, after)
    show(facts)
    if compared.rows is None:
        say_beside("", f"Rows are not compared: {compared.reason}")
    else:
        table = table_of("class", "origin", "added", "removed", "kept")
        for row in compared.rows:
            counts = (row.added, row.removed, row.kept)
            origin = "synthetic" if row.synthetic else "real"
            table.add_row(row.class_name, origin, *map(str, counts))
        show(table)
    if difference.params:
        table = table_of("params.yaml", difference.old, difference.new)
        for param in difference.params:
            table.add_row(param.key, param.old, param.new)
        show(table)
    # A table a classifier and metric: their names as columns leave no room for scores.
    for classifier, metric in dict.fromkeys((p.classifier, p.metric) for p in difference.scores):
        table = table_of(f"{metric}, {classifier}", difference.old, difference.new)
        for pair in difference.scores:
            if (pair.classifier, pair.metric) == (classifier, metric):
                table.add_row(pair.arm, score_text(pair.old), score_text(pair.new))
        show(table)
