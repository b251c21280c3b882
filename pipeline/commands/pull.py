"""`equipoise pull`: a version's data in the form that its reader needs."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.completion import version_names
from pipeline.commands.transfer import transfer
from pipeline.commands.versions import Name, Repository, name_at
from pipeline.dataset.layout import is_among
from pipeline.dataset.part import copy_part, is_plain
from pipeline.dataset.wanted import Format, Rows, Selection
from pipeline.errors import VersionError
from pipeline.terminal import say
from pipeline.versions.listing import find_release, list_releases
from pipeline.versions.pull import fetch_set, new_directory
from pipeline.versions.repository import open_repository


def pull(
    to: Annotated[Path, typer.Option("--to", help="Folder to write; it must not exist yet.")],
    version: Annotated[
        str,
        typer.Argument(
            help="v1.2.3, `latest`, or `promoted` (the newest promoted).",
            autocompletion=version_names,
        ),
    ] = "promoted",
    repo: Repository = ".",
    form: Annotated[Format, typer.Option("--format", help="The form of the data.")] = "parquet",
    rows: Annotated[
        Rows,
        typer.Option(
            "--rows",
            help="train: the recommended set. balanced: real rows and class-balanced GAN rows. "
            "synthetic: the GAN rows. all: every row.",
        ),
    ] = "train",
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")
    ] = None,
    name: Name = None,
    only_synthetic: Annotated[bool, typer.Option("--only-synthetic", hidden=True)] = False,
    only_real: Annotated[bool, typer.Option("--only-real", hidden=True)] = False,
) -> None:
    """Pull a version's dataset, every file checked against its manifest."""
    _refuse_earlier_options(only_synthetic=only_synthetic, only_real=only_real)
    selection = Selection(rows, tuple(classes or ()))
    with open_repository(repo) as git, new_directory(to) as directory:
        release = find_release(list_releases(git, name or name_at(git)), version)
        with transfer(f"Pulling {release.tag}") as told:
            if form == "parquet" and selection.takes_all:
                fetch_set(git, release, directory, on_progress=told)
            else:
                with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as whole:
                    needed = partial(is_among, rows=rows)
                    fetch_set(git, release, Path(whole), needed=needed, on_progress=told)
                    _write(Path(whole), directory, form, selection)
    say(f"Pulled {release.tag} to {to}: the rows `{rows}`.")


def _write(source: Path, target: Path, form: Format, selection: Selection) -> None:
    if is_plain(source, form, selection):
        copy_part(source, target, selection.rows)
        return
    # pandas and pyarrow are slow to import, and plain pulls do without.
    from pipeline.dataset.export import export

    export(source, target, form, selection)


def _refuse_earlier_options(*, only_synthetic: bool, only_real: bool) -> None:
    if only_synthetic:
        raise VersionError(
            "--only-synthetic is gone. `--rows synthetic` brings the GAN rows alone; give that."
        )
    if only_real:
        raise VersionError(
            "--only-real is gone. Every row says in its column `is_synthetic` whether it is real, "
            "and as Parquet the real rows lie in a folder of their own, data/real."
        )
