"""What code a stage runs, as one hash: the files that it can import and the libraries' versions.

DVC does not follow Python imports, so somebody has to tell it what code a stage depends on. Every
stage of a dvc.yaml watches its own entry of `code.json`, which this module writes. A changed
docstring or comment changes no hash, another version of torch does. `equipoise run` keeps the file
current; before a plain `dvc repro`, `python -m pipeline.stages.code` does.
"""

import ast
import functools
import hashlib
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.errors import WorkspaceError
from pipeline.versions.graph import CODE_FILE, stage_names, watches_code
from pipeline.workspace import read_json, write_json

PACKAGE = Path(__file__).parents[1]
TEMPLATES = "templates"
_LOADS = ("PackageLoader", TEMPLATES)
# Where the distribution has another name than what is imported.
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "imblearn": "imbalanced-learn",
    "lightning_fabric": "lightning-fabric",
    "ruamel": "ruamel.yaml",
    "sklearn": "scikit-learn",
}
# A cluster's client decides where a task runs, never what comes out of it.
_WITHOUT_EFFECT = frozenset({"distributed"})


def package_of(root: Path) -> Path:
    """The package whose code the stages of a workspace run.

    They are started as `python -m pipeline.stages.STAGE` in the workspace's folder, where a package
    of that name comes before the installed one: so it is in this repository and its worktrees.
    """
    own = root / PACKAGE.name
    return own if (own / "stages").is_dir() else PACKAGE


def write_code(root: Path) -> None:
    """Write `code.json` beside a dvc.yaml whose stages watch it; do nothing beside any other.

    Raises:
        WorkspaceError: there is no dvc.yaml, or it is damaged.
    """
    if watches_code(root):
        write_json(root / CODE_FILE, code_hashes(stage_names(root), package=package_of(root)))


def require_current_code(root: Path, stage: str) -> None:
    """Refuse to run a stage under a `code.json` that names other code than the stage would run.

    dvc.lock would then record that code as what made the outputs.

    Raises:
        WorkspaceError: the file's entry is not what `write_code` would write.
    """
    path = root / CODE_FILE
    known = read_json(path) if path.is_file() else {}
    if stage in known and known[stage] != code_hashes([stage])[stage]:
        raise WorkspaceError(
            f"{path} names other code for the stage {stage} than is installed: Equipoise or a "
            "library has changed. Run `python -m pipeline.stages.code` here, then the same command "
            "again; `equipoise run` does both."
        )


def code_hashes(stages: Iterable[str], *, package: Path | None = None) -> dict[str, str]:
    """Stage → SHA-256 over the code that it can import and the versions of its libraries.

    Args:
        stages: Names of modules in `pipeline.stages`.
        package: The folder of the package `pipeline`; this one unless told otherwise.
    """
    return {stage: _hash(stage, package or PACKAGE) for stage in stages}


def imported_files(stage: str, *, package: Path | None = None) -> frozenset[str]:
    """Every file that `python -m pipeline.stages.STAGE` can import, e.g. "pipeline/errors.py".

    Imports inside functions count, and so do the templates beside an imported file that loads some;
    a file that is nothing but its docstring does not.
    """
    root = (package or PACKAGE).parent
    found: set[Path] = set()
    waiting = [f"{PACKAGE.name}.stages.{stage}"]
    while waiting:
        path = _file_of(waiting.pop(), root)
        if path is not None and path not in found:
            found.add(path)
            waiting += [name for name in _imports_of(path.read_bytes()) if _is_own(name)]
    code = {path: meaning for path in found if (meaning := _meaning(path.read_bytes()))}
    loaders = [path for path, meaning in code.items() if any(word in meaning for word in _LOADS)]
    templates = [template for path in loaders for template in (path.parent / TEMPLATES).glob("*")]
    return frozenset(path.relative_to(root).as_posix() for path in [*code, *templates])


def imported_libraries(stage: str, *, package: Path | None = None) -> dict[str, str]:
    """Distribution → version of every installed library that a stage can import by itself."""
    root = (package or PACKAGE).parent
    modules = {
        name.partition(".")[0]
        for file in imported_files(stage, package=package)
        if file.endswith(".py")
        for name in _imports_of((root / file).read_bytes())
        if not _is_own(name)
    }
    names = modules - sys.stdlib_module_names - _WITHOUT_EFFECT
    return {name: _version(name) for name in sorted(_DISTRIBUTIONS.get(n, n) for n in names)}


def _hash(stage: str, package: Path) -> str:
    digest = hashlib.sha256()
    for name in sorted(imported_files(stage, package=package)):
        content = (package.parent / name).read_bytes()
        meaning = _meaning(content).encode() if name.endswith(".py") else content
        digest.update(f"{name} {hashlib.sha256(meaning).hexdigest()}\n".encode())
    for name, number in imported_libraries(stage, package=package).items():
        digest.update(f"{name}=={number}\n".encode())
    return digest.hexdigest()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "absent"


def _is_own(name: str) -> bool:
    return name.partition(".")[0] == PACKAGE.name


def _file_of(module: str, root: Path) -> Path | None:
    base = root.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


# Most files are read once for every stage.
@functools.lru_cache(maxsize=1_000)
def _imports_of(code: bytes) -> tuple[str, ...]:
    """Every module that the file may import; "a.b" of `from a import b` may be none."""
    names: list[str] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            names += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


@functools.lru_cache(maxsize=1_000)
def _meaning(code: bytes) -> str:
    """The file's code without docstrings, comments and layout; "" where nothing remains."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]
    # Unlike a dump of the tree, the text is nearly the same under every version of Python.
    return ast.unparse(tree)


if __name__ == "__main__":
    write_code(Path())
