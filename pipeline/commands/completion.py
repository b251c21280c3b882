"""What the shell proposes where a command expects a version."""

from pathlib import Path

from pipeline.errors import EquipoiseError

MOVING = ("latest", "promoted")


def version_names(incomplete: str) -> list[str]:
    """The versions of the repository here that begin so, the newest first.

    Nothing is said where there is no repository: a completion has no place for a sentence.
    """
    from pipeline.commands.versions import name_at
    from pipeline.versions.git import Git
    from pipeline.versions.listing import list_releases

    try:
        git = Git(Path())
        names = [str(release.version) for release in reversed(list_releases(git, name_at(git)))]
    except (EquipoiseError, OSError):
        names = []
    return [name for name in (*MOVING, *names) if name.startswith(incomplete)]
