import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[1]


def load_tree():
    spec = importlib.util.spec_from_file_location("tree", ROOT / "docs" / "tree.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_houses_tree_names_every_file_with_its_clause():
    page = (ROOT / "docs" / "house.md").read_text()
    assert load_tree().with_tree(page) == page, "run `make tree`"


def test_every_file_has_a_clause():
    tree = load_tree()
    assert [path for path in tree._tracked(ROOT / "pipeline") if not tree.clause(path)] == []
