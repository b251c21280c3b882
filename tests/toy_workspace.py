"""A workspace whose stages are one-line programs, so that tests of running need no training."""

import subprocess
from pathlib import Path
from textwrap import indent

from pipeline.workspace import Workspace

DVC_CONFIG = "[core]\n    analytics = false\n    check_update = false\n"


def toy_workspace(root: Path, *, stages: dict[str, str]) -> Workspace:
    """A git and DVC workspace at `root`; `stages` maps a name to a small Python program.

    Every stage depends on `input.txt` alone, and writes a file of its own name.
    """
    root.mkdir(parents=True, exist_ok=True)
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text(DVC_CONFIG)
    (root / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / ".dvcignore").write_text(".equipoise\n")
    (root / ".gitignore").write_text(".equipoise/\n")
    (root / "params.yaml").write_text("seed: 1\n")
    (root / "input.txt").write_text("1")
    lines = ["stages:"]
    for name, program in stages.items():
        (root / f"{name}_stage.py").write_text(program)
        lines.append(
            indent(f"{name}:\n  cmd: python {name}_stage.py\n  deps: [input.txt]\n", "  ")
            + f"    outs: [{name}.out]"
        )
    (root / "dvc.yaml").write_text("\n".join(lines) + "\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "toy"]):
        subprocess.run(
            ["git", "-c", "user.name=toy", "-c", "user.email=toy@example.org", *command],
            cwd=root,
            check=True,
        )
    return Workspace.at(root)


def writes(name: str, content: str = "1") -> str:
    """The program of a stage that only writes its output."""
    return f"open('{name}.out', 'w').write({content!r})\n"
