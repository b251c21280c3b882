"""Keep the tree of docs/house.md true: one clause a file, from the first line of its docstring.

`python docs/tree.py` rewrites the tree between its two marks, and likewise the list of attacks in
docs/security.md; the tests compare both.
"""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- tree: make tree -->", "<!-- end of tree -->"
ATTACKS_BEGIN, ATTACKS_END = "<!-- attacks: make tree -->", "<!-- end of attacks -->"
ATTACKS = "tests/attacks"
ROOMS = ("pipeline", "flows", "benchmarks")
INDENT = "  "


def clause(path: Path) -> str:
    """The first line of a module's docstring without its full stop."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n", maxsplit=1)[0].rstrip(".")


def tree() -> str:
    """The tree of all rooms as a fenced block."""
    lines = []
    for room in ROOMS:
        lines += _folder(ROOT / room, depth=0)
    return "\n".join(["```text", *lines, "```"])


def with_tree(page: str) -> str:
    """The page with the present tree between its marks."""
    return _between(page, BEGIN, END, tree())


def attacks() -> str:
    """Every file of attacks as a table: what it says of itself, and how many tests it holds."""
    files = [path for path in _tracked(ROOT / ATTACKS) if path.name.startswith("test_")]
    rows = [
        f"| [{path.stem.removeprefix('test_')}](../{ATTACKS}/{path.name}) | {clause(path)} | "
        f"{len(re.findall('^def test_', path.read_text(encoding='utf-8'), re.MULTILINE))} |"
        for path in sorted(files)
    ]
    return "\n".join(["| file | what holds | tests |", "|---|---|---|", *rows])


def with_attacks(page: str) -> str:
    """The page with the present table of attacks between its marks."""
    return _between(page, ATTACKS_BEGIN, ATTACKS_END, attacks())


def _between(page: str, begin: str, end: str, text: str) -> str:
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return marked.sub(lambda _: f"{begin}\n{text}\n{end}", page)


def _folder(folder: Path, *, depth: int) -> list[str]:
    package = folder / "__init__.py"
    title = clause(package) if package.is_file() else ""
    lines = [_line(f"{folder.name}/", title, depth)]
    files = _tracked(folder)
    own = sorted(path for path in files if path.parent == folder and path.name != "__init__.py")
    lines += [_line(path.name, clause(path), depth + 1) for path in own]
    folders = {folder / path.relative_to(folder).parts[0] for path in files} - set(own)
    for inner in sorted(path for path in folders if path.is_dir()):
        lines += _folder(inner, depth=depth + 1)
    return lines


def _tracked(folder: Path) -> list[Path]:
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        [*command, f"{folder.relative_to(ROOT)}/*.py"], capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def _line(name: str, words: str, depth: int) -> str:
    return f"{INDENT * depth}{name:<{28 - len(INDENT) * depth}} {words}".rstrip()


if __name__ == "__main__":
    for name, change in (("house.md", with_tree), ("security.md", with_attacks)):
        page = ROOT / "docs" / name
        page.write_text(change(page.read_text(encoding="utf-8")), encoding="utf-8")
