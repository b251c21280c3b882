"""`equipoise versions`: what has been released."""

import json
from typing import Annotated

import typer
from rich.table import Table

from pipeline.commands.tables import table_of
from pipeline.gain import GAIN_NOTE, INTERVAL_NOTE, MIX_NOTE
from pipeline.params import load_params
from pipeline.terminal import rich_console, say, write
from pipeline.versions.git import Git
from pipeline.versions.listing import Release, artefact_names, list_releases
from pipeline.versions.record import VersionRecord
from pipeline.versions.repository import open_repository

Repository = Annotated[
    str, typer.Option("--repo", help="Path or URL of the git repository; a bare one will do.")
]
Name = Annotated[str | None, typer.Option("--name", help="Name under which the set is released.")]

DEFAULT_NAME = "augmented"


def versions(
    repo: Repository = ".",
    name: Name = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List the released versions: date, verdict, gain, rows, promoted or not."""
    with open_repository(repo) as git:
        releases = list_releases(git, name or name_at(git))
    if as_json:
        # JSON keeps the one control character that is no C0; a terminal shall not see it either.
        text = json.dumps([_as_json(release) for release in releases], indent=2)
        write(text.replace("\x7f", "\\u007f") + "\n")
    elif releases:
        rich_console().print(_as_table(releases))
        say("Rows: real + synthetic.", *_notes(releases))
    else:
        say("No version has been released yet. Run `equipoise run`.")


def name_at(git: Git) -> str:
    """The name that params.yaml gives its releases; without one, the only name in the tags."""
    path = git.directory / "params.yaml"
    if path.is_file():
        return load_params(path).release.name
    names = artefact_names(git)
    return names[0] if len(names) == 1 else DEFAULT_NAME


def _as_table(releases: list[Release]) -> Table:
    table = table_of("version", "date", "verdict", "gain in points", "rows", "promoted")
    for release in releases:
        record = release.record
        if record is None:
            table.add_row(str(release.version), release.date[:10], "made elsewhere", "", "", "")
            continue
        promoted = f"#{release.promotion}" if release.promotion is not None else "no"
        table.add_row(
            str(release.version),
            release.date[:10],
            record.gain.word,
            record.gain.brief(),
            _rows_text(record),
            promoted,
        )
    return table


def _notes(releases: list[Release]) -> list[str]:
    """What the gains are; those of older versions are gains of something else."""
    gains = [release.record.gain for release in releases if release.record]
    ours = [GAIN_NOTE, INTERVAL_NOTE] if any(not g.is_of_mix for g in gains) else []
    return [*ours, *([MIX_NOTE] if any(g.is_of_mix for g in gains) else [])]


def _rows_text(record: VersionRecord) -> str:
    """Real and synthetic rows in all; `diff` and the report tell them by class."""
    real = sum(counts.get("real", 0) for counts in record.rows.values())
    synthetic = sum(sum(counts.values()) for counts in record.rows.values()) - real
    # Without spaces and separators, so that the table fits into 80 columns.
    return f"{real}+{synthetic}"


def _as_json(release: Release) -> dict[str, object]:
    record = release.record.model_dump(mode="json") if release.record else None
    return {
        "version": str(release.version),
        "tag": release.tag,
        "commit": release.commit,
        "date": release.date,
        "promotion": release.promotion,
        "record": record,
    }
