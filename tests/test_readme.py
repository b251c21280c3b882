import importlib.util
import re
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


def test_the_page_on_security_names_every_file_of_attacks():
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    changed = load_tree().with_attacks(page)
    assert changed == page, "run `make tree`"
    assert "tests/attacks/test_kills.py" in page


def test_every_test_that_the_page_on_security_names_exists():
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)`", page)
    files = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    assert named
    assert [name for name in named if not any(f"def {name}(" in text for text in files)] == []


def test_every_file_has_a_clause():
    tree = load_tree()
    assert [path for path in tree._tracked(ROOT / "pipeline") if not tree.clause(path)] == []
