"""Which files of this package a stage runs, found by reading imports, never by running them.

DVC does not follow Python imports, so somebody has to tell it what code a stage depends on. In this
repository dvc.yaml names the files; `python -m pipeline.stages.code` writes them there, and a test
compares them. A workspace elsewhere has no source to name: there `code.json` holds one hash a
stage, and DVC watches that.
"""

import ast
import functools
import hashlib
from pathlib import Path

from ruamel.yaml import YAML

from pipeline.workspace import sha256_of

PACKAGE = Path(__file__).parents[1]
TEMPLATES = "templates"


def imported_files(stage: str) -> frozenset[str]:
    """Every file that `python -m pipeline.stages.STAGE` can import, e.g. "pipeline/errors.py".

    Imports inside functions count, and so do the templates beside an imported file; a file that is
    nothing but its docstring does not.
    """
    found: set[Path] = set()
    waiting = [f"pipeline.stages.{stage}"]
    while waiting:
        path = _file_of(waiting.pop())
        if path is not None and path not in found:
            found.add(path)
            waiting += _imports_of(path)
    code = [path for path in found if _has_code(path)]
    templates = [template for path in code for template in (path.parent / TEMPLATES).glob("*")]
    return frozenset(path.relative_to(PACKAGE.parent).as_posix() for path in [*code, *templates])


def code_dependencies(stage: str) -> tuple[str, ...]:
    """`imported_files` as dvc.yaml names them: a folder where all code in it is imported."""
    imported = imported_files(stage)
    return tuple(sorted({_whole_folder(Path(name), imported) or name for name in imported}))


def write_dependencies(path: Path) -> None:
    """Write what every stage of a dvc.yaml imports into its `deps`, and leave the rest as it is."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(path)
    for name, stage in content["stages"].items():
        data = [dep for dep in stage.get("deps", []) if not dep.startswith(f"{PACKAGE.name}/")]
        stage["deps"] = [*data, *code_dependencies(name)]
    yaml.dump(content, path)


def code_hashes(stages: tuple[str, ...]) -> dict[str, str]:
    """Stage → SHA-256 over the names and bytes of all files that it can import."""
    return {stage: _hash(imported_files(stage)) for stage in stages}


def _whole_folder(name: Path, imported: frozenset[str]) -> str | None:
    """The outermost folder around a file whose code is imported entirely, if there is one."""
    outermost_first = list(name.parents)[-3::-1]  # Without "." and the package itself.
    whole = (folder for folder in outermost_first if _code_in(folder) <= imported)
    return next((folder.as_posix() for folder in whole), None)


def _code_in(folder: Path) -> set[str]:
    return {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in (PACKAGE.parent / folder).rglob("*.py")
        if _has_code(path)
    }


def _hash(files: frozenset[str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name} {sha256_of(PACKAGE.parent / name)}\n".encode())
    return digest.hexdigest()


def _imports_of(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(_tree(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] == PACKAGE.name]


def _file_of(module: str) -> Path | None:
    base = PACKAGE.parent.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _has_code(path: Path) -> bool:
    return len(_tree(path.read_bytes()).body) > 1


@functools.lru_cache(maxsize=1_000)
def _tree(code: bytes) -> ast.Module:
    # Most files are read once for every stage.
    return ast.parse(code)


if __name__ == "__main__":
    write_dependencies(PACKAGE.parent / "dvc.yaml")
